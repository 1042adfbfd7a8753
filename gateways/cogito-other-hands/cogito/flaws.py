"""Deliberate bugs, one at a time, that a conformance run has to find."""

FLAWS = {
    "same-millisecond-ids": "request ids are made from the clock alone, so requests of one millisecond share theirs",
    "fractional-wait": "an upstream's retry-after-ms becomes a Retry-After with a decimal point",
    "late-billing-check": "billing that is not configured is noticed only after the cluster was called",
    "zero-is-credit": "a balance of exactly zero still buys a request",
    "long-errors-verbatim": "an upstream error body of more than 2 KiB is handed on as it came",
    "patient-with-drips": "the deadline of a plain answer starts again with every byte that arrives",
    "polite-goodbye": "a stream that ends without [DONE] after some content gets one added",
    "embeddings-lane-code": "an unknown model is `not_found` instead of `model_not_found` on the embeddings lane",
    "overload-type": "statuses above 504 are typed service_unavailable",
    "stream-drops-wait": "a 429 or 503 that answers a streaming request has no Retry-After",
    "seventh-id": "every seventh failure repeats the request id of the failure before it",
}

_active = ""


def activate(name: str) -> None:
    """Switches one flaw on for the life of the process."""
    global _active
    if name and name not in FLAWS:
        raise ValueError(f"no such flaw: {name}")
    _active = name


def flawed(name: str) -> bool:
    """True when this flaw is on; a name that is not listed is a programming error."""
    assert name in FLAWS, name
    return _active == name
