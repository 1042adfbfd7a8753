"""Keys and what they may spend: balance, monthly cap, request and token rates, models and features."""

import copy
import datetime
import math
import time
from collections import deque
from dataclasses import dataclass, field

from .contract import Failure
from .flaws import flawed

COST = 1
WINDOW = 60.0

MODELS = {
    "cogito-large": ("chat", "inference/large-7"),
    "cogito-small": ("chat", "inference/small-7"),
    "cogito-embed": ("embeddings", "inference/embed-2"),
}


@dataclass
class Account:
    """One key. Money is in credits, of which a request costs one; rates are per minute."""

    revoked: bool = False
    balance: int = 1_000_000
    spent: int = 0
    cap: int | None = None
    requests_a_minute: int | None = None
    tokens_a_minute: int | None = None
    models: tuple[str, ...] | None = None
    may_stream: bool = True
    recent: deque = field(default_factory=deque)


KEYS = {
    "ck_live_ada": Account(),
    "ck_live_bea": Account(),
    "ck_gone_cyn": Account(revoked=True),
    "ck_zero_dot": Account(balance=0),
    "ck_debt_eve": Account(balance=-250),
    "ck_last_fay": Account(balance=3),
    "ck_caps_gus": Account(spent=500, cap=500),
    "ck_near_hal": Account(spent=498, cap=500),
    "ck_slow_ivy": Account(requests_a_minute=3),
    "ck_tokn_jan": Account(tokens_a_minute=120),
    "ck_part_kim": Account(models=("cogito-small",)),
    "ck_mute_lou": Account(may_stream=False),
}


class Ledger:
    """The accounts of a running gateway."""

    def __init__(self) -> None:
        self.rewind()

    def rewind(self) -> None:
        """Puts every account back to where it was at the start."""
        self._accounts = copy.deepcopy(KEYS)

    def authenticate(self, headers: list[tuple[str, str]]) -> Account:
        """The account that the Authorization header names."""
        values = [value for name, value in headers if name == "authorization"]
        if not values:
            raise Failure(401, "missing_authorization", "Send your key in an Authorization header.")
        scheme, _, token = values[0].partition(" ")
        account = self._accounts.get(token.strip())
        if len(values) > 1 or scheme.lower() != "bearer" or account is None or account.revoked:
            raise Failure(401, "invalid_api_key", "This is not a key that we would let in.")
        return account

    def permit(self, account: Account, lane: str, body: dict) -> None:
        """Refuses models that do not exist, and models and features that the key lacks."""
        model = body["model"]
        if model not in MODELS or MODELS[model][0] != lane:
            wrong = flawed("embeddings-lane-code") and lane == "embeddings"
            raise Failure(404, "not_found" if wrong else "model_not_found", "We serve no such model here.")
        if account.models is not None and model not in account.models:
            raise Failure(403, "model_not_granted", "Your key was not granted this model.")
        if body.get("stream") and not account.may_stream:
            raise Failure(403, "streaming_not_granted", "Your key was not granted streaming.")

    def admit(self, account: Account, tokens: int) -> None:
        """Takes the price of one request, or refuses it. What fails later is given back with `refund`."""
        if account.balance < 0 or (account.balance == 0 and not flawed("zero-is-credit")):
            raise Failure(402, "insufficient_quota", "Your credit is used up; top it up to go on.")
        if account.cap is not None and account.spent >= account.cap:
            raise Failure(429, "spend_cap_reached", "You have reached your cap for this month.", _until_next_month())
        self._keep_rate(account, tokens)
        account.balance -= COST
        account.spent += COST

    def refund(self, account: Account) -> None:
        """Gives the price of a failed request back."""
        account.balance += COST
        account.spent -= COST

    def _keep_rate(self, account: Account, tokens: int) -> None:
        now = time.monotonic()
        while account.recent and account.recent[0][0] <= now - WINDOW:
            account.recent.popleft()
        wait = math.ceil(WINDOW - (now - account.recent[0][0])) if account.recent else int(WINDOW)
        limit = account.requests_a_minute
        if limit is not None and len(account.recent) >= limit:
            raise Failure(429, "requests_per_minute", "Too many requests in this minute.", wait)
        limit = account.tokens_a_minute
        if limit is not None and sum(spent for _, spent in account.recent) + tokens > limit:
            raise Failure(429, "tokens_per_minute", "Too many tokens in this minute.", wait)
        account.recent.append((now, tokens))


def _until_next_month() -> float:
    now = datetime.datetime.now(datetime.timezone.utc)
    first = (now.replace(day=1) + datetime.timedelta(days=32)).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return math.ceil((first - now).total_seconds())
