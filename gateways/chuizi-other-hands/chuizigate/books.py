"""Models, accounts, keys, rate windows and prepaid money (in millionths of a cent)."""
import math

from .faults import Fault
from gatewire.kit import SlidingWindow

UNIT = 10 ** 8  # parts of a dollar
MODELS = {  # dollars for a million tokens in and out, and what the model does
    "claude-opus-4": (15.0, 75.0, "claude"), "claude-sonnet-4": (3.0, 15.0, "claude"),
    "gpt-5": (1.25, 10.0, "chat"), "o3": (2.0, 8.0, "chat"), "gpt-4o-mini": (0.15, 0.6, "chat"),
    "text-embedding-3-small": (0.02, 0.0, "embedding"), "gpt-4-retired": (30.0, 60.0, "chat"),
}
SEED_ACCOUNTS = {"main": 1000.0, "low": 0.12, "empty": 0.0, "scoped": 100.0, "rated": 100.0}
SEED_KEYS = {
    "ck-main-key-1": {"account": "main", "rpm": 100000},
    "ck-main-key-2": {"account": "main", "rpm": 100000},
    "ck-default-rpm": {"account": "rated"},
    "ck-three-rpm": {"account": "rated", "rpm": 3},
    "ck-low-balance": {"account": "low", "rpm": 100000},
    "ck-no-balance": {"account": "empty", "rpm": 100000},
    "ck-mini-only": {"account": "scoped", "rpm": 100000, "models": ["gpt-4o-mini"]},
    "ck-chat-only": {"account": "scoped", "rpm": 100000, "actions": ["chat"]},
    "ck-revoked": {"account": "main", "state": "revoked"},
    "ck-deactivated": {"account": "main", "state": "deactivated"},
}


def dollars(units):
    return f"${units / UNIT:.6f}".rstrip("0").ljust(len(f"${units // UNIT}") + 3, "0")


class Key:
    def __init__(self, name, options):
        self.name, self.account, self.state = name, "main", "active"
        self.rpm, self.models, self.actions = options.rpm, None, None
        self.window = SlidingWindow(options.rate_window)

    def view(self):
        return {n: getattr(self, n) for n in ("account", "state", "rpm", "models", "actions")}


class Deposit:
    """The estimated cost of one call, taken at the start; what is left comes back."""

    def __init__(self, books, account, units, late):
        self.books, self.account, self.units, self.late = books, account, units, late
        self.open = True
        if not late:
            books.balances[account] -= units

    def settle(self, units):
        if self.open:
            self.open = False
            back = 0 if self.late else self.units
            if self.account in self.books.balances:
                self.books.balances[self.account] += back - units


class Books:
    def __init__(self, options, clock, flaw):
        self.options, self.clock, self.flaw = options, clock, flaw
        self.reset()

    def reset(self):
        self.balances = {n: round(v * UNIT) for n, v in SEED_ACCOUNTS.items()}
        self.available = {name: name != "gpt-4-retired" for name in MODELS}
        self.keys, self.account_windows = {}, {}
        for name, settings in SEED_KEYS.items():
            key = self.keys[name] = Key(name, self.options)
            for field, value in settings.items():
                setattr(key, field, value)

    def authenticate(self, token, listing=False):
        key = self.keys.get(token) if token.startswith("ck-") else None
        if key is None:
            raise Fault(401, "The API key is missing or not known.")
        if key.state != "active" and not (listing and self.flaw("models-open-to-revoked")):
            raise Fault(401, f"This API key has been {key.state}.")
        return key

    def admit(self, key):
        window, now = key.window, self.clock.now()
        if self.flaw("rpm-by-account"):
            window = self.account_windows.setdefault(
                key.account, SlidingWindow(self.options.rate_window))
        limit = key.rpm + (1 if self.flaw("rpm-plus-one") else 0)
        if window.used(now) >= limit:
            seconds = max(1, math.ceil(window.wait(now, 1, limit)))
            shown = seconds * 1000 if self.flaw("retry-after-ms") else seconds
            raise Fault(429, f"This key may make {key.rpm} requests a minute; "
                             f"try again in {seconds} s.", [("Retry-After", str(shown))])
        window.add(now)

    def model(self, key, name, action, streaming):
        if name not in MODELS:
            raise Fault(404, "There is no model of that name.")
        if not self.available[name]:
            status = 403 if self.flaw("unavailable-403") else 404
            raise Fault(status, "That model is switched off at the moment.")
        kind = MODELS[name][2]
        if (action == "embeddings") != (kind == "embedding"):
            raise Fault(400, "That model does not serve this endpoint.")
        if action == "messages" and kind != "claude":
            raise Fault(404, "That model is not offered on the Anthropic protocol.")
        unchecked = streaming and self.flaw("stream-unscoped")
        if key.actions is not None and action not in key.actions:
            raise Fault(403, "This API key may not use this endpoint.")
        if key.models is not None and name not in key.models and not unchecked:
            raise Fault(403, "This API key may not use that model.")

    def cost(self, model, tokens_in, tokens_out):
        price = MODELS[model]
        return math.ceil((tokens_in * price[0] + tokens_out * price[1]) * UNIT / 10 ** 6)

    def deduct(self, key, model, tokens_in, tokens_out):
        units = max(1, self.cost(model, tokens_in, tokens_out))
        have = self.balances.get(key.account, 0)
        if have < units:
            raise Fault(402, f"The balance is too low: {dollars(max(0, have))} left, "
                             f"{dollars(units)} needed.")
        return Deposit(self, key.account, units, self.flaw("late-deduction"))
