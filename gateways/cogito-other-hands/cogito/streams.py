"""Server-sent events: out of the cluster's bytes, checked, and on to the client."""

import asyncio
import json
from collections.abc import AsyncIterator

from .contract import Failure
from .flaws import flawed
from .http1 import Channel
from .upstream import Answer, CutShort

EVENT_LIMIT = 1024 * 1024
DONE = "[DONE]"


class Broken(Exception):
    """The client's connection has to break, because the cluster's did."""


async def relay(answer: Answer, channel: Channel, head: list[tuple[str, str]], slug: str, pace: float, left: float) -> None:
    """Passes a stream on event by event.

    `left` seconds may pass before the first event, `pace` between two. A Failure raised before the head went out is an
    ordinary one; after it, it is for the caller to send as an event. Broken asks for the connection to be severed.
    """
    events = _events(answer)
    chunks = 0
    finished = False
    while True:
        try:
            async with asyncio.timeout(pace if channel.streaming else max(left, 0)):
                data = await anext(events, None)
        except TimeoutError:
            raise Failure(502, "deadline_exceeded", "The inference cluster fell silent.") from None
        except CutShort:
            if channel.streaming:
                raise Broken from None
            raise
        if data == DONE and chunks:
            return await _end(channel)
        if data is None:
            return await _unfinished(channel, chunks, finished)
        chunk = _checked(data)
        finished = finished or any(choice.get("finish_reason") for choice in chunk["choices"])
        chunk["model"] = slug
        chunks += 1
        if not channel.streaming:
            await channel.start(head)
        await channel.chunk(b"data: " + json.dumps(chunk).encode() + b"\n\n")


async def _end(channel: Channel) -> None:
    await channel.chunk(f"data: {DONE}\n\n".encode())
    await channel.finish()


async def _unfinished(channel: Channel, chunks: int, finished: bool) -> None:
    """The cluster ended in good order but without its last word."""
    if not channel.streaming:
        raise unusable()
    if chunks > 1 and flawed("polite-goodbye"):
        return await _end(channel)
    if finished:
        raise Broken
    raise CutShort


def _checked(data: str) -> dict:
    try:
        chunk = json.loads(data)
    except (ValueError, RecursionError):
        raise unusable() from None
    if isinstance(chunk, dict) and chunk.get("error"):
        raise Failure(502, "inference_failed", "The inference cluster gave up on this request.")
    choices = chunk.get("choices") if isinstance(chunk, dict) else None
    if not isinstance(choices, list) or not all(isinstance(choice, dict) for choice in choices):
        raise unusable()
    return chunk


def unusable() -> Failure:
    """A success of the cluster that is none."""
    return Failure(500, "unusable_answer", "The inference cluster answered something we cannot use.")


async def _events(answer: Answer) -> AsyncIterator[str]:
    """The data of each whole event; what is left over at the end was never an event."""
    pending = b""
    data: list[str] = []
    async for piece in answer.pieces():
        pending += piece
        if len(pending) > EVENT_LIMIT:
            raise unusable()
        *lines, pending = pending.split(b"\n")
        for line in lines:
            line = line.rstrip(b"\r")
            if not line:
                if data:
                    yield "\n".join(data)
                data = []
                continue
            name, _, value = line.partition(b":")
            if name == b"data":
                try:
                    data.append(value.removeprefix(b" ").decode())
                except UnicodeDecodeError:
                    raise unusable() from None
