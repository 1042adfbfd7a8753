"""Filling in templates, and looking at what a prompt says."""
import hashlib
import math
import re

from .codes import Err
from .models import FORBIDDEN

HOLE = re.compile(r"\{\{\s*([A-Za-z_]\w{0,63})\s*\}\}")


def holes(text):
    return list(dict.fromkeys(HOLE.findall(text)))


def render(template, variables, flaw):
    if not isinstance(variables, dict):
        raise Err(1601, "'variables' must be an object.")
    values = {**template["defaults"], **variables}
    missing = [name for name in holes(template["text"]) if values.get(name) is None]
    if missing and not flaw("blank-variable"):
        raise Err(1801, f"The template needs: {', '.join(missing)}.")
    for name, value in values.items():
        if isinstance(value, (dict, list)):
            raise Err(1601, "A template variable must be text, a number or a boolean.")

    def fill(match):
        value = values.get(match[1])
        return "" if value is None else value if isinstance(value, str) else _plain(value)

    return HOLE.sub(fill, template["text"])


def _plain(value):
    return str(value).lower() if isinstance(value, bool) else str(value)


def tokens(text):
    return max(math.ceil(len(text) / 4), len(text.split()))


def check(messages, text, window):
    """LLM_1000 for a prompt that is empty, too long, or asks for what is forbidden."""
    says = bool(text.strip()) or any(
        part.get("type") != "text" for m in messages if isinstance(m.get("content"), list)
        for part in m["content"])
    if not says:
        raise Err(1000, "The prompt is empty.")
    if tokens(text) > window:
        raise Err(1000, f"The prompt is longer than {window} tokens.")
    low = text.casefold()
    if any(phrase in low for phrase in FORBIDDEN):
        raise Err(1000, "The prompt holds forbidden content.")


def fingerprint(model, text):
    """The same for prompts that differ in case and spacing only."""
    plain = f"{model}\n{' '.join(text.casefold().split())}"
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()
