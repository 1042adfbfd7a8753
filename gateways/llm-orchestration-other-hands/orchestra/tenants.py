"""Tenants: wallets, monthly quotas, and rate limits for tenant and user."""
import math
import time

from .codes import Err
from gatewire.kit import SlidingWindow

CREDIT_USD = 0.01
QUOTAS = {"free": 1000, "pro": 100000, "enterprise": 1000000}
SEEDS = {
    "acme": {}, "globex": {},
    "penniless": {"credits": 0.0},
    "overdrawn": {"credits": -5.0},
    "nearly-broke": {"credits": 0.5},
    "slow-tenant": {"tenant_rpm": 5},
    "slow-user": {"user_rpm": 3},
    "quota-spent": {"quota": 10, "quota_used": 10},
    "small-quota": {"quota": 3},
}


class Tenant:
    def __init__(self, window, credits=1e6, tenant_rpm=None, user_rpm=None, quota=None,
                 quota_used=0):
        self.credits, self.held = credits, 0.0
        self.tenant_rpm, self.user_rpm = tenant_rpm, user_rpm
        self.quota, self.quota_used, self.month = quota, quota_used, None
        self.seconds, self.window, self.users = window, SlidingWindow(window), {}

    def view(self):
        names = ("credits", "held", "tenant_rpm", "user_rpm", "quota", "quota_used")
        return {name: getattr(self, name) for name in names}


class Ticket:
    """One paid call: held credits and a unit of quota, settled once."""

    def __init__(self, tenant, credits, flaw):
        self.tenant, self.credits, self.flaw, self.open = tenant, credits, flaw, True
        tenant.held += credits
        tenant.quota_used += 1

    def settle(self, dollars, done):
        if not self.open:
            return
        self.open = False
        self.tenant.held = max(0.0, self.tenant.held - self.credits)
        self.tenant.credits -= dollars / CREDIT_USD
        if not done and not self.flaw("quota-counts-failures"):
            self.tenant.quota_used = max(0, self.tenant.quota_used - 1)


class Tenants:
    def __init__(self, options, clock, flaw):
        self.options, self.clock, self.flaw = options, clock, flaw
        self.reset()

    def reset(self):
        self.all = {name: Tenant(self.options.rate_window, **more) for name, more in SEEDS.items()}

    def of(self, caller):
        tenant = self.all.get(caller.tenant)
        if tenant is None:
            raise Err(1502, "The token names a tenant that does not exist.")
        return tenant

    def admit(self, caller):
        tenant, now = self.of(caller), self.clock.now()
        name = "*" if self.flaw("one-user-window") else caller.user
        user = tenant.users.setdefault(name, SlidingWindow(tenant.seconds))
        for who, window, limit in (("tenant", tenant.window, tenant.tenant_rpm),
                                   ("user", user, tenant.user_rpm)):
            if limit is not None and window.used(now) >= limit:
                wait = str(max(1, math.ceil(window.wait(now, 1, limit))))
                silent = who == "user" and self.flaw("no-retry-after")
                raise Err(1400, f"This {who} may make {limit} requests a minute.",
                          [] if silent else [("Retry-After", wait)])
        tenant.window.add(now)
        user.add(now)

    def charge(self, caller, dollars):
        """A Ticket for a call that is expected to cost so much."""
        tenant = self.of(caller)
        month = time.gmtime(self.clock.now())[:2]
        if tenant.month is not None and tenant.month != month:
            tenant.quota_used = 0
        tenant.month = month
        quota = QUOTAS[caller.tier] if tenant.quota is None else tenant.quota
        if tenant.quota_used >= quota:
            raise Err(1403, f"The month's {quota} requests are used up.")
        credits = dollars / CREDIT_USD
        held = 0.0 if self.flaw("wallet-race") else tenant.held
        if tenant.credits <= 0 or credits > tenant.credits - held:
            raise Err(1401, f"About {credits:.4f} credits are needed, "
                            f"{max(0.0, tenant.credits - held):.4f} are free.")
        return Ticket(tenant, credits, self.flaw)
