"""The error table, and the two shapes an error can take."""
from gatewire import jsonbody

TYPES = {400: "invalid_request_error", 401: "authentication_error", 402: "insufficient_quota",
         403: "permission_error", 404: "not_found", 429: "rate_limit_error",
         500: "server_error", 502: "upstream_error", 503: "service_unavailable", 504: "timeout"}


class Fault(Exception):
    def __init__(self, status, message, headers=()):
        super().__init__(message)
        self.status, self.message, self.headers = status, message, list(headers)

    @property
    def kind(self):
        return TYPES.get(self.status, TYPES[400 if self.status < 500 else 500])


def is_anthropic(path):
    return path == "/anthropic" or path.startswith("/anthropic/")


def document(fault, anthropic, flaw):
    if anthropic and not (fault.status == 402 and flaw("anthropic-402-shape")):
        return {"type": "error", "error": {"type": fault.kind, "message": fault.message}}
    code = str(fault.status)
    if fault.status == 429 and flaw("numeric-code"):
        code = fault.status
    return {"error": {"message": fault.message, "type": fault.kind, "code": code}}


def event(fault, anthropic, flaw):
    """The error as the last event of a stream."""
    name = b"event: error\n" if anthropic else b""
    return name + b"data: " + jsonbody.dump(document(fault, anthropic, flaw)) + b"\n\n"
