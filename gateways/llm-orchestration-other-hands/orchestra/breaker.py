"""Circuit breakers: closed, open, half-open with a single probe. A limit of 0 means none."""


class Breaker:
    def __init__(self, options, clock, flaw):
        self.options, self.clock, self.flaw = options, clock, flaw
        self.failures, self.opened_at, self.probing = 0, None, False

    @property
    def off(self):
        return self.options.breaker_failures == 0

    @property
    def state(self):
        if self.opened_at is None:
            return "closed"
        waited = self.clock.now() - self.opened_at
        return "half-open" if waited >= self.options.half_open_after else "open"

    def allow(self):
        """None when no call may go out now, else how it goes: "call" or "probe"."""
        state = self.state
        if state == "closed":
            return "call"
        if state == "open" or (self.probing and not self.flaw("half-open-flood")):
            return None
        self.probing = True
        return "probe"

    def good(self, lease):
        if lease == "probe" or self.opened_at is None:
            self._close()

    def bad(self, lease):
        if self.off:
            return
        if lease == "probe":
            self.opened_at, self.probing = self.clock.now(), False
        elif self.opened_at is None:
            self.failures += 1
            limit = self.options.breaker_failures - (1 if self.flaw("breaker-early") else 0)
            if self.failures >= limit:
                self.opened_at = self.clock.now()

    def unknown(self, lease):
        """The call ended without a verdict on the provider."""
        if lease == "probe":
            self.probing = False

    def _close(self):
        self.failures, self.opened_at, self.probing = 0, None, False

    def force(self, state):
        self._close()
        if state != "closed":
            # A little more than the wait: differences of large floats round down, too.
            back = self.options.half_open_after + 0.001 if state == "half-open" else 0
            self.opened_at = self.clock.now() - back
            self.failures = self.options.breaker_failures

    def view(self):
        wait = None
        if self.state == "open":
            wait = round(self.opened_at + self.options.half_open_after - self.clock.now(), 3)
        return {"state": self.state, "failures": self.failures, "halfOpenInSeconds": wait}
