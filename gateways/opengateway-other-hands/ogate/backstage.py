"""Routes for whoever runs the gateway, below /backstage."""
import hmac
import math

from gatewire import jsonbody
from .catalogue import MODELS
from .gate import Key
from .problems import Problem


def _boolean(order, name):
    if not isinstance(order.get(name), bool):
        raise Problem(400, f"{name} must be true or false.", "bad_order")
    return order[name]


class Backstage:
    def __init__(self, token, clock, gate, pool, calls):
        self.token, self.clock = token, clock
        self.gate, self.pool, self.calls = gate, pool, calls

    def serve(self, request):
        given = request.header("x-backstage") or ""
        if not self.token or not hmac.compare_digest(given.encode(), self.token.encode()):
            raise Problem(401, "The backstage token is missing or wrong.")
        try:
            order = jsonbody.parse(request.body) if request.body else {}
        except jsonbody.BadJson as bad:
            raise Problem(400, f"{bad}.", "bad_order") from bad
        if not isinstance(order, dict):
            raise Problem(400, "The body must be an object.", "bad_order")
        what, _, name = request.path.removeprefix("/backstage/").partition("/")
        action = getattr(self, f"_{request.method.lower()}_{what}", None)
        if action is None:
            raise Problem(404, "No such backstage route.", "not_found")
        return action(name, order)

    def _get_health(self, name, order):
        return {"healthy": True}

    def _get_state(self, name, order):
        now = self.clock.now()
        return {"keys": {n: k.view(now) for n, k in self.gate.keys.items()},
                "providers": {n: {"offline": p.offline} for n, p in self.pool.providers.items()},
                "models_offline": sorted(self.pool.models_offline), "faults": self.calls.faults,
                "clock_shift": self.clock.shift}

    def _post_reset(self, name, order):
        self.clock.shift = 0.0
        self.gate.reset()
        self.pool.reset()
        self.calls.faults = dict.fromkeys(self.calls.faults, False)
        return {"reset": True}

    def _post_clock(self, name, order):
        step = order.get("seconds")
        if (not isinstance(step, (int, float)) or isinstance(step, bool)
                or not math.isfinite(step) or not 0 <= step <= 10 ** 9):
            raise Problem(400, "seconds must be a number.", "bad_order")
        self.clock.shift += step
        return {"clock_shift": self.clock.shift}

    def _put_faults(self, name, order):
        for fault in order:
            if fault not in self.calls.faults:
                raise Problem(400, f"Faults: {', '.join(self.calls.faults)}.", "bad_order")
            _boolean(order, fault)
        self.calls.faults.update(order)
        return self.calls.faults

    def _put_providers(self, name, order):
        if name not in self.pool.providers:
            raise Problem(404, f"Providers: {', '.join(self.pool.providers)}.", "not_found")
        self.pool.providers[name].offline = _boolean(order, "offline")
        return {name: order}

    def _put_models(self, name, order):
        if name not in MODELS:
            raise Problem(404, "No model has that id.")
        if _boolean(order, "offline"):
            self.pool.models_offline.add(name)
        else:
            self.pool.models_offline.discard(name)
        return {name: order}

    def _put_keys(self, name, order):
        for field, value in order.items():
            if field == "active":
                _boolean(order, field)
            elif field not in ("requests", "at_once") or type(value) is not int or value < 0:
                raise Problem(400, "Settings: active, requests, at_once.", "bad_order")
        key = self.gate.keys.setdefault(
            name, Key("unlimited", True, self.gate.options.rate_window))
        for field, value in order.items():
            setattr(key, field, value)
        return key.view(self.clock.now())
