"""Models, variants and use cases."""
from .codes import Err

USE_CASES = ("event-creation", "moderation", "translation", "summarization", "classification",
             "search", "chat")
FORBIDDEN = ("forbidden-test-phrase", "how to build a bomb")


class Model:
    def __init__(self, name, task, tier, window, price_in, price_out):
        self.name, self.task, self.tier, self.window = name, task, tier, window
        self.prices = price_in, price_out

    def cost(self, tokens_in, tokens_out):
        return (tokens_in * self.prices[0] + tokens_out * self.prices[1]) / 1e6


MODELS = {model.name: model for model in (
    Model("gpt-4o-mini", "chat", "free", 128000, 0.15, 0.6),
    Model("tiny-1k", "chat", "free", 1024, 0.05, 0.1),
    Model("gpt-4o", "chat", "pro", 128000, 2.5, 10.0),
    Model("claude-sonnet-4", "chat", "enterprise", 160000, 3.0, 15.0),
    Model("text-embedding-3-small", "embedding", "free", 8192, 0.02, 0.0),
    Model("rerank-v3", "rerank", "pro", 32768, 0.05, 0.0),
)}
VARIANTS = {"fast": "gpt-4o-mini", "quality": "gpt-4o", "max": "claude-sonnet-4"}


def find(name, task, caller, flaw):
    model = MODELS.get(VARIANTS.get(name, name))
    if model is None or model.task != task:
        raise Err(1001, "There is no such model or variant for this.")
    if not (name in VARIANTS and flaw("variant-free")):
        caller.need_tier(model.tier)
    return model


def listing():
    rows = [{"variant": v, "model": m, "task": "chat", "tier": MODELS[m].tier,
             "tokenLimit": MODELS[m].window} for v, m in VARIANTS.items()]
    return rows + [{"variant": m.name, "model": m.name, "task": m.task, "tier": m.tier,
                    "tokenLimit": m.window} for m in MODELS.values()]
