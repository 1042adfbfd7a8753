"""What a request body must look like, field by field."""

ROLES = ("system", "developer", "user", "assistant", "tool", "function")


class Invalid(Exception):
    """flavour: missing, type or range."""

    def __init__(self, flavour, field, message):
        super().__init__(message)
        self.flavour, self.field = flavour, field


def number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def integer(value):
    return isinstance(value, int) and not isinstance(value, bool)


def need(body, name):
    if name not in body or body[name] is None:
        raise Invalid("missing", name, f"the field '{name}' is required")
    return body[name]


def text(body, name, required=False):
    value = need(body, name) if required else body.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise Invalid("type", name, f"'{name}' must be a string")
    if required and not value.strip():
        raise Invalid("range", name, f"'{name}' must not be empty")
    return value


def within(body, name, low, high, whole=False):
    value = body.get(name)
    if value is None:
        return
    if not (integer(value) if whole else number(value)):
        raise Invalid("type", name, f"'{name}' must be {'an integer' if whole else 'a number'}")
    if not low <= value <= high:
        raise Invalid("range", name, f"'{name}' is out of range")


def kind(body, name, types, label):
    value = body.get(name)
    if value is not None and not isinstance(value, types):
        raise Invalid("type", name, f"'{name}' must be {label}")
    return value


def objects(body, name):
    value = kind(body, name, list, "an array")
    for item in value or ():
        if not isinstance(item, dict):
            raise Invalid("type", name, f"every item of '{name}' must be an object")


def strings(body, name, most=None):
    value = kind(body, name, list, "an array of strings")
    if value is None:
        return
    if any(not isinstance(item, str) for item in value):
        raise Invalid("type", name, f"'{name}' must hold strings only")
    if most is not None and len(value) > most:
        raise Invalid("range", name, f"'{name}' holds too many items")


def _content(message, where, may_lack):
    content = message.get("content")
    if content is None:
        if may_lack:
            return
        raise Invalid("missing", where, f"'{where}.content' is required")
    if isinstance(content, str):
        return
    if not isinstance(content, list):
        raise Invalid("type", where, f"'{where}.content' must be a string or an array")
    if not content and not may_lack:
        raise Invalid("range", where, f"'{where}.content' must not be empty")
    for part in content:
        if not isinstance(part, dict) or not isinstance(part.get("type"), str):
            raise Invalid("type", where, f"'{where}.content' must hold typed parts")
        if part["type"] == "text" and not isinstance(part.get("text"), str):
            raise Invalid("type", where, f"a text part of '{where}' has no text")


def messages(body, roles):
    value = need(body, "messages")
    if not isinstance(value, list):
        raise Invalid("type", "messages", "'messages' must be an array")
    if not value:
        raise Invalid("range", "messages", "'messages' must not be empty")
    for index, message in enumerate(value):
        where = f"messages[{index}]"
        if not isinstance(message, dict):
            raise Invalid("type", where, f"'{where}' must be an object")
        role = message.get("role")
        if role is None:
            raise Invalid("missing", where, f"'{where}.role' is required")
        if not isinstance(role, str):
            raise Invalid("type", where, f"'{where}.role' must be a string")
        if role not in roles:
            raise Invalid("range", where, f"'{where}.role' is not a known role")
        calls = role == "assistant" and (message.get("tool_calls") or message.get("function_call")
                                         or message.get("refusal") or message.get("audio"))
        _content(message, where, bool(calls))


def chat(body):
    text(body, "model", required=True)
    messages(body, ROLES)
    kind(body, "stream", bool, "a boolean")
    for name, low, high in (("temperature", 0, 2), ("top_p", 0, 1),
                            ("presence_penalty", -2, 2), ("frequency_penalty", -2, 2)):
        within(body, name, low, high)
    for name, low, high in (("n", 1, 128), ("max_tokens", 1, 10 ** 9), ("top_logprobs", 0, 20),
                            ("max_completion_tokens", 1, 10 ** 9),
                            ("seed", -2 ** 63, 2 ** 63 - 1)):
        within(body, name, low, high, whole=True)
    for name in ("stream_options", "logit_bias", "response_format", "metadata"):
        kind(body, name, dict, "an object")
    for name in ("logprobs", "parallel_tool_calls", "store"):
        kind(body, name, bool, "a boolean")
    objects(body, "tools")
    kind(body, "tool_choice", (str, dict), "a string or an object")
    text(body, "user")
    if not isinstance(body.get("stop"), str):
        strings(body, "stop", most=4)


def embeddings(body):
    text(body, "model", required=True)
    value = need(body, "input")
    batch = value if isinstance(value, list) else [value]
    if not batch:
        raise Invalid("range", "input", "'input' must not be empty")
    if not (all(isinstance(item, str) for item in batch)
            or (isinstance(value, list) and all(integer(item) for item in batch))
            or all(isinstance(item, list) and item and all(integer(i) for i in item)
                   for item in batch)):
        raise Invalid("type", "input", "'input' must be text, token numbers, or a list of them")
    if any(item == "" for item in batch):
        raise Invalid("range", "input", "'input' must not hold empty strings")
    within(body, "dimensions", 1, 10 ** 6, whole=True)
    form = text(body, "encoding_format")
    if form is not None and form not in ("float", "base64"):
        raise Invalid("range", "encoding_format", "'encoding_format' is float or base64")
    text(body, "user")
    no_stream(body)


def anthropic(body):
    text(body, "model", required=True)
    need(body, "max_tokens")
    within(body, "max_tokens", 1, 10 ** 9, whole=True)
    messages(body, ("user", "assistant"))
    kind(body, "stream", bool, "a boolean")
    kind(body, "system", (str, list), "a string or an array")
    if isinstance(body.get("system"), list):
        objects(body, "system")
    within(body, "temperature", 0, 1)
    within(body, "top_p", 0, 1)
    within(body, "top_k", 0, 10 ** 9, whole=True)
    strings(body, "stop_sequences")
    objects(body, "tools")
    kind(body, "tool_choice", dict, "an object")
    kind(body, "metadata", dict, "an object")


def no_stream(body):
    """For endpoints that give whole answers only."""
    if kind(body, "stream", bool, "a boolean"):
        raise Invalid("range", "stream", "this endpoint does not stream")


def said(body):
    """All text of a checked chat request, for estimates and comparisons."""
    parts = [body["system"]] if isinstance(body.get("system"), str) else []
    for message in body["messages"]:
        content = message.get("content")
        if isinstance(content, str):
            parts.append(content)
        else:
            parts += [p["text"] for p in content or () if isinstance(p.get("text"), str)]
    return "\n".join(parts)


def inputs(body):
    """The inputs of a checked embeddings request: texts, or lists of token numbers."""
    value = body["input"]
    return [value] if isinstance(value, str) or integer(value[0]) else value


def said_input(body):
    return "\n".join(item for item in inputs(body) if isinstance(item, str))
