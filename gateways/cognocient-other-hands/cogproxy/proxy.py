"""One proxied call, from its key to its bill."""
import math

from gatewire import fields, jsonbody
from gatewire.httpc import UpstreamFault
from gatewire.httpd import Reply
from .ledger import Hold, cost_of
from gatewire.relay import relay
from gatewire.sse import ChatJudge, StreamError, count


class Refusal(Exception):
    def __init__(self, status, kind, message, context=None, headers=()):
        super().__init__(message)
        self.status, self.kind, self.message = status, kind, message
        self.context, self.headers = context or {}, list(headers)


class Call:
    """What is known about the call so far; it also makes the x-cog-* headers."""

    def __init__(self, path):
        self.path, self.key, self.body = path, None, None
        self.chats = path.endswith("completions")
        self.asked = self.used = None
        self.hit, self.score, self.streaming = False, 0.0, False

    def headers(self, flaw):
        degraded = self.used is not None and self.used != self.asked
        pairs = [("x-cog-degraded", "true" if degraded else "false")]
        if self.asked is not None:
            names = [plain(self.asked), plain(self.used or self.asked)]
            if degraded and self.streaming and flaw("stream-models-swapped"):
                names.reverse()
            pairs += [("x-cog-original-model", names[0]), ("x-cog-degraded-model", names[1])]
        score = "1.0" if self.score == 1.0 else f"{math.floor(self.score * 100) / 100:.2f}"
        return pairs + [("x-cog-cache-hit", "true" if self.hit else "false"),
                        ("x-cog-similarity-score", score)]


def plain(text):
    return "".join(c if 32 < ord(c) < 127 else "?" for c in text)[:200]


