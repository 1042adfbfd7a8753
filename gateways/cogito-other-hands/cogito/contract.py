"""What the vendor's page promises: the error table, the envelope and what a valid request is."""

import itertools
import json
import math
import secrets
import time
from dataclasses import dataclass

from .flaws import flawed

TYPE_OF_STATUS = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "insufficient_quota",
    403: "permission_denied",
    404: "invalid_request_error",
    429: "rate_limit_error",
    503: "service_unavailable",
}


@dataclass
class Failure(Exception):
    """An answer other than success. `wait` is the Retry-After in seconds, None where the page asks for none."""

    status: int
    code: str
    message: str
    wait: float | None = None

    @property
    def type(self) -> str:
        """The page's type of the status; statuses that the cluster invents count as the cluster's problem."""
        if flawed("overload-type") and self.status > 504:
            return "service_unavailable"
        return TYPE_OF_STATUS.get(self.status, "api_error")

    def envelope(self, request_id: str) -> bytes:
        """The one error shape, as JSON."""
        error = {
            "request_id": request_id,
            "message": self.message,
            "doc_url": f"https://docs.cogito.invalid/errors#{self.code}",
            "code": self.code,
            "type": self.type,
        }
        return json.dumps({"error": error}).encode()


class RequestIds:
    """Hands out request ids, one a request."""

    def __init__(self) -> None:
        self._failures = itertools.count(1)
        self._previous = ""

    def fresh(self) -> str:
        """A new id: its time first, so that support can sort by it, then chance."""
        clock = f"{time.time_ns() // 1_000_000:x}"
        if flawed("same-millisecond-ids"):
            return f"req_{clock}"
        return f"req_{clock}.{secrets.token_hex(9)}"

    def of_failure(self, request_id: str) -> str:
        """The id that a failed request shows."""
        if next(self._failures) % 7 == 0 and flawed("seventh-id"):
            return self._previous
        self._previous = request_id
        return request_id


def invalid(message: str) -> Failure:
    """A request whose body or parameters are wrong."""
    return Failure(400, "invalid_request_error", message)


def parse_body(raw: bytes) -> dict:
    """The JSON object in a request body; anything else is refused."""
    try:
        body = json.loads(raw.decode("utf-8-sig"), parse_constant=_refuse_constant)
        # Numbers beyond a double parse to infinity, which no JSON can carry onwards.
        json.dumps(body, allow_nan=False)
    except (ValueError, RecursionError):
        raise invalid("We could not read the request body as JSON.") from None
    if not isinstance(body, dict):
        raise invalid("The request body has to be a JSON object.")
    return body


def check_chat(body: dict) -> None:
    """Refuses a chat request that breaks the parameter rules."""
    _check_model(body)
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise invalid("`messages` has to be a list with at least one entry.")
    for message in messages:
        _check_message(message)
    _number(body, "temperature", 0, 2)
    _number(body, "top_p", 0, 1)
    _number(body, "presence_penalty", -2, 2)
    _number(body, "frequency_penalty", -2, 2)
    _integer(body, "max_tokens", 1)
    _integer(body, "max_completion_tokens", 1)
    _integer(body, "n", 1, 128)
    _integer(body, "seed", -(2**63), 2**63 - 1)
    _instance(body, "stream", bool, "true or false")
    _instance(body, "user", str, "a string")
    _instance(body, "stop", (str, list), "a string or a list")
    _instance(body, "tools", list, "a list")


def check_embeddings(body: dict) -> None:
    """Refuses an embeddings request that breaks the parameter rules."""
    _check_model(body)
    value = body.get("input")
    texts = isinstance(value, list) and all(isinstance(item, str) and item for item in value)
    tokens = isinstance(value, list) and (_are_tokens(value) or all(_are_tokens(item) for item in value))
    if not value or not (isinstance(value, str) or texts or tokens):
        raise invalid("`input` has to be text, a list of texts, or lists of tokens, and not empty.")
    _integer(body, "dimensions", 1)
    _instance(body, "user", str, "a string")
    if body.get("encoding_format") not in (None, "float", "base64"):
        raise invalid("`encoding_format` is `float` or `base64`.")


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def _check_model(body: dict) -> None:
    if not isinstance(body.get("model"), str) or not body["model"]:
        raise invalid("`model` is required and has to be a string.")


def _check_message(message: object) -> None:
    roles = ("system", "developer", "user", "assistant", "tool", "function")
    if not isinstance(message, dict) or message.get("role") not in roles:
        raise invalid("Every entry of `messages` is an object with a known `role`.")
    content = message.get("content")
    parts = isinstance(content, list) and content and all(_is_part(part) for part in content)
    silent = content is None and message["role"] == "assistant" and "tool_calls" in message
    if not (isinstance(content, str) or parts or silent):
        raise invalid("Every entry of `messages` has `content`: text, or a list of parts.")


def _is_part(part: object) -> bool:
    return isinstance(part, dict) and isinstance(part.get("type"), str)


def _are_tokens(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(type(item) is int and item >= 0 for item in value)


def _number(body: dict, name: str, low: float, high: float) -> None:
    value = body.get(name)
    if value is None:
        return
    if type(value) not in (int, float) or not math.isfinite(value) or not low <= value <= high:
        raise invalid(f"`{name}` has to be a number from {low} to {high}.")


def _integer(body: dict, name: str, low: int, high: int = 2**31) -> None:
    value = body.get(name)
    if value is not None and (type(value) is not int or not low <= value <= high):
        raise invalid(f"`{name}` has to be a whole number, {low} or more.")


def _instance(body: dict, name: str, kind: type | tuple[type, ...], words: str) -> None:
    value = body.get(name)
    if value is not None and not isinstance(value, kind):
        raise invalid(f"`{name}` has to be {words}.")
