"""Keys, accounts, feature budgets, runs and request velocity."""
import time

from gatewire.kit import SlidingWindow

DAY = 86400.0
PRICES = {  # dollars for a million tokens: in, out
    "gpt-4o": (2.5, 10.0), "gpt-4o-mini": (0.15, 0.6),
    "gpt-4.1": (2.0, 8.0), "gpt-4.1-mini": (0.4, 1.6),
    "claude-sonnet-4": (3.0, 15.0), "claude-haiku-3.5": (0.8, 4.0),
    "text-embedding-3-large": (0.13, 0.0), "text-embedding-3-small": (0.02, 0.0),
}
OTHER_PRICE = (5.0, 15.0)
CHEAPER = {"gpt-4o": "gpt-4o-mini", "gpt-4.1": "gpt-4.1-mini",
           "claude-sonnet-4": "claude-haiku-3.5",
           "text-embedding-3-large": "text-embedding-3-small"}
SETTINGS = {  # what an admin may set on a key, and of which kind
    "active": bool, "plan": str, "trial_age_days": float, "limit_usd": float,
    "spent_usd": float, "mode": str, "per_run_limit_usd": float,
    "requests_per_minute": int, "tokens_per_minute": int, "cache": bool,
}
SEEDS = {
    "sk-cog-standard-0001": {},
    "sk-cog-trial-0002": {"plan": "trial", "trial_age_days": 3},
    "sk-cog-expired-0003": {"plan": "trial", "trial_age_days": 11},
    "sk-cog-revoked-0004": {"active": False},
    "sk-cog-exhausted-0005": {"limit_usd": 5.0, "spent_usd": 5.0},
    "sk-cog-small-0006": {"limit_usd": 0.0005},
    "sk-cog-degrade-0007": {"limit_usd": 10.0, "spent_usd": 8.5, "mode": "degrade"},
    "sk-cog-degrade-full-0008": {"limit_usd": 10.0, "spent_usd": 10.5, "mode": "degrade"},
    "sk-cog-run-0009": {"per_run_limit_usd": 0.0002},
    "sk-cog-rpm-0010": {"requests_per_minute": 5},
    "sk-cog-tpm-0011": {"tokens_per_minute": 200},
    "sk-cog-cache-0012": {"cache": True},
    "sk-cog-cache-0013": {"cache": True},
    "sk-cog-cache-small-0014": {"cache": True, "limit_usd": 0.0005},
    "sk-cog-ended-today-0015": {"plan": "trial", "trial_age_days": 10.2},
}


def cost_of(model, tokens_in, tokens_out):
    price = PRICES.get(model, OTHER_PRICE)
    return (tokens_in * price[0] + tokens_out * price[1]) / 1e6


class Run:
    def __init__(self):
        self.spent = self.held = 0.0
        self.last = 0.0


class ProxyKey:
    def __init__(self, name, now, velocity_window):
        self.name, self.active, self.plan = name, True, "active"
        self.trial_started = now
        self.limit_usd, self.spent_usd, self.held_usd = 1000.0, 0.0, 0.0
        self.mode, self.per_run_limit_usd = "block", None
        self.requests_per_minute = self.tokens_per_minute = None
        self.cache, self.runs = False, {}
        self.requests = SlidingWindow(velocity_window)
        self.tokens = SlidingWindow(velocity_window)
        self.month = None

    def change(self, settings, now):
        for name, value in settings.items():
            if name == "trial_age_days":
                self.trial_started = now - value * DAY
            else:
                setattr(self, name, value)

    def turn_month(self, now):
        month = time.gmtime(now)[:2]
        if self.month is not None and month != self.month:
            self.spent_usd = 0.0
        self.month = month

    def view(self, now):
        self.turn_month(now)
        return {"active": self.active, "plan": self.plan,
                "trial_age_days": round((now - self.trial_started) / DAY, 4),
                "limit_usd": self.limit_usd, "spent_usd": round(self.spent_usd, 9),
                "held_usd": round(self.held_usd, 9), "mode": self.mode,
                "per_run_limit_usd": self.per_run_limit_usd, "cache": self.cache,
                "requests_per_minute": self.requests_per_minute,
                "tokens_per_minute": self.tokens_per_minute,
                "requests_used": self.requests.used(now), "tokens_used": self.tokens.used(now),
                "runs": {n or "(none)": round(r.spent, 9) for n, r in self.runs.items()}}


class Hold:
    """Money set aside for one call; settled once with what it really cost."""

    def __init__(self, key, run, dollars):
        self.key, self.run, self.dollars, self.open = key, run, dollars, True
        key.held_usd += dollars
        run.held += dollars

    def settle(self, cost):
        if self.open:
            self.open = False
            self.key.held_usd = max(0.0, self.key.held_usd - self.dollars)
            self.run.held = max(0.0, self.run.held - self.dollars)
            self.key.spent_usd += cost
            self.run.spent += cost


class Ledger:
    def __init__(self, options, clock, flaw):
        self.options, self.clock, self.flaw = options, clock, flaw
        self.reset()

    def reset(self):
        now = self.clock.now()
        self.keys = {}
        for name, settings in SEEDS.items():
            key = self.keys[name] = ProxyKey(name, now, self.options.velocity_window)
            key.change(settings, now)

    def find(self, token):
        if self.flaw("key-any-case"):
            token = token.lower()
        key = self.keys.get(token) if token.startswith("sk-cog-") else None
        return key if key is not None and key.active else None

    def trial_over(self, key):
        days = self.options.trial_days + (1 if self.flaw("trial-extra-day") else 0)
        return key.plan == "trial" and self.clock.now() >= key.trial_started + days * DAY

    def velocity(self, key, tokens):
        """None when the call may pass, else (which limit, seconds to wait)."""
        now = self.clock.now()
        limit = key.requests_per_minute
        if limit is not None:
            used, slack = key.requests.used(now), 1 if self.flaw("velocity-plus-one") else 0
            if used >= limit + slack:
                wait = key.requests.wait(now, 1, limit)
                if self.flaw("velocity-greedy"):
                    key.requests.add(now)
                return "requests", limit, wait
        cap = key.tokens_per_minute
        if cap is not None and key.tokens.used(now) >= cap:
            return "tokens", cap, key.tokens.wait(now, 1, cap)
        key.requests.add(now)
        key.tokens.add(now, tokens)
        return None

    def run(self, key, name):
        now = self.clock.now()
        run = key.runs.get(name)
        if run is None or (now - run.last > self.options.run_idle and not run.held):
            if len(key.runs) > 10000:
                key.runs.clear()
            run = key.runs[name] = Run()
        run.last = now
        return run

    def run_limit(self, key, asked):
        limit = key.per_run_limit_usd
        if asked is None:
            return limit
        if self.flaw("run-header-caps") and limit is not None:
            return min(limit, asked)
        return asked

    def run_full(self, run, limit):
        return limit is not None and run.spent + run.held >= limit

    def model_for(self, key, model):
        """The model to use under the key's budget, or None when nothing is left."""
        key.turn_month(self.clock.now())
        held = 0.0 if self.flaw("budget-race") else key.held_usd
        used = key.spent_usd + held
        full = used > key.limit_usd if self.flaw("budget-edge") else used >= key.limit_usd
        if key.mode == "degrade" and used >= self.options.degrade_at * key.limit_usd:
            if model in CHEAPER:
                return CHEAPER[model]
        return None if full else model