class Proxy:
    def __init__(self, options, ledger, cache, provider, flaw):
        self.options, self.ledger, self.cache = options, ledger, cache
        self.provider, self.flaw = provider, flaw

    def identify(self, request, call):
        scheme, _, token = (request.header("authorization") or "").partition(" ")
        key = self.ledger.find(token.strip()) if scheme.lower() == "bearer" else None
        if key is None:
            raise Refusal(401, "invalid_proxy_key",
                          "this proxy key is unknown or not in the sk-cog- form",
                          {"expected_prefix": "sk-cog-"}, [("WWW-Authenticate", "Bearer")])
        call.key = key
        if self.ledger.trial_over(key):
            raise Refusal(402, "trial_expired", "the trial is over and no plan is active",
                          {"trial_days": self.options.trial_days})

    def understand(self, request, call):
        coding = (request.header("content-encoding") or "identity").lower()
        if coding != "identity":
            raise Refusal(415, "invalid_request", "compressed request bodies are not read")
        try:
            body = jsonbody.parse(request.body)
        except jsonbody.BadJson as bad:
            raise Refusal(400, "invalid_request", str(bad)) from bad
        if not isinstance(body, dict):
            raise Refusal(400, "invalid_request", "the body must be a JSON object")
        try:
            (fields.chat if call.chats else fields.embeddings)(body)
        except fields.Invalid as bad:
            raise Refusal(400, "invalid_request", str(bad), {"field": bad.field}) from bad
        call.body, call.asked, call.streaming = body, body["model"], bool(body.get("stream"))
        raw = request.header("x-cost-run-budget")
        call.run_budget = None
        if raw is not None:
            try:
                call.run_budget = float(raw)
            except ValueError:
                call.run_budget = math.nan
            if not 0 <= call.run_budget < math.inf:
                raise Refusal(400, "invalid_request", "X-Cost-Run-Budget must be dollars",
                              {"field": "X-Cost-Run-Budget"})

    async def serve(self, request, out, call):
        self.identify(request, call)
        self.understand(request, call)
        key, text = call.key, (fields.said if call.chats else fields.said_input)(call.body)
        call.tokens_in = max(1, math.ceil(len(text) / 4))
        blocked = self.ledger.velocity(key, call.tokens_in)
        if blocked:
            what, limit, wait = blocked
            seconds = max(1, math.ceil(wait))
            raise Refusal(429, "velocity_exceeded", f"more than {limit} {what} a minute",
                          {"limit": limit, "unit": f"{what}_per_minute",
                           "retry_after_seconds": seconds}, [("Retry-After", str(seconds))])
        caching = key.cache and not call.streaming
        if caching:
            entry, call.score = self.cache.find(key.name, call.path, call.body, text)
            if entry is not None:
                call.hit, call.used = True, call.asked
                if self.flaw("cache-billed"):
                    key.spent_usd += entry["cost"]
                return await out.send(Reply(200, entry["answer"], call.headers(self.flaw)))
        hold = self._fund(request, call)
        cost = 0.0
        try:
            if self.flaw("error-billed"):
                cost = hold.dollars
            raw = request.body
            if call.used != call.asked:
                raw = jsonbody.edit(raw, put={"model": call.used})
            if call.streaming:
                cost = await self._stream(raw, call, out, hold)
                return
            check = "choices" if call.chats else "data"
            answer, document = await self.provider.whole(call.path, raw, check)
            cost = self._price(call, document.get("usage"), 0)
            hold.settle(cost)
            if caching and call.used == call.asked:
                self.cache.keep(key.name, call.path, call.body, text, answer, cost)
            await out.send(Reply(200, answer, call.headers(self.flaw)))
        finally:
            hold.settle(cost)

    def _fund(self, request, call):
        key = call.key
        run = self.ledger.run(key, request.header("x-cost-run-id", ""))
        limit = self.ledger.run_limit(key, call.run_budget)
        if self.ledger.run_full(run, limit):
            raise Refusal(429, "run_budget_exceeded", "this run has used up its budget",
                          {"per_run_limit_usd": limit, "run_spent_usd": round(run.spent, 9)})
        call.used = self.ledger.model_for(key, call.asked)
        if call.used is None:
            raise Refusal(429, "budget_exceeded", "this month's feature budget is used up",
                          {"limit_usd": key.limit_usd, "spent_usd": round(key.spent_usd, 9),
                           "mode": key.mode})
        most, body = 0, call.body
        if call.chats:
            most = body.get("max_completion_tokens") or body.get("max_tokens") or 256
            most = min(most, 10 ** 6) * (body.get("n") or 1)
        return Hold(key, run, cost_of(call.used, call.tokens_in, most))

    def _price(self, call, usage, characters):
        usage = usage if isinstance(usage, dict) else {}
        tokens_in = count(usage.get("prompt_tokens"))
        tokens_out = count(usage.get("completion_tokens"))
        tokens_in = call.tokens_in if tokens_in is None else tokens_in
        tokens_out = math.ceil(characters / 4) if tokens_out is None else tokens_out
        now = self.ledger.clock.now()
        call.key.tokens.add(now, tokens_in + tokens_out - call.tokens_in)
        return cost_of(call.used, tokens_in, tokens_out)

    async def _stream(self, raw, call, out, hold):
        judge = ChatJudge()
        answer, until = await self.provider.open(call.path, raw, True)

        async def begin():
            await out.start(200, call.headers(self.flaw) + [
                ("Content-Type", "text/event-stream; charset=utf-8"),
                ("Cache-Control", "no-cache")])

        def failure(fault):
            if isinstance(fault, StreamError):
                return self.provider.stream_error(fault)
            return self.provider.failure(fault, True)

        def farewell(fault):
            known = failure(fault)
            return b"data: " + jsonbody.dump(error_body(
                known.kind, known.message, known.context)) + b"\n\n"

        papered = b"data: [DONE]\n\n" if self.flaw("stream-papered") else b""
        try:
            await relay(answer, judge, out, until, self.options.deadline, begin, farewell, papered)
        except (UpstreamFault, StreamError) as fault:
            raise failure(fault) from fault
        finally:
            if out.begun and not self.flaw("stream-free"):
                hold.settle(self._price(call, judge.usage, judge.characters))
        return 0.0


def error_body(kind, message, context):
    return {"error": {"type": kind, "message": message, "context": context}}
