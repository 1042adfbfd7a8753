"""Calls to the AI provider, and what its failures mean to a client."""
import asyncio

from gatewire import jsonbody, sse
from gatewire.httpc import UpstreamFault


class ProviderFailure(Exception):
    def __init__(self, status, kind, message, context=None):
        super().__init__(message)
        self.status, self.kind = status, kind
        self.message, self.context = message, context or {}


class Provider:
    def __init__(self, endpoint, options, flaw):
        self.endpoint, self.options, self.flaw = endpoint, options, flaw

    def _clean(self, text):
        return text if self.flaw("unscrubbed") else self.endpoint.scrub(text)

    def failure(self, fault, streaming=False):
        if fault.kind == "timeout":
            if streaming and self.flaw("stream-timeout-500"):
                return ProviderFailure(500, "provider_error", "the provider was too slow")
            return ProviderFailure(
                504, "provider_timeout",
                f"no answer from the provider within {self.options.deadline:g} s",
                {"limit_seconds": self.options.deadline})
        what = {"connect": "could not be reached", "reset": "dropped the connection",
                "truncated": "broke off its answer"}.get(fault.kind, "sent an unreadable answer")
        return ProviderFailure(500, "provider_error", f"the provider {what}",
                               {"reason": fault.kind})

    async def open(self, path, body, streaming):
        """An Answer with status 200, or ProviderFailure."""
        until = asyncio.get_running_loop().time() + self.options.deadline
        headers = [("Authorization", f"Bearer {self.endpoint.key}"),
                   ("Accept", "text/event-stream" if streaming else "application/json")]
        answer = None
        try:
            answer = await self.endpoint.post(path, headers, body, until)
            if answer.status >= 500 and self.flaw("second-try"):
                answer.close()
                answer = await self.endpoint.post(path, headers, body, until)
            if answer.status == 200:
                return answer, until
            raw = await answer.read_all(until)
        except UpstreamFault as fault:
            if answer is not None and answer.status != 200 and fault.kind != "timeout":
                raw = b""
            else:
                raise self.failure(fault, streaming) from fault
        raise self._refused(answer.status, raw)

    def _refused(self, status, raw):
        try:
            said = sse.error_text(jsonbody.parse(raw))
        except jsonbody.BadJson:
            said = raw.decode("utf-8", "replace")
        said = self._clean(said.strip())[:2000] or "no message"
        return ProviderFailure(500, "provider_error", f"provider status {status}: {said}",
                               {"provider_status": status})

    def stream_error(self, error):
        said = self._clean(str(error))[:2000] or "no message"
        return ProviderFailure(500, "provider_error", f"provider error in its stream: {said}")

    async def whole(self, path, body, check):
        answer, until = await self.open(path, body, False)
        try:
            raw = await answer.read_all(until)
        except UpstreamFault as fault:
            raise self.failure(fault) from fault
        try:
            document = jsonbody.parse(raw)
        except jsonbody.BadJson:
            document = None
        if isinstance(document, dict) and document.get("error") is not None:
            raise self._refused(answer.status, raw)
        if not isinstance(document, dict) or not isinstance(document.get(check), list):
            raise self.failure(UpstreamFault("framing", "not the expected document"))
        return raw, document
