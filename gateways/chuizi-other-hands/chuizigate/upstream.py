"""Calls upstream, and how their failures map to the gateway's own errors."""
import asyncio

from gatewire import jsonbody, sse
from .faults import Fault
from gatewire.httpc import UpstreamFault

INVALID = "The upstream provider gave an answer that makes no sense."


class Upstream:
    def __init__(self, endpoint, options, flaw):
        self.endpoint, self.options, self.flaw = endpoint, options, flaw

    def headers(self, request, anthropic, streaming):
        pairs = [("Accept", "text/event-stream" if streaming else "application/json")]
        if not anthropic:
            return [("Authorization", f"Bearer {self.endpoint.key}")] + pairs
        pairs += [("x-api-key", self.endpoint.key),
                  ("anthropic-version", request.header("anthropic-version") or "2023-06-01")]
        beta = request.header("anthropic-beta")
        return pairs + ([("anthropic-beta", beta)] if beta else [])

    def fault(self, bad, path=""):
        if bad.kind == "timeout":
            status = 504
            if path.endswith("embeddings") and self.flaw("embedding-timeout-502"):
                status = 502
            return Fault(status, f"The upstream took longer than {self.options.deadline:g} s.")
        if bad.kind == "connect":
            return Fault(503, "The upstream provider is down.", [("Retry-After", "1")])
        if bad.kind in ("reset", "truncated"):
            return Fault(502, "The upstream provider broke off.")
        return Fault(502, INVALID)

    def stream_fault(self, error):
        if "overloaded" in error.kind:
            return Fault(503, "The upstream provider is overloaded.", [("Retry-After", "1")])
        if "timeout" in error.kind:
            return Fault(504, "The upstream provider timed out.")
        return Fault(502, "The upstream provider failed while answering.")

    def refused(self, answer, raw):
        status = answer.status
        if status in (400, 413, 422):
            try:
                said = sse.error_text(jsonbody.parse(raw))
            except jsonbody.BadJson:
                said = ""
            if not self.flaw("leaky-400"):
                said = self.endpoint.scrub(said)
            return Fault(400, "The provider rejects the request: " + (said[:1000] or "no reason"))
        if status == 401 and self.flaw("upstream-401-through"):
            return Fault(401, "The API key is not valid.")
        if status == 404:
            return Fault(404, "The provider does not have that model.")
        if status == 429:
            wait = answer.header("retry-after") or ""
            wait = wait if wait.isdecimal() and wait.isascii() and len(wait) < 6 else "1"
            return Fault(429, f"The provider is rate limited; try again in {max(1, int(wait))} s.",
                         [("Retry-After", str(max(1, int(wait))))])
        if status in (402, 503, 529):
            return Fault(503, "The upstream provider is not available.", [("Retry-After", "1")])
        if status in (408, 504):
            return Fault(504, "The upstream provider timed out.")
        return Fault(502, "The upstream provider failed.")

    async def open(self, path, headers, body):
        until = asyncio.get_running_loop().time() + self.options.deadline
        answer = None
        try:
            answer = await self.endpoint.post(path, headers, body, until)
            if answer.status == 200:
                return answer, until
            raw = await answer.read_all(until)
        except UpstreamFault as bad:
            if answer is None or answer.status == 200 or bad.kind == "timeout":
                raise self.fault(bad, path) from bad
            raw = b""
        raise self.refused(answer, raw)

    async def whole(self, path, headers, body, member):
        """(bytes, document) of a complete answer that has the list `member`."""
        answer, until = await self.open(path, headers, body)
        try:
            raw = await answer.read_all(until)
            document = self._document(raw, member)
            if document is None and self.flaw("resend-invalid"):
                answer, until = await self.open(path, headers, body)
                raw = await answer.read_all(until)
                document = self._document(raw, member)
        except UpstreamFault as bad:
            raise self.fault(bad, path) from bad
        if document is None:
            raise Fault(502, INVALID)
        return raw, document

    def _document(self, raw, member):
        try:
            found = jsonbody.parse(raw)
        except jsonbody.BadJson:
            return None
        good = isinstance(found, dict) and isinstance(found.get(member), list)
        return found if good and found.get("error") is None else None
