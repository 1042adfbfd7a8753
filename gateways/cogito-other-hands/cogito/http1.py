"""The gateway's own HTTP/1.1 server side: requests in, answers out."""

import asyncio
import re
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import unquote, urlsplit

from .contract import invalid

HEAD_LIMIT = 64 * 1024
BODY_LIMIT = 8 * 1024 * 1024
IDLE = 75.0
LINGER = 1.0
PHRASES = {status.value: status.phrase for status in HTTPStatus}


@dataclass
class Request:
    """One request. Header names are lower case; `path` is percent-decoded and without its query."""

    method: str
    path: str
    headers: list[tuple[str, str]]
    body: bytes
    keep_alive: bool

    def header(self, name: str) -> str:
        """The first value of a header, empty when there is none."""
        return next((value for key, value in self.headers if key == name), "")


class Channel:
    """One client connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        # Draining then means that the bytes are with the kernel, which breaking a stream relies on.
        writer.transport.set_write_buffer_limits(high=0)
        self.head_only = False
        self.streaming = False

    async def next(self) -> Request | None:
        """The next request, None when the client is done. A Failure leaves the connection unusable."""
        self.head_only = False
        try:
            async with asyncio.timeout(IDLE):
                head = await self._head()
                if not head:
                    return None
                method, path, version, headers = _parse_head(head)
                self.head_only = method == "HEAD"
                names = dict(headers)
                if names.get("expect", "").lower() == "100-continue":
                    self._writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                body = await self._body(headers)
        except asyncio.LimitOverrunError:
            raise invalid("A line of the request is too long.") from None
        except asyncio.IncompleteReadError:
            raise invalid("The request ends too early.") from None
        except TimeoutError:
            return None
        connection = names.get("connection", "").lower()
        keep = "close" not in connection if version == "1.1" else "keep-alive" in connection
        return Request(method, path, headers, body, keep)

    async def answer(self, status: int, headers: list[tuple[str, str]], body: bytes, keep_alive: bool) -> None:
        """Sends a whole answer."""
        lines = [*headers, ("content-Length", str(len(body)))]
        self._writer.write(_render_head(status, lines, keep_alive) + (b"" if self.head_only else body))
        await self._writer.drain()

    async def start(self, headers: list[tuple[str, str]]) -> None:
        """Sends the head of a streamed 200."""
        self.streaming = True
        self._writer.write(_render_head(200, [*headers, ("transfer-encoding", "chunked")], False))
        await self._writer.drain()

    async def chunk(self, data: bytes) -> None:
        """Sends one piece of a streamed body."""
        self._writer.write(b"%x\r\n%s\r\n" % (len(data), data))
        await self._writer.drain()

    async def finish(self) -> None:
        """Ends a streamed body in good order."""
        self._writer.write(b"0\r\n\r\n")
        await self._writer.drain()

    def sever(self) -> None:
        """Breaks the connection, so that no client takes what it has for a whole answer."""
        self._writer.transport.abort()

    async def linger(self) -> None:
        """Reads on for a moment: closing on unread bytes would reset the connection and lose the answer."""
        try:
            self._writer.write_eof()
            async with asyncio.timeout(LINGER):
                while await self._reader.read(65536):
                    pass
        except (OSError, TimeoutError):
            pass

    def close(self) -> None:
        """Closes the connection."""
        self._writer.close()

    async def _head(self) -> list[str]:
        """The lines of a head, empty when the client closed between two requests."""
        lines: list[str] = []
        size = 0
        while True:
            try:
                raw = await self._reader.readuntil(b"\n")
            except asyncio.IncompleteReadError as end:
                if not lines and not end.partial:
                    return []
                raise
            line = raw.decode("latin-1").rstrip("\r\n")
            size += len(raw)
            if size > HEAD_LIMIT:
                raise invalid("The head of the request is too long.")
            if line:
                lines.append(line)
            elif lines:
                return lines

    async def _body(self, headers: list[tuple[str, str]]) -> bytes:
        codings = [value.lower() for name, value in headers if name == "transfer-encoding"]
        lengths = {value for name, value in headers if name == "content-length"}
        if codings:
            if codings != ["chunked"] or lengths:
                raise invalid("The framing of the request body is not one we accept.")
            return await self._chunked()
        if not lengths:
            return b""
        length = lengths.pop()
        if lengths or not re.fullmatch(r"[0-9]{1,12}", length) or int(length) > BODY_LIMIT:
            raise invalid("The length of the request body is wrong or too great.")
        return await self._reader.readexactly(int(length))

    async def _chunked(self) -> bytes:
        body = b""
        while True:
            line = (await self._reader.readuntil(b"\r\n")).split(b";")[0].strip()
            if not re.fullmatch(rb"[0-9a-fA-F]{1,8}", line) or len(body) + int(line, 16) > BODY_LIMIT:
                raise invalid("The request body is not chunked as it should be, or too long.")
            size = int(line, 16)
            if size == 0:
                while await self._reader.readuntil(b"\r\n") != b"\r\n":
                    pass
                return body
            body += await self._reader.readexactly(size)
            if await self._reader.readexactly(2) != b"\r\n":
                raise invalid("The request body is not chunked as it should be.")


def _parse_head(lines: list[str]) -> tuple[str, str, str, list[tuple[str, str]]]:
    start = re.fullmatch(r"([!#-'*+.^`|~\w-]+) (\S+) HTTP/(1\.[01])", lines[0])
    if start is None:
        raise invalid("That is not an HTTP/1.1 request.")
    headers = []
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            raise invalid("A header line of the request is malformed.")
        headers.append((name.lower(), value.strip()))
    method, target, version = start.groups()
    try:
        path = unquote(urlsplit(target).path)
    except ValueError:
        raise invalid("The target of the request is malformed.") from None
    return method, path, version, headers


def _render_head(status: int, headers: list[tuple[str, str]], keep_alive: bool) -> bytes:
    lines = [f"HTTP/1.1 {status} {PHRASES.get(status, 'Upstream Status')}"]
    lines += [f"{name}: {value}" for name, value in headers]
    lines += [f"Connection: {'keep-alive' if keep_alive else 'close'}", "", ""]
    return "\r\n".join(lines).encode("latin-1")
