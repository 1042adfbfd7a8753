"""The paid endpoints: from the request to the settled bill."""
import math

from gatewire import fields, jsonbody

from . import faults
from .faults import Fault
from gatewire.httpc import UpstreamFault
from gatewire.httpd import Reply
from gatewire.relay import relay
from gatewire.sse import ChatJudge, MessageJudge, StreamError, count

ACTIONS = {  # route: (action, upstream path, check of the body, list in the answer)
    "/v1/chat/completions": ("chat", "/v1/chat/completions", fields.chat, "choices"),
    "/v1/embeddings": ("embeddings", "/v1/embeddings", fields.embeddings, "data"),
    "/anthropic/v1/messages": ("messages", "/v1/messages", fields.anthropic, "content"),
}
USAGE = {"chat": ("prompt_tokens", "completion_tokens"),
         "embeddings": ("prompt_tokens", "completion_tokens"),
         "messages": ("input_tokens", "output_tokens")}


def token_of(request):
    scheme, _, token = (request.header("authorization") or "").partition(" ")
    if scheme.lower() == "bearer":
        return token.strip()
    if faults.is_anthropic(request.path):
        return request.header("x-api-key") or ""
    return ""


class Calls:
    def __init__(self, options, books, upstream, flaw):
        self.options, self.books, self.upstream, self.flaw = options, books, upstream, flaw
        self.in_flight = 0
        self.toggles = {"overloaded": False, "internal_fault": False, "upstream_down": False}

    def _body(self, request, check):
        if (request.header("content-encoding") or "identity").lower() != "identity":
            raise Fault(400, "Compressed request bodies are not read.")
        try:
            body = jsonbody.parse(request.body)
        except jsonbody.BadJson as bad:
            raise Fault(400, f"Malformed request: {bad}.") from bad
        if not isinstance(body, dict):
            raise Fault(400, "Malformed request: the body must be an object.")
        try:
            check(body)
        except fields.Invalid as bad:
            raise Fault(400, f"Invalid parameter: {bad}.") from bad
        return body

    async def serve(self, request, out, generation):
        action, path, check, member = ACTIONS[request.path]
        key = self.books.authenticate(token_of(request))
        self.books.admit(key)
        if self.toggles["overloaded"] or self.in_flight >= self.options.max_in_flight:
            raise Fault(503, "The gateway has too much to do.", [("Retry-After", "1")])
        self.in_flight += 1
        try:
            body = self._body(request, check)
            streaming = bool(body.get("stream")) and action != "embeddings"
            self.books.model(key, body["model"], action, streaming)
            await self._paid(request, out, generation, key, body, streaming)
        finally:
            self.in_flight -= 1

    def _estimate(self, body, action):
        if action == "embeddings":
            numbers = sum(len(i) for i in fields.inputs(body) if isinstance(i, list))
            return max(1, math.ceil(len(fields.said_input(body)) / 4) + numbers), 0
        tokens_in = max(1, math.ceil(len(fields.said(body)) / 4))
        if action == "messages":
            return tokens_in, body["max_tokens"]
        most = body.get("max_completion_tokens") or body.get("max_tokens") or 1024
        return tokens_in, most * (body.get("n") or 1)

    async def _paid(self, request, out, generation, key, body, streaming):
        action, path, _, member = ACTIONS[request.path]
        tokens_in, tokens_out = self._estimate(body, action)
        deposit = self.books.deduct(key, body["model"], tokens_in, tokens_out)
        headers = self.upstream.headers(request, action == "messages", streaming)
        try:
            if self.toggles["internal_fault"]:
                raise RuntimeError("switched on by the control routes")
            if self.toggles["upstream_down"]:
                raise Fault(503, "The upstream provider is down.", [("Retry-After", "1")])
            if streaming:
                return await self._stream(request, out, generation, body, deposit, tokens_in)
            raw, document = await self.upstream.whole(path, headers, request.body, member)
            deposit.settle(self._cost(body, action, document.get("usage"), tokens_in, 0))
            await out.send(Reply(200, raw, [generation]))
        except Fault as fault:
            if fault.status == 504 and self.flaw("timeout-keeps-money"):
                deposit.settle(deposit.units)
            raise
        finally:
            deposit.settle(0)

    def _cost(self, body, action, usage, tokens_in, characters):
        usage = usage if isinstance(usage, dict) else {}
        used = [count(usage.get(name)) for name in USAGE[action]]
        used_in = tokens_in if used[0] is None else used[0]
        used_out = math.ceil(characters / 4) if used[1] is None else used[1]
        return self.books.cost(body["model"], used_in, used_out)

    async def _stream(self, request, out, generation, body, deposit, tokens_in):
        action, path, _, _ = ACTIONS[request.path]
        anthropic = action == "messages"
        judge = MessageJudge() if anthropic else ChatJudge()
        headers = self.upstream.headers(request, anthropic, True)
        answer, until = await self.upstream.open(path, headers, request.body)

        async def begin():
            pairs = [("Content-Type", "text/event-stream"), ("Cache-Control", "no-cache")]
            if not self.flaw("stream-no-id"):
                pairs.insert(0, generation)
            await out.start(200, pairs)

        def known(bad):
            if isinstance(bad, StreamError):
                return self.upstream.stream_fault(bad)
            return self.upstream.fault(bad)

        def farewell(bad):
            if anthropic and self.flaw("forged-stop"):
                return b'event: message_stop\ndata: {"type":"message_stop"}\n\n'
            if not anthropic and isinstance(bad, StreamError) and self.flaw("error-swallowed"):
                return b"data: [DONE]\n\n"
            return faults.event(known(bad), anthropic, self.flaw)

        try:
            await relay(answer, judge, out, until, self.options.deadline, begin, farewell)
        except (UpstreamFault, StreamError) as bad:
            raise known(bad) from bad
        finally:
            if out.begun:
                cost = self._cost(body, action, judge.usage, tokens_in, judge.characters)
                deposit.settle(deposit.units if self.flaw("stream-unsettled") else cost)
