"""The call to the inference cluster: connection, head and body, each with its own way to fail."""

import asyncio
import re
import ssl
import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from .contract import Failure

HEAD_LIMIT = 64 * 1024
BODY_LIMIT = 8 * 1024 * 1024
INTERIM_LIMIT = 16
RECONNECT_PAUSE = 0.05


class Unreachable(Failure):
    """No answer began: refused, reset or closed."""

    def __init__(self) -> None:
        super().__init__(502, "upstream_unavailable", "The inference cluster could not be reached.")


class Garbled(Failure):
    """What came back is not HTTP."""

    def __init__(self) -> None:
        super().__init__(502, "upstream_garbled", "The inference cluster did not speak our language.")


class CutShort(Failure):
    """The answer broke off."""

    def __init__(self) -> None:
        super().__init__(502, "upstream_cut_short", "The inference cluster broke off in the middle.")


@dataclass
class Answer:
    """The head of the cluster's answer, and a way to its body. Header names are lower case."""

    status: int
    headers: list[tuple[str, str]]
    _reader: asyncio.StreamReader
    _writer: asyncio.StreamWriter

    def header(self, name: str) -> str:
        """The first value of a header, empty when there is none."""
        return next((value for key, value in self.headers if key == name), "")

    def close(self) -> None:
        """Gives the connection up, whatever is still to come on it."""
        self._writer.transport.abort()

    async def pieces(self) -> AsyncIterator[bytes]:
        """The body as it arrives, decoded; raises CutShort or Garbled where it breaks."""
        inflate = self._decoder()
        total = 0
        try:
            async for raw in self._framed():
                piece = inflate(raw)
                total += len(piece)
                if total > BODY_LIMIT:
                    raise Garbled
                yield piece
        except zlib.error:
            raise Garbled from None
        except (asyncio.IncompleteReadError, OSError):
            raise CutShort from None
        except asyncio.LimitOverrunError:
            raise Garbled from None

    async def _framed(self) -> AsyncIterator[bytes]:
        if "chunked" in self.header("transfer-encoding").lower():
            async for piece in self._chunks():
                yield piece
            return
        lengths = {value for name, value in self.headers if name == "content-length"}
        if not lengths:
            while piece := await self._reader.read(65536):
                yield piece
            return
        length = lengths.pop()
        if lengths or not re.fullmatch(r"[0-9]{1,12}", length):
            raise Garbled
        left = int(length)
        while left:
            piece = await self._reader.read(min(left, 65536))
            if not piece:
                raise CutShort
            left -= len(piece)
            yield piece

    async def _chunks(self) -> AsyncIterator[bytes]:
        while True:
            size = (await self._reader.readuntil(b"\r\n")).split(b";")[0].strip()
            if not re.fullmatch(rb"[0-9a-fA-F]{1,8}", size):
                raise Garbled
            left = int(size, 16)
            if left == 0:
                return
            while left:
                piece = await self._reader.read(min(left, 65536))
                if not piece:
                    raise CutShort
                left -= len(piece)
                yield piece
            if await self._reader.readexactly(2) != b"\r\n":
                raise Garbled

    def _decoder(self):
        coding = self.header("content-encoding").lower()
        if coding in ("", "identity"):
            return lambda piece: piece
        if coding not in ("gzip", "deflate"):
            raise Garbled
        inflate = zlib.decompressobj(zlib.MAX_WBITS | 32)
        return lambda piece: inflate.decompress(piece, BODY_LIMIT + 1)


class Cluster:
    """The inference cluster behind the gateway."""

    def __init__(self, url: str, key: str) -> None:
        parts = urlsplit(url)
        self._host = parts.hostname or "127.0.0.1"
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._port = parts.port or (443 if self._tls else 80)
        self._authority = parts.netloc.rpartition("@")[2]
        self._prefix = parts.path.rstrip("/")
        self.key = key

    async def post(self, path: str, body: bytes, stream: bool) -> Answer:
        """Sends one request and reads the head of its answer; the caller keeps the time."""
        reader, writer = await self._connect()
        try:
            writer.write(self._head(path, len(body), stream) + body)
            await writer.drain()
            status, headers = await _read_head(reader)
        except (asyncio.IncompleteReadError, OSError):
            writer.transport.abort()
            raise Unreachable from None
        except BaseException:
            writer.transport.abort()
            raise
        return Answer(status, headers, reader, writer)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        for pause in (RECONNECT_PAUSE, None):
            try:
                return await asyncio.open_connection(self._host, self._port, ssl=self._tls, limit=HEAD_LIMIT)
            except OSError:
                # Nothing was sent yet, so that a second try costs the caller nothing but this pause.
                if pause is None:
                    raise Unreachable from None
                await asyncio.sleep(pause)
        raise Unreachable

    def _head(self, path: str, length: int, stream: bool) -> bytes:
        lines = [
            f"POST {self._prefix}{path} HTTP/1.1",
            f"content-length: {length}",
            "content-type: application/json",
            f"accept: {'text/event-stream' if stream else 'application/json'}",
            "accept-encoding: identity",
            f"authorization: Bearer {self.key}",
            "user-agent: other-hands/1",
            f"host: {self._authority}",
            "connection: close",
        ]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


async def _read_head(reader: asyncio.StreamReader) -> tuple[int, list[tuple[str, str]]]:
    for _ in range(INTERIM_LIMIT):
        line = await _line(reader)
        start = re.fullmatch(r"HTTP/1\.[01] ([1-9][0-9]{2})( .*)?", line)
        if start is None:
            raise Garbled
        headers = []
        while line := await _line(reader):
            name, colon, value = line.partition(":")
            if not colon or len(headers) >= 256:
                raise Garbled
            headers.append((name.strip().lower(), value.strip()))
        status = int(start[1])
        if status >= 600 or status == 101:
            raise Garbled
        if status >= 200:
            return status, headers
    raise Garbled


async def _line(reader: asyncio.StreamReader) -> str:
    try:
        return (await reader.readuntil(b"\n")).decode("latin-1").rstrip("\r\n")
    except asyncio.LimitOverrunError:
        raise Garbled from None
