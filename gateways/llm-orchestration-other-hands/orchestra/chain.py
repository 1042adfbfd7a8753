"""The failover chain: providers in order, each behind its breaker."""
import asyncio
import math

from .breaker import Breaker
from .codes import Err
from gatewire.httpc import Endpoint, UpstreamFault

FAILED = {"chat": 1002, "embedding": 1102, "rerank": 1201}
SLOW = {"chat": 1003, "embedding": 2002, "rerank": 2002}
REJECTED = (400, 404, 405, 406, 409, 411, 413, 415, 422)


class ProviderBad(Exception):
    """kind: rejected (the request's fault), failed, unreachable or slow."""

    def __init__(self, kind, message):
        super().__init__(message)
        self.kind, self.message = kind, message


def translate(fault):
    """A ProviderBad for a fault on the wire."""
    if fault.kind == "timeout":
        return ProviderBad("slow", "The provider did not finish in time.")
    if fault.kind == "connect":
        return ProviderBad("unreachable", "The provider cannot be reached.")
    broken = fault.kind in ("reset", "truncated")
    return ProviderBad("failed", "The provider broke off its answer." if broken else
                       "The provider's answer makes no sense.")


async def post(endpoint, path, body, until, streaming=False):
    """An Answer with status 200, or ProviderBad."""
    headers = [("Authorization", f"Bearer {endpoint.key}")] if endpoint.key else []
    headers.append(("Accept", "text/event-stream" if streaming else "application/json"))
    try:
        answer = await endpoint.post(path, headers, body, until)
    except UpstreamFault as fault:
        raise translate(fault) from fault
    if answer.status == 200:
        return answer
    status = answer.status
    try:
        await answer.read_all(min(until, asyncio.get_running_loop().time() + 1))
    except UpstreamFault:
        pass
    finally:
        answer.close()
    kind = "rejected" if status in REJECTED else "failed"
    raise ProviderBad(kind, f"The provider answered with status {status}.")


class Chain:
    def __init__(self, options, clock, store, flaw):
        self.options, self.clock, self.store, self.flaw = options, clock, store, flaw
        self.breakers, self.endpoints = {}, {}

    def reset(self):
        self.breakers.clear()
        for name in [place[0] for place in self.endpoints]:
            self._shut(name)

    def _shut(self, name):
        for place in [place for place in self.endpoints if place[0] == name]:
            self.endpoints.pop(place).shut()

    def breaker(self, name):
        return self.breakers.setdefault(name, Breaker(self.options, self.clock, self.flaw))

    def endpoint(self, row):
        place = row["name"], row["url"], row["key"]
        if place not in self.endpoints:
            self._shut(row["name"])
            self.endpoints[place] = Endpoint(row["url"], row["key"])
        return self.endpoints[place]

    def forget(self, name):
        self.breakers.pop(name, None)
        self._shut(name)

    def rows(self, wanted):
        """The providers a request may use, in order."""
        if wanted is None:
            return [row for row in self.store.providers() if row["enabled"]]
        row = self.store.provider(wanted)
        if not row["enabled"]:
            raise Err(2001, "That provider is switched off.")
        return [row]

    async def run(self, rows, named, task, attempt, until, slow):
        """
        Tries `attempt(endpoint, until)` down the chain. It returns (result, healthy)
        once the client has an answer, or raises ProviderBad when it may still move on.
        `until` is a loop time, `slow` the error number once it has passed.
        """
        answered = None
        for row in rows:
            breaker = self.breaker(row["name"])
            lease = breaker.allow()
            if lease is None:
                if named:
                    raise Err(1301, "The circuit breaker of that provider is open.",
                              self._retry_after(breaker))
                continue
            judged = False
            try:
                result, healthy = await attempt(self.endpoint(row), until)
                judged = True
                (breaker.good if healthy else breaker.bad)(lease)
                return result
            except ProviderBad as bad:
                judged = True
                if bad.kind == "rejected":
                    counts = self.flaw("breaker-counts-4xx")
                    (breaker.bad if counts else breaker.good)(lease)
                    if not self.flaw("failover-on-4xx"):
                        raise Err(FAILED[task], bad.message) from bad
                else:
                    breaker.bad(lease)
                if bad.kind == "slow":
                    raise Err(slow, bad.message) from bad
                if named or bad.kind != "unreachable":
                    answered = bad
            finally:
                if not judged:
                    breaker.unknown(lease)
        if answered is not None and len(rows) == 1:
            raise Err(FAILED[task], answered.message)
        raise Err(1302, "No provider of the chain is available.", [("Retry-After", "1")])

    def _retry_after(self, breaker):
        wait = breaker.view()["halfOpenInSeconds"]
        return [("Retry-After", str(max(1, math.ceil(wait or 1))))]
