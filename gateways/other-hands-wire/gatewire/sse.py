"""Server-sent events: cutting a byte stream into events and judging them."""
import re

from . import jsonbody
from .httpc import UpstreamFault

BLANK_LINE = re.compile(rb"(?:\r\n|\n|\r(?!\n))(?:\r\n|\n|\r)")
LINE_END = re.compile(rb"\r\n|\n|\r")
MAX_EVENT = 8 * 1024 * 1024


class StreamError(Exception):
    """The upstream put an error into its stream."""

    def __init__(self, message, kind=""):
        super().__init__(message)
        self.kind = kind


class Event:
    def __init__(self, raw):
        self.raw = raw.strip(b"\r\n") + b"\n\n"
        self.name, lines = "", []
        for line in LINE_END.split(raw):
            field, _, value = line.partition(b":")
            value = value[1:] if value.startswith(b" ") else value
            if field == b"data":
                lines.append(value)
            elif field == b"event":
                self.name = value.decode("utf-8", "replace")
        self.data = b"\n".join(lines) if lines else None


async def events(answer, until, silence):
    """Yields events as soon as they are whole; half an event at the end is dropped."""
    held, seen = bytearray(), 0
    async for piece in answer.pieces(until, silence):
        held += piece
        while match := BLANK_LINE.search(held, max(0, seen - 3)):
            raw = bytes(held[:match.end()])
            del held[:match.end()]
            seen = 0
            if raw.strip(b"\r\n"):
                yield Event(raw)
        seen = len(held)
        if seen > MAX_EVENT:
            answer.close()
            raise UpstreamFault("framing", "an event is too large")


def error_text(document):
    """The human part of an upstream error document, whatever its shape."""
    if not isinstance(document, dict):
        return ""
    inner = document.get("error", document)
    if isinstance(inner, str):
        return inner
    if isinstance(inner, dict) and isinstance(inner.get("message"), str):
        return inner["message"]
    text = document.get("message", document.get("detail", ""))
    return text if isinstance(text, str) else ""


def count(value):
    """A token count from an upstream, or None when it is not one."""
    good = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10 ** 9
    return value if good else None


class ChatJudge:
    """Follows a chat completion stream; look() is True on its proper end."""

    def __init__(self):
        self.characters, self.usage = 0, None

    def look(self, event):
        if event.data.strip() == b"[DONE]":
            return True
        document = self._object(event)
        if event.name == "error" or document.get("error") is not None:
            raise StreamError(error_text(document), self._kind(document))
        if isinstance(document.get("usage"), dict):
            self.usage = document["usage"]
        choices = document.get("choices")
        for choice in choices if isinstance(choices, list) else ():
            delta = choice.get("delta") if isinstance(choice, dict) else None
            if isinstance(delta, dict) and isinstance(delta.get("content"), str):
                self.characters += len(delta["content"])
        return False

    def _object(self, event):
        try:
            document = jsonbody.parse(event.data)
        except jsonbody.BadJson:
            raise UpstreamFault("framing", "an event is not JSON") from None
        if not isinstance(document, dict):
            raise UpstreamFault("framing", "an event is not an object")
        return document

    def _kind(self, document):
        inner = document.get("error")
        kind = inner.get("type") if isinstance(inner, dict) else ""
        return kind if isinstance(kind, str) else ""

    def tokens(self, names=("prompt_tokens", "completion_tokens")):
        usage = self.usage or {}
        return tuple(count(usage.get(name)) for name in names)


class MessageJudge(ChatJudge):
    """The same for a stream of Anthropic message events."""

    def look(self, event):
        document = self._object(event)
        kind = document.get("type")
        if event.name == "error" or kind == "error":
            raise StreamError(error_text(document), self._kind(document))
        for place in (document.get("message"), document):
            if isinstance(place, dict) and isinstance(place.get("usage"), dict):
                self.usage = {**(self.usage or {}), **place["usage"]}
        delta = document.get("delta")
        if isinstance(delta, dict) and isinstance(delta.get("text"), str):
            self.characters += len(delta["text"])
        return kind == "message_stop"

    def tokens(self, names=("input_tokens", "output_tokens")):
        return super().tokens(names)
