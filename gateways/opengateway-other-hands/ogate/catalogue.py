"""Models, aliases, lanes, and how a model id is read."""
import re

from .problems import Problem

ID = re.compile(r"([A-Za-z0-9][\w.-]{0,63}/[A-Za-z0-9][\w.-]{0,127})(?::([\w-]{1,32}))?\Z", re.A)
POLICIES = ("fastest", "cheapest")
LANES = ("all", "oss")


class Model:
    """`offers`: provider name -> (tokens a second, dollars for a million tokens)."""

    def __init__(self, name, task, oss, window, alpha, beta):
        self.name, self.task, self.oss, self.window = name, task, oss, window
        self.offers = {"alpha": alpha, "beta": beta}


MODELS = {model.name: model for model in (
    Model("meta/llama-3.3-70b", "chat", True, 131072, (80, 0.6), (240, 0.9)),
    Model("qwen/qwen3-32b", "chat", True, 131072, (150, 0.4), (90, 0.2)),
    Model("foo/bar-9000", "chat", True, 32768, (100, 0.5), (100, 0.5)),
    Model("openlabs/short-1k", "chat", True, 1024, (300, 0.1), (200, 0.05)),
    Model("openai/gpt-4o", "chat", False, 128000, (90, 2.5), (110, 3.0)),
    Model("anthropic/claude-sonnet-4", "chat", False, 200000, (70, 3.0), (60, 2.8)),
    Model("google/gemini-2.5-pro", "chat", False, 1000000, (120, 1.25), (100, 1.1)),
    Model("nomic/embed-text-v1.5", "embedding", True, 8192, (900, 0.02), (700, 0.01)),
    Model("openai/text-embedding-3-small", "embedding", False, 8192, (900, 0.02), (800, 0.03)),
)}
ALIASES = {"fast": "meta/llama-3.3-70b:fastest", "cheap": "qwen/qwen3-32b:cheapest",
           "sonnet": "anthropic/claude-sonnet-4", "embed": "nomic/embed-text-v1.5"}


def read_id(text):
    """(model name, policy or None); Problem 400 when the id is malformed."""
    match = ID.match(ALIASES.get(text, text))
    if not match:
        raise Problem(400, "The model is neither an alias nor of the form org/model[:policy].")
    if match[2] is not None and match[2] not in POLICIES:
        raise Problem(400, f"The policies are {' and '.join(POLICIES)}.")
    return match[1], match[2]


def find(text, lane, task, streaming, flaw):
    name, policy = read_id(text)
    model = MODELS.get(name)
    if model is None:
        raise Problem(404, "No model has that id.")
    open_door = model.task == "embedding" and flaw("oss-embeddings-open")
    if lane == "oss" and not model.oss and not open_door:
        raise Problem(404, "That model is not on the oss lane.")
    if model.task != task:
        can = {"chat": "chat", "embedding": "make embeddings"}[task]
        if streaming and flaw("stream-mismatch-400"):
            raise Problem(400, f"'{name}' cannot {can}.")
        raise Problem(422, f"'{name}' cannot {can}.")
    return model, policy


def listing(lane):
    """Ids a client may use on the lane, as an OpenAI list."""
    names = [n for n, m in MODELS.items() if m.oss or lane != "oss"]
    names += [a for a, target in ALIASES.items() if read_id(target)[0] in names]
    return [{"id": n, "object": "model", "created": 1735689600, "type": "model",
             "display_name": n, "owned_by": n.split("/")[0] if "/" in n else "opengateway"}
            for n in names]
