"""Routes for whoever runs the service, below /__admin."""
import hmac
import math

from . import intake, tokens
from .codes import Err
from .tenants import Tenant


def _number(value):
    return (isinstance(value, (int, float)) and not isinstance(value, bool)
            and math.isfinite(value) and abs(value) <= 10 ** 12)


def _count_or_none(value):
    return value is None or (_number(value) and isinstance(value, int) and value >= 0)


TENANT = {"credits": _number, "tenant_rpm": _count_or_none, "user_rpm": _count_or_none,
          "quota": _count_or_none,
          "quota_used": lambda v: v is not None and _count_or_none(v)}


class Admin:
    def __init__(self, token, secret, clock, tenants, store, chain, cache):
        self.token, self.secret, self.clock = token, secret, clock
        self.tenants, self.store, self.chain, self.cache = tenants, store, chain, cache
        self.switches = {"maintenance": False, "crash": False}

    def serve(self, request):
        given = request.header("x-admin-token") or ""
        if not self.token or not hmac.compare_digest(given.encode(), self.token.encode()):
            raise Err(1500, "The admin token is missing or wrong.")
        order = intake.read_object(request) if request.body else {}
        what, _, name = request.path.removeprefix("/__admin/").partition("/")
        action = getattr(self, f"_{request.method.lower()}_{what}", None)
        if action is None:
            raise Err(1600, "There is no such admin route.")
        return action(name, order)

    def _get_health(self, name, order):
        return {"healthy": True}

    def _get_state(self, name, order):
        return {"tenants": {n: t.view() for n, t in self.tenants.all.items()},
                "breakers": {n: b.view() for n, b in self.chain.breakers.items()},
                "switches": {**self.switches, "database": self.store.down,
                             "transaction": self.store.failing},
                "cached": len(self.cache.entries), "clock_shift": self.clock.shift}

    def _post_reset(self, name, order):
        self.clock.shift = 0.0
        for part in (self.tenants, self.store, self.chain):
            part.reset()
        self.cache.entries.clear()
        self.switches = dict.fromkeys(self.switches, False)
        return {"reset": True}

    def _post_clock(self, name, order):
        step = order.get("advance")
        if not _number(step) or not 0 <= step <= 10 ** 9:
            raise Err(1601, "advance must be a number of seconds.")
        self.clock.shift += step
        return {"clock_shift": self.clock.shift}

    def _post_switches(self, name, order):
        for switch, value in order.items():
            if switch not in (*self.switches, "database", "transaction") \
                    or not isinstance(value, bool):
                raise Err(1601, "Switches: maintenance, crash, database, transaction.")
        for switch, value in order.items():
            if switch == "database":
                self.store.down = value
            elif switch == "transaction":
                self.store.failing = value
            else:
                self.switches[switch] = value
        return order

    def _post_tokens(self, name, order):
        lasts = order.pop("expiresIn", 3600)
        if not _number(lasts):
            raise Err(1601, "expiresIn must be a number of seconds.")
        claims = {"sub": "someone", "tenant": "acme", "roles": ["user"], "tier": "pro",
                  "exp": self.clock.now() + lasts, **order}
        return {"token": tokens.sign(claims, self.secret)}

    def _patch_tenants(self, name, order):
        for field, value in order.items():
            if field not in TENANT or not TENANT[field](value):
                raise Err(1601, f"{field} is unknown or has a wrong value.")
        tenant = self.tenants.all.setdefault(name, Tenant(self.tenants.options.rate_window))
        for field, value in order.items():
            setattr(tenant, field, value)
        return tenant.view()

    def _put_breakers(self, name, order):
        if order.get("state") not in ("open", "closed", "half-open"):
            raise Err(1601, "state is open, closed or half-open.")
        self.store.provider(name)
        if self.chain.breaker(name).off:
            raise Err(1601, "This service runs without circuit breakers.")
        self.chain.breaker(name).force(order["state"])
        return self.chain.breaker(name).view()
