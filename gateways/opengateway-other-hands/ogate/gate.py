"""Who may come in, how often, and how many at once."""
import math
import re

from gatewire.kit import SlidingWindow
from .problems import Problem

LOOKS_VALID = re.compile(r"og-[A-Za-z0-9_-]{8,128}\Z", re.A)
PLANS = {  # requests a window, calls at once
    "free": (20, 2), "standard": (600, 16), "unlimited": (10 ** 9, 10 ** 6), "slow": (3, 10 ** 6),
    "single": (10 ** 9, 1),
}
SEED_KEYS = {
    "og-unlimited-0001": ("unlimited", True), "og-unlimited-0002": ("unlimited", True),
    "og-standard-0003": ("standard", True), "og-free-0004": ("free", True),
    "og-three-a-minute-0005": ("slow", True), "og-one-at-once-0006": ("single", True),
    "og-inactive-0007": ("unlimited", False),
}


class Key:
    def __init__(self, plan, active, window):
        self.requests, self.at_once = PLANS[plan]
        self.active, self.running = active, 0
        self.window = SlidingWindow(window)

    def view(self, now):
        return {"active": self.active, "requests": self.requests, "at_once": self.at_once,
                "running": self.running, "used": self.window.used(now)}


class Gate:
    def __init__(self, options, clock, flaw):
        self.options, self.clock, self.flaw = options, clock, flaw
        self.reset()

    def reset(self):
        self.keys = {name: Key(plan, active, self.options.rate_window)
                     for name, (plan, active) in SEED_KEYS.items()}

    def _token(self, request):
        """(token, came as x-api-key)."""
        scheme, _, token = (request.header("authorization") or "").partition(" ")
        if scheme.lower() == "bearer" and token.strip():
            return token.strip(), False
        return (request.header("x-api-key") or "").strip(), True

    def _no(self, message):
        return Problem(401, message, headers=[("WWW-Authenticate", "Bearer")])

    def look(self, request):
        """For the model lists: anything that looks like a key will do."""
        token, _ = self._token(request)
        if not LOOKS_VALID.match(token):
            raise self._no("Send an og-... key as a bearer token or as x-api-key.")
        if self.flaw("models-known-only") and token not in self.keys:
            raise self._no("That key is not known.")

    def enter(self, request):
        self.look(request)
        token, by_header = self._token(request)
        key = self.keys.get(token)
        if key is None:
            raise self._no("That key is not known.")
        if not key.active and not (by_header and self.flaw("inactive-by-x-key")):
            raise Problem(403, "That key is not active.")
        now = self.clock.now()
        if key.window.used(now) >= key.requests:
            wait = max(1, math.ceil(key.window.wait(now, 1, key.requests)))
            raise Problem(429, "Too many requests for this plan.", "rate_limit",
                          [("Retry-After", str(wait))])
        if key.running >= key.at_once:
            raise Problem(429, "Too many calls at once for this plan.", "concurrency_limit",
                          [("Retry-After", "1")])
        key.window.add(now)
        key.running += 1
        return key
