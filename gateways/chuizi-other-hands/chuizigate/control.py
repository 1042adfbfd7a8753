"""Routes for whoever runs the gateway, below /-/control."""
import hmac
import math

from gatewire import jsonbody
from .books import MODELS, UNIT, Key
from .faults import Fault


def _number(value, low=-math.inf):
    return (isinstance(value, (int, float)) and not isinstance(value, bool)
            and math.isfinite(value) and value >= low)


def _names(value):
    return value is None or (isinstance(value, list) and all(isinstance(v, str) for v in value))


KEY_CHECKS = {
    "state": lambda v: v in ("active", "revoked", "deactivated"),
    "rpm": lambda v: isinstance(v, int) and not isinstance(v, bool) and v >= 0,
    "models": _names, "actions": _names, "account": lambda v: isinstance(v, str),
}


class Control:
    def __init__(self, token, clock, books, calls):
        self.token, self.clock, self.books, self.calls = token, clock, books, calls

    def serve(self, request):
        """The document to answer with; Fault for anything wrong."""
        given = (request.header("authorization") or "").removeprefix("Bearer ")
        if not self.token or not hmac.compare_digest(given.encode(), self.token.encode()):
            raise Fault(401, "The control token is missing or wrong.")
        try:
            order = jsonbody.parse(request.body) if request.body else {}
        except jsonbody.BadJson as bad:
            raise Fault(400, f"{bad}.") from bad
        if not isinstance(order, dict):
            raise Fault(400, "The body must be an object.")
        step, _, name = request.path.removeprefix("/-/control/").partition("/")
        action = getattr(self, f"_{request.method.lower()}_{step}", None)
        if action is None:
            raise Fault(404, "There is no such control route.")
        return action(name, order)

    def _get_health(self, name, order):
        return {"healthy": True, "in_flight": self.calls.in_flight}

    def _get_state(self, name, order):
        now = self.clock.now()
        return {"balances_usd": {n: v / UNIT for n, v in self.books.balances.items()},
                "keys": {n: {**k.view(), "window": k.window.used(now)}
                         for n, k in self.books.keys.items()},
                "models": self.books.available, "toggles": self.calls.toggles,
                "clock_shift": self.clock.shift}

    def _post_reset(self, name, order):
        self.clock.shift = 0.0
        self.books.reset()
        self.calls.toggles = dict.fromkeys(self.calls.toggles, False)
        return {"reset": True}

    def _post_clock(self, name, order):
        step = order.get("forward")
        if not _number(step, 0) or step > 10 ** 9:
            raise Fault(400, "forward must be a number of seconds.")
        self.clock.shift += step
        return {"clock_shift": self.clock.shift}

    def _patch_toggles(self, name, order):
        for toggle, value in order.items():
            if toggle not in self.calls.toggles or not isinstance(value, bool):
                raise Fault(400, f"Toggles (booleans): {', '.join(self.calls.toggles)}.")
        self.calls.toggles.update(order)
        return self.calls.toggles

    def _patch_accounts(self, name, order):
        if not _number(order.get("balance_usd")) or abs(order["balance_usd"]) > 10 ** 9:
            raise Fault(400, "balance_usd must be a number.")
        self.books.balances[name] = round(order["balance_usd"] * UNIT)
        return {"balance_usd": order["balance_usd"]}

    def _patch_models(self, name, order):
        if name not in MODELS or not isinstance(order.get("available"), bool):
            raise Fault(400, "Needs a known model and available (boolean).")
        self.books.available[name] = order["available"]
        return {"available": order["available"]}

    def _patch_keys(self, name, order):
        for field, value in order.items():
            if field not in KEY_CHECKS or not KEY_CHECKS[field](value):
                raise Fault(400, f"{field} is unknown or has a wrong value.")
        if not name.startswith("ck-"):
            raise Fault(400, "Keys start with ck-.")
        key = self.books.keys.setdefault(name, Key(name, self.books.options))
        for field, value in order.items():
            setattr(key, field, value)
        self.books.balances.setdefault(key.account, 0)
        return key.view()
