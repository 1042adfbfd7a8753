"""What an upstream failure looks like from outside: nothing of the upstream shows."""
from gatewire import jsonbody, sse
from .problems import LABEL, Problem

SAYS = {401: "The model's provider did not accept the gateway.",
        403: "The model's provider does not allow this.",
        404: "The model's provider does not have it.",
        422: "The model cannot serve this endpoint."}


def offline(flaw, name=""):
    label = name if name and flaw("label-leak") else LABEL
    return Problem(503, "No provider of this model could answer.", headers=[("Retry-After", "1")],
                   provider=label)


def _about_context(raw):
    """True when the upstream's machine-readable code says the window is exceeded."""
    try:
        error = jsonbody.parse(raw).get("error")
        codes = (error.get("code"), error.get("type"))
    except (jsonbody.BadJson, AttributeError):
        return False
    return any(isinstance(code, str) and "context" in code for code in codes)


def said(raw):
    try:
        return sse.error_text(jsonbody.parse(raw))
    except jsonbody.BadJson:
        return raw.decode("utf-8", "replace")


def problem(status, raw, retry_after, flaw, name):
    """The Problem for a final upstream answer with this status."""
    if status == 402:
        return Problem(402, "The upstream credits are used up.")
    if status == 429:
        good = (retry_after or "").isdecimal() and retry_after.isascii() and len(retry_after) < 6
        return Problem(429, "The model's providers are at their limit.", "rate_limit",
                       [("Retry-After", retry_after if good and retry_after != "0" else "1")])
    if status in SAYS:
        return Problem(status, SAYS[status])
    if status in (400, 413) and _about_context(raw):
        return Problem(status, "The request does not fit the model's window.",
                       "context_length_exceeded")
    if 400 <= status < 500:
        text = "The model's provider does not understand the request."
        return Problem(status, said(raw) if flaw("message-leak") else text)
    return offline(flaw, name)
