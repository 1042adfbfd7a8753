"""JSON web tokens, HS256 only."""
import base64
import binascii
import hashlib
import hmac
import math
import re

from gatewire import jsonbody
from .codes import Err

PART = re.compile(r"[A-Za-z0-9_-]+\Z")
TIERS = ("free", "pro", "enterprise")
GRACE = 300


def _pack(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _unpack(text):
    if not PART.match(text):
        raise ValueError("not base64url")
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _mac(text, secret):
    return hmac.new(secret, text.encode("ascii"), hashlib.sha256).digest()


def sign(claims, secret):
    text = _pack(b'{"alg":"HS256","typ":"JWT"}') + "." + _pack(jsonbody.dump(claims))
    return text + "." + _pack(_mac(text, secret))


def _time(claims, name):
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError(f"{name} is not a time")
    return value


class Caller:
    def __init__(self, claims):
        self.user, self.tenant = claims["sub"], claims["tenant"]
        self.roles, self.tier = set(claims["roles"]), claims["tier"]

    def need_role(self, *roles):
        if not self.roles & {"admin", *roles}:
            raise Err(1501, f"This needs one of the roles: {', '.join(roles)}.")

    def need_tier(self, tier):
        if TIERS.index(self.tier) < TIERS.index(tier):
            raise Err(1503, f"This needs the {tier} tier.")


class Verifier:
    def __init__(self, secret, clock, flaw):
        self.secret, self.clock, self.flaw = secret, clock, flaw

    def caller(self, request):
        scheme, _, token = (request.header("authorization") or "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise Err(1500, "Send a token as Authorization: Bearer.",
                      [("WWW-Authenticate", "Bearer")])
        try:
            return Caller(self._claims(token.strip()))
        except (ValueError, OverflowError, binascii.Error, jsonbody.BadJson, AttributeError):
            raise Err(1502, "The token is not valid, or no longer.",
                      [("WWW-Authenticate", 'Bearer error="invalid_token"')]) from None

    def _claims(self, token):
        head, claims, mac = token.split(".")
        header = jsonbody.parse(_unpack(head))
        unsigned = header.get("alg") == "none" and self.flaw("alg-none")
        if not unsigned:
            if header.get("alg") != "HS256" or "crit" in header:
                raise ValueError("algorithm")
            if not hmac.compare_digest(_unpack(mac), _mac(f"{head}.{claims}", self.secret)):
                raise ValueError("signature")
        claims = jsonbody.parse(_unpack(claims))
        now, late = self.clock.now(), GRACE if self.flaw("exp-grace") else 0
        expires, starts = _time(claims, "exp"), _time(claims, "nbf")
        if expires is None or now >= expires + late or (starts is not None and now < starts):
            raise ValueError("time")
        roles = claims.get("roles")
        if not isinstance(roles, list) or any(not isinstance(role, str) for role in roles):
            raise ValueError("roles")
        for name in ("sub", "tenant"):
            if not isinstance(claims.get(name), str) or not claims[name]:
                raise ValueError(name)
        if claims.get("tier") not in TIERS:
            raise ValueError("tier")
        return claims
