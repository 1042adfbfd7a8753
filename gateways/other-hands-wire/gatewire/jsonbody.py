"""Strict JSON reading, and edits that leave the rest of the text untouched."""
import json
from json.decoder import scanstring

DECODER = json.JSONDecoder()
BLANK = " \t\r\n"


class BadJson(Exception):
    pass


def _refuse(name):
    raise ValueError(f"{name} is not JSON")


def parse(raw):
    try:
        return json.loads(raw.decode("utf-8"), parse_constant=_refuse)
    except UnicodeDecodeError:
        raise BadJson("the body is not UTF-8 text") from None
    except RecursionError:
        raise BadJson("the body is nested too deeply") from None
    except ValueError:
        raise BadJson("the body is not valid JSON") from None


def dump(value):
    return json.dumps(value, separators=(",", ":")).encode("ascii")


def _skip(text, at):
    while text[at] in BLANK:
        at += 1
    return at


def members(text):
    """(key, start of member, start of value, end of value) of the top-level object."""
    at = _skip(text, 0) + 1
    found = []
    at = _skip(text, at)
    while text[at] != "}":
        start = at
        key, at = scanstring(text, at + 1, False)
        at = _skip(text, _skip(text, at) + 1)
        _, end = DECODER.raw_decode(text, at)
        found.append((key, start, at, end))
        at = _skip(text, end)
        if text[at] == ",":
            at = _skip(text, at + 1)
    return found


def edit(raw, put=None, drop=()):
    """Replaces or adds the members of `put`, drops those named in `drop`."""
    text = raw.decode("utf-8")
    put = dict(put or {})
    kept = []
    for key, start, value, end in members(text):
        if key in put:
            kept.append(text[start:value] + json.dumps(put[key]))
        elif key not in drop:
            kept.append(text[start:end])
    present = {key for key, *_ in members(text)}
    kept += [f"{json.dumps(k)}:{json.dumps(v)}" for k, v in put.items() if k not in present]
    return ("{" + ",".join(kept) + "}").encode("utf-8")
