"""Carries an upstream event stream to a client, one event at a time."""
import asyncio

from . import sse
from .httpc import UpstreamFault


def is_event_stream(answer):
    kind = (answer.header("content-type") or "").split(";")[0].strip().lower()
    return kind == "text/event-stream"


async def relay(answer, judge, out, until, silence, begin, farewell, papered=b""):
    """
    Calls `begin` before the first event, so that a stream which fails earlier still
    gets a proper status: then the fault is raised. Later faults turn into the bytes
    that `farewell(fault)` gives, and the connection closes. True if it ended well.
    """
    source, begun, held = None, False, b""
    try:
        if not is_event_stream(answer):
            raise UpstreamFault("framing", "not an event stream")
        source = sse.events(answer, until, silence)
        ended, loop = False, asyncio.get_running_loop()
        quiet_until = until
        async for event in source:
            if event.data is not None:
                quiet_until = loop.time() + silence
            elif loop.time() > quiet_until:
                # Comments are no answer.
                raise UpstreamFault("timeout")
            if event.data is None and not begun:
                held += event.raw
                continue
            ended = event.data is not None and judge.look(event)
            if not begun:
                await begin()
                begun = True
            await out.piece(held + event.raw)
            held = b""
            if ended:
                break
        if not ended:
            raise UpstreamFault("truncated", "the stream has no proper end")
        await out.finish()
        await _drain(source)
        return True
    except (UpstreamFault, sse.StreamError) as fault:
        if not begun:
            raise
        out.keep = False
        await out.piece(papered or farewell(fault))
        await out.finish()
        return False
    finally:
        answer.close()


async def _drain(source):
    """A short wait for the rest of the framing, so that the connection can be reused."""
    try:
        async with asyncio.timeout(0.1):
            async for _ in source:
                pass
    except (UpstreamFault, TimeoutError):
        pass
