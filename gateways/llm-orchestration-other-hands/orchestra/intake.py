"""From request bytes to a checked job, with an error code for each kind of fault."""
import math

from gatewire import fields, jsonbody

from . import models, native, prompts
from .codes import Err
from .promptcache import check_key

CONTROLS = ("useCase", "provider", "templateId", "variables", "cacheKey", "maxTokens")


class Job:
    """`own`: whether the request is in the service's own form, not in OpenAI's."""

    def __init__(self, task, request, own):
        self.task, self.body, self.raw = task, read_object(request), request.body
        self.model = self.provider = self.cache_key = self.budget = self.timeout = None
        if own:
            self.timeout = check(native.timeout, self.body)
            self.body = check(native.RULES[task], self.body)
            self.raw = jsonbody.dump(self.body)
        self.streaming, self.text = False, ""
        self.tokens_in = self.tokens_out = 0

    @property
    def estimate(self):
        return self.model.cost(self.tokens_in, self.tokens_out)


def read_object(request):
    if (request.header("content-encoding") or "identity").lower() != "identity":
        raise Err(1600, "Compressed request bodies are not read.")
    try:
        body = jsonbody.parse(request.body)
    except jsonbody.BadJson as bad:
        raise Err(1600, f"The request is not valid: {bad}.") from bad
    if not isinstance(body, dict):
        raise Err(1600, "The request is not valid: the body must be an object.")
    return body


def check(rules, body):
    try:
        return rules(body)
    except fields.Invalid as bad:
        number = 1602 if bad.flavour == "missing" else 1601
        if bad.field == "messages" and bad.flavour == "range":
            number = 1000
        raise Err(number, f"The request is not valid: {bad}.") from bad


def budget(request):
    raw = request.header("x-budget-max-usd")
    if raw is None:
        return None
    try:
        value = float(raw)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise Err(1601, "x-budget-max-usd must be a number of dollars.")
    return value


def _names(job):
    for name in ("useCase", "provider", "templateId"):
        check(lambda body: fields.text(body, name), job.body)
    use_case = job.body.get("useCase")
    if use_case is not None and use_case not in models.USE_CASES:
        raise Err(1004, f"Use cases: {', '.join(models.USE_CASES)}.")
    job.provider = job.body.get("provider")


def _forwarded(job, changed):
    body, put = job.body, dict(changed)
    if body["model"] != job.model.name:
        put["model"] = job.model.name
    drop = [name for name in CONTROLS if name in body]
    if put or drop:
        job.raw = jsonbody.edit(job.raw, put, drop)


def chat(request, own, caller, store, flaw):
    job = Job("chat", request, own)
    body, changed = dict(job.body), {}
    _names(job)
    if body.get("maxTokens") is not None:
        if body.get("max_tokens") is not None:
            raise Err(1601, "Give maxTokens or max_tokens, not both.")
        check(lambda b: fields.within(b, "maxTokens", 1, 10 ** 9, whole=True), body)
        changed["max_tokens"] = body["max_tokens"] = body["maxTokens"]
    if body.get("templateId") is not None:
        check(lambda b: fields.kind(b, "messages", list, "an array"), body)
        template = store.template(body["templateId"])
        filled = prompts.render(template, body.get("variables") or {}, flaw)
        body["messages"] = (body.get("messages") or []) + [{"role": "user", "content": filled}]
        changed["messages"] = body["messages"]
    check(fields.chat, body)
    job.model = models.find(body["model"], "chat", caller, flaw)
    job.text = fields.said({"messages": body["messages"]})
    prompts.check(body["messages"], job.text, job.model.window)
    if "cacheKey" in body and body["cacheKey"] is not None:
        check_key(body["cacheKey"], body.get("useCase"))
        job.cache_key = body["cacheKey"]
    most = body.get("max_completion_tokens") or body.get("max_tokens") or 256
    job.tokens_in, job.tokens_out = prompts.tokens(job.text), most * (body.get("n") or 1)
    job.streaming, job.budget = bool(body.get("stream")), budget(request)
    _forwarded(job, changed)
    return job


def embeddings(request, own, caller, options, flaw):
    job = Job("embedding", request, own)
    _names(job)
    check(fields.embeddings, job.body)
    job.model = models.find(job.body["model"], "embedding", caller, flaw)
    items = fields.inputs(job.body)
    limit = options.embedding_batch
    if len(items) > limit + (1 if flaw("batch-plus-one") else 0):
        raise Err(1101, f"A batch may hold {limit} items.")
    sizes = [len(i) if isinstance(i, list) else prompts.tokens(i) for i in items]
    if max(sizes) > options.embedding_tokens:
        raise Err(1100, f"An input may have {options.embedding_tokens} tokens.")
    job.tokens_in = sum(sizes)
    job.budget = budget(request)
    if flaw("embedding-budget-open"):
        job.budget = None
    _forwarded(job, {})
    return job


def rerank(request, own, caller, flaw):
    caller.need_tier("pro")
    job = Job("rerank", request, own)
    _names(job)
    body, changed = job.body, {}
    query, documents = body.get("query"), body.get("documents")
    if not isinstance(query, str) or not query.strip():
        raise Err(1200, "'query' must be text that is not empty.")
    if not isinstance(documents, list) or not documents:
        raise Err(1200, "'documents' must be an array that is not empty.")
    texts = [d.get("text") if isinstance(d, dict) else d for d in documents]
    if any(not isinstance(text, str) for text in texts):
        raise Err(1200, "Each document must be text, or an object with text.")
    if body.get("model") is None:
        changed["model"] = "rerank-v3"
        job.body = {**body, "model": "rerank-v3"}
    check(lambda b: fields.text(b, "model", required=True), job.body)
    check(lambda b: fields.within(b, "top_n", 1, 10 ** 6, whole=True), body)
    check(fields.no_stream, body)
    check(lambda b: fields.kind(b, "return_documents", bool, "a boolean"), body)
    job.model = models.find(job.body["model"], "rerank", caller, flaw)
    job.tokens_in = prompts.tokens(query) + sum(prompts.tokens(text) for text in texts)
    job.budget = budget(request)
    _forwarded(job, changed)
    return job
