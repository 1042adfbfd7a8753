"""The service's own request forms, turned into those of the OpenAI-like routes."""
from gatewire import fields
from gatewire.fields import Invalid


def timeout(body):
    value = body.get("timeoutSeconds")
    if value is None:
        return None
    if not fields.number(value):
        raise Invalid("type", "timeoutSeconds", "'timeoutSeconds' must be a number")
    if not value > 0:
        raise Invalid("range", "timeoutSeconds", "'timeoutSeconds' must be above zero")
    return value


def _kept(body, *names):
    return {name: body[name] for name in names if body.get(name) is not None}


def inference(body):
    for name in ("useCase", "prompt"):
        fields.need(body, name)
        fields.text(body, name)
    return {**_kept(body, "model"), "messages": [{"role": "user", "content": body["prompt"]}],
            **_kept(body, "maxTokens", "stream", "useCase", "provider")}


def embeddings(body):
    value = fields.need(body, "input")
    for item in value if isinstance(value, list) else [value]:
        if not isinstance(item, str):
            raise Invalid("type", "input", "'input' must be a string or a list of strings")
    return _kept(body, "model", "input")


def rerank(body):
    fields.text(body, "model", required=True)
    return _kept(body, "model", "query", "documents")


RULES = {"chat": inference, "embedding": embeddings, "rerank": rerank}
