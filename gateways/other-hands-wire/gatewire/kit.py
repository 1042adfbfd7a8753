"""Shared small parts: the named flaws, and a clock that admins may push forward."""
import time


class Flaws:
    def __init__(self, chosen, catalogue):
        if chosen and chosen not in catalogue:
            raise SystemExit(f"no flaw named {chosen}; see --list-flaws")
        self.chosen = chosen

    def __call__(self, name):
        return self.chosen == name


class Clock:
    def __init__(self):
        self.shift = 0.0

    def now(self):
        return time.time() + self.shift


class SlidingWindow:
    """Amounts spent within the last `seconds`."""

    def __init__(self, seconds):
        self.seconds, self.entries = seconds, []

    def _trim(self, now):
        edge = now - self.seconds
        self.entries = [entry for entry in self.entries if entry[0] > edge]

    def used(self, now):
        self._trim(now)
        return sum(amount for _, amount in self.entries)

    def add(self, now, amount=1):
        self.entries.append((now, amount))

    def wait(self, now, free=1, limit=0):
        """Seconds until `free` more fits under `limit`."""
        self._trim(now)
        over = sum(a for _, a in self.entries) + free - limit
        for at, amount in sorted(self.entries):
            over -= amount
            if over <= 0:
                return max(0.0, at + self.seconds - now)
        return float(self.seconds)

    def clear(self):
        self.entries = []
