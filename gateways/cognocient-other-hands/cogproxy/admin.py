"""Routes for whoever runs the gateway, below /_ops."""
import hmac
import math

from gatewire import jsonbody
from gatewire.httpd import Reply
from .ledger import SETTINGS, ProxyKey

SWITCHES = {  # name: (settings when on, settings when off)
    "trial-expired": ({"plan": "trial", "trial_age_days": 400.0}, {"plan": "active"}),
    "budget-exhausted": ({"limit_usd": 1.0, "spent_usd": 1.0, "mode": "block"},
                         {"limit_usd": 1000.0, "spent_usd": 0.0, "mode": "block"}),
    "degrade": ({"limit_usd": 1.0, "spent_usd": 0.9, "mode": "degrade"},
                {"limit_usd": 1000.0, "spent_usd": 0.0, "mode": "block"}),
    "run-exhausted": ({"per_run_limit_usd": 0.0}, {"per_run_limit_usd": None}),
    "velocity-exhausted": ({"requests_per_minute": 0}, {"requests_per_minute": None}),
    "cache": ({"cache": True}, {"cache": False}),
    "revoked": ({"active": False}, {"active": True}),
}


class BadOrder(Exception):
    pass


def settings_of(given):
    """Checks a settings object sent by an admin."""
    clean = {}
    for name, value in given.items():
        kind = SETTINGS.get(name)
        if kind is None:
            raise BadOrder(f"no setting named {name}")
        nullable = name in ("per_run_limit_usd", "requests_per_minute", "tokens_per_minute")
        if value is None and nullable:
            clean[name] = None
            continue
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        good = (number and math.isfinite(value) and value >= 0) if kind is float else \
            (type(value) is kind and (kind is not int or value >= 0))
        if not good:
            raise BadOrder(f"{name} has a wrong value")
        clean[name] = float(value) if kind is float else value
    if clean.get("mode", "block") not in ("block", "degrade"):
        raise BadOrder("mode is block or degrade")
    if clean.get("plan", "active") not in ("trial", "active"):
        raise BadOrder("plan is trial or active")
    return clean


class Admin:
    def __init__(self, token, clock, ledger, cache):
        self.token, self.clock, self.ledger, self.cache = token, clock, ledger, cache

    def serve(self, request):
        given = request.header("x-ops-token") or ""
        if not self.token or not hmac.compare_digest(given.encode(), self.token.encode()):
            return self._say(403, {"error": {"type": "ops_forbidden", "message": "wrong ops token",
                                             "context": {}}})
        try:
            order = jsonbody.parse(request.body) if request.body else {}
            if not isinstance(order, dict):
                raise BadOrder("the body must be an object")
            found = self._route(request.method, request.path.removeprefix("/_ops/"), order)
        except (BadOrder, jsonbody.BadJson) as bad:
            return self._say(400, {"error": {"type": "ops_invalid", "message": str(bad),
                                             "context": {}}})
        if found is None:
            return self._say(404, {"error": {"type": "ops_unknown", "message": "no such ops route",
                                             "context": {}}})
        return self._say(200, found)

    def _say(self, status, document):
        return Reply(status, jsonbody.dump(document))

    def _route(self, method, path, order):
        now = self.clock.now()
        if (method, path) == ("GET", "health"):
            return {"ok": True, "keys": len(self.ledger.keys)}
        if (method, path) == ("GET", "keys"):
            return {name: key.view(now) for name, key in self.ledger.keys.items()}
        if (method, path) == ("POST", "reset"):
            self.clock.shift = 0.0
            self.ledger.reset()
            self.cache.clear()
            return {"ok": True}
        if (method, path) == ("POST", "clock"):
            step = order.get("advance_seconds")
            if not isinstance(step, (int, float)) or not 0 <= step < 1e9:
                raise BadOrder("advance_seconds must be a number of seconds")
            self.clock.shift += step
            return {"shift_seconds": self.clock.shift}
        if (method, path) == ("POST", "cache/clear"):
            self.cache.clear()
            return {"ok": True}
        if method == "PUT" and path.startswith("switches/"):
            return self._switch(path.removeprefix("switches/"), order, now)
        if path.startswith("keys/"):
            return self._key(method, path.removeprefix("keys/"), order, now)
        return None

    def _switch(self, name, order, now):
        if name not in SWITCHES:
            raise BadOrder("switches: " + ", ".join(SWITCHES))
        on, key = order.get("on"), self.ledger.keys.get(str(order.get("key")))
        if not isinstance(on, bool) or (key is None and order.get("key") is not None):
            raise BadOrder("needs on (boolean); key, if given, must exist")
        for each in [key] if key else self.ledger.keys.values():
            each.change(SWITCHES[name][0 if on else 1], now)
            if not on and name.endswith("exhausted"):
                each.requests.clear()
                each.runs.clear()
        return {"switch": name, "on": on}

    def _key(self, method, name, order, now):
        key = self.ledger.keys.get(name)
        if method == "PUT":
            settings = settings_of(order)
            if key is None:
                if not name.startswith("sk-cog-"):
                    raise BadOrder("keys start with sk-cog-")
                key = self.ledger.keys[name] = ProxyKey(
                    name, now, self.ledger.options.velocity_window)
            key.change(settings, now)
        elif method == "DELETE" and key is not None:
            del self.ledger.keys[name]
        elif method != "GET" or key is None:
            return None
        return key.view(now)
