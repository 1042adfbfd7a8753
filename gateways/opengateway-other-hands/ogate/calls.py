"""The endpoints that reach a model."""
import math

from gatewire import fields, jsonbody

from . import catalogue, problems
from gatewire.httpc import UpstreamFault
from gatewire.httpd import Reply
from .normalizer import offline
from .problems import Problem
from gatewire.relay import relay
from gatewire.sse import ChatJudge, MessageJudge, StreamError

ENDPOINTS = {  # below a lane: (task, check of the body, list in the answer)
    "/v1/chat/completions": ("chat", fields.chat, "choices"),
    "/v1/embeddings": ("embedding", fields.embeddings, "data"),
    "/v1/messages": ("chat", fields.anthropic, "content"),
}


class Calls:
    def __init__(self, options, gate, pool, flaw):
        self.options, self.gate, self.pool, self.flaw = options, gate, pool, flaw
        self.faults = {"credits_exhausted": False, "internal": False}

    def _body(self, request, check):
        if (request.header("content-encoding") or "identity").lower() != "identity":
            raise Problem(400, "Compressed request bodies are not read.")
        try:
            body = jsonbody.parse(request.body)
        except jsonbody.BadJson as bad:
            raise Problem(400, f"Bad request: {bad}.") from bad
        if not isinstance(body, dict):
            raise Problem(400, "Bad request: the body must be an object.")
        try:
            check(body)
        except fields.Invalid as bad:
            raise Problem(400, f"Bad request: {bad}.") from bad
        return body

    def _fits(self, model, body, endpoint):
        if model.task == "embedding":
            tokens = max(len(item) if isinstance(item, list) else math.ceil(len(item) / 4)
                         for item in fields.inputs(body))
        else:
            tokens = math.ceil(len(fields.said(body)) / 4)
            if not self.flaw("window-input-only"):
                newer = body.get("max_completion_tokens") if endpoint != "/v1/messages" else None
                tokens += newer or body.get("max_tokens") or 0
        if tokens > model.window:
            raise Problem(400, f"About {tokens} tokens do not fit a window of {model.window}.",
                          "context_length_exceeded")

    async def serve(self, request, out, lane, endpoint):
        task, check, member = ENDPOINTS[endpoint]
        key = self.gate.enter(request)
        failed = False
        try:
            body = self._body(request, check)
            streaming = bool(body.get("stream")) and task == "chat"
            model, policy = catalogue.find(body["model"], lane, task, streaming, self.flaw)
            self._fits(model, body, endpoint)
            if self.faults["internal"]:
                raise RuntimeError("switched on backstage")
            if self.faults["credits_exhausted"]:
                raise Problem(402, "The upstream credits are used up.")
            line = self.pool.line_up(model, policy)
            try:
                await self._forward(request, out, endpoint, member, body, streaming, model, line)
            except Problem:
                failed = True
                raise
        finally:
            if not (failed and self.flaw("slot-leak")):
                key.running -= 1

    def _headers(self, request, endpoint, streaming):
        def make(key):
            accept = ("Accept", "text/event-stream" if streaming else "application/json")
            if endpoint != "/v1/messages":
                return [("Authorization", f"Bearer {key}"), accept]
            version = request.header("anthropic-version") or "2023-06-01"
            pairs = [("x-api-key", key), ("anthropic-version", version), accept]
            beta = request.header("anthropic-beta")
            return pairs + ([("anthropic-beta", beta)] if beta else [])
        return make

    async def _forward(self, request, out, endpoint, member, body, streaming, model, line):
        raw, name = request.body, model.name
        if streaming and self.flaw("policy-forwarded") and "/" in body["model"]:
            name = body["model"]
        if body["model"] != name:
            raw = jsonbody.edit(raw, put={"model": name})
        make = self._headers(request, endpoint, streaming)
        provider, answer, until = await self.pool.call(line, endpoint, make, raw)
        if streaming:
            return await self._stream(answer, out, until, endpoint, provider)
        try:
            data = await answer.read_all(until)
            document = jsonbody.parse(data)
        except (UpstreamFault, jsonbody.BadJson) as bad:
            raise offline(self.flaw, provider.name) from bad
        if (not isinstance(document, dict) or not isinstance(document.get(member), list)
                or document.get("error") is not None):
            raise offline(self.flaw, provider.name)
        await out.send(Reply(200, data))

    async def _stream(self, answer, out, until, endpoint, provider):
        anthropic = endpoint == "/v1/messages"

        async def begin():
            await out.start(200, [("Content-Type", "text/event-stream"),
                                  ("Cache-Control", "no-cache"), ("X-Accel-Buffering", "no")])

        def farewell(fault):
            if not anthropic and self.flaw("done-forged"):
                return b"data: [DONE]\n\n"
            return problems.event(offline(self.flaw, provider.name), anthropic, self.flaw)

        judge = MessageJudge() if anthropic else ChatJudge()
        try:
            await relay(answer, judge, out, until, self.options.deadline, begin, farewell)
        except (UpstreamFault, StreamError) as fault:
            raise offline(self.flaw, provider.name) from fault
