"""Every error a client can see, in one shape for each protocol."""
from gatewire import jsonbody

LABEL = "opengateway"
KINDS = {400: "invalid_request_error", 401: "authentication_error", 402: "insufficient_credits",
         403: "permission_error", 404: "not_found_error", 422: "invalid_request_error",
         429: "rate_limit_error", 500: "api_error", 503: "service_unavailable"}
CODES = {400: "invalid_model", 401: "unauthorized", 402: "credits_exhausted", 403: "forbidden",
         404: "model", 405: "method_not_allowed", 413: "request_too_large",
         422: "model_task_mismatch", 429: "rate_limit", 500: "internal", 503: "offline"}


class Problem(Exception):
    def __init__(self, status, message, code=None, headers=(), provider=LABEL):
        super().__init__(message)
        self.status, self.message, self.headers = status, message, list(headers)
        self.code = code or CODES.get(status, "invalid_request" if status < 500 else "internal")
        self.provider = provider


def speaks_anthropic(path):
    return path.endswith("/v1/messages") or "/v1/messages/" in path


def document(problem, anthropic, flaw):
    kind = KINDS.get(problem.status, KINDS[400 if problem.status < 500 else 500])
    error = {"type": kind, "message": problem.message, "code": problem.code,
             "provider": problem.provider}
    if anthropic and not (problem.status == 429 and flaw("messages-429-shape")):
        return {"type": "error", "error": error}
    return {"error": error}


def event(problem, anthropic, flaw):
    """The problem as the last event of a stream."""
    name = b"event: error\n" if anthropic else b""
    return name + b"data: " + jsonbody.dump(document(problem, anthropic, flaw)) + b"\n\n"
