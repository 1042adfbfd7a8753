"""What a case came to, as the same record in every language: what the SDK gave back, and what the mock saw."""

SENT = ("authorization", "x-api-key", "anthropic-version", "content-type", "x-stainless-lang")


def of_journal(journal: list) -> dict:
    """Attempts, the milliseconds from one's arrival to the next's, and what the SDK sent."""
    arrived = [entry["arrived"] for entry in journal]
    headers = [{name.lower(): value for name, value in entry["request"]["headers"]} for entry in journal]
    sent = headers[0] if headers else {}
    return {
        "attempts": len(journal),
        "gaps": [(later - earlier) // 1000 for earlier, later in zip(arrived, arrived[1:])],
        "retry_counts": [fields.get("x-stainless-retry-count") for fields in headers],
        "path": journal[0]["request"]["target"] if journal else None,
        "undelivered": [entry["undelivered"] for entry in journal if entry["undelivered"]],
        "sent": {name: sent[name] for name in SENT if name in sent},
    }


def of_error(error: BaseException, journal: list) -> dict:
    """The exception as a program that catches it sees it."""
    request_id = getattr(error, "request_id", None)
    return {
        "raised": type(error).__name__,
        "status": getattr(error, "status_code", None),
        "code": getattr(error, "code", None),
        "type": getattr(error, "type", None),
        "param": getattr(error, "param", None),
        "message": str(error),
        "request_id": None if request_id is None else "the provider's" if request_id in ids(journal) else request_id,
    }


def ids(journal: list) -> set:
    """The request ids that the mock gave out."""
    fields = (field for entry in journal for field in entry["played"]["headers"])
    return {value for name, value in fields if name.lower() in ("x-request-id", "request-id")}
