"""A small HTTP/1.1 server on asyncio streams: parsing, framing, replies."""
import asyncio
import email.utils
import re
from http import HTTPStatus
from urllib.parse import unquote, urlsplit

TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")
HEX = re.compile(rb"[0-9A-Fa-f]{1,15}\Z")
MAX_LINE = 16 * 1024
MAX_HEADERS = 128
MAX_HEADER_BYTES = 64 * 1024
IDLE_SECONDS = 75
READ_SECONDS = 30
WRITE_SECONDS = 60


class ProtocolFault(Exception):
    """The bytes on the wire are not a request this server accepts."""

    def __init__(self, status, reason):
        super().__init__(reason)
        self.status, self.reason = status, reason


class ClientGone(Exception):
    """The client closed while an answer was being written."""


class Request:
    def __init__(self, method, path, query, version, fields):
        self.method, self.path, self.query = method, path, query
        self.version, self.fields = version, fields
        self.body = b""

    def header(self, name, default=None):
        found = [value for key, value in self.fields if key == name]
        return ", ".join(found) if found else default


class Reply:
    def __init__(self, status, body=b"", headers=(), content_type="application/json"):
        self.status, self.body = status, body
        self.headers, self.content_type = list(headers), content_type


def reason_of(status):
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Status"


class Outlet:
    """Writes one answer, whole or piece by piece."""

    def __init__(self, writer, request, keep):
        self.writer, self.request, self.keep = writer, request, keep
        self.begun = self.ended = False
        self.chunked = False

    def _head(self, status, pairs):
        lines = [f"HTTP/1.1 {status} {reason_of(status)}"]
        lines += [f"{name}: {value}" for name, value in pairs]
        text = "\r\n".join(line.replace("\r", " ").replace("\n", " ") for line in lines)
        return text.encode("latin-1", "replace") + b"\r\n\r\n"

    async def _push(self, data):
        if self.writer.transport.is_closing():
            raise ClientGone()
        try:
            self.writer.write(data)
            async with asyncio.timeout(WRITE_SECONDS):
                await self.writer.drain()
        except OSError as gone:  # reset, or a client that no longer reads
            self.writer.transport.abort()
            raise ClientGone() from gone

    def _common(self):
        return [("Date", email.utils.formatdate(usegmt=True)),
                ("Connection", "keep-alive" if self.keep else "close")]

    async def send(self, reply):
        self.begun = self.ended = True
        pairs = list(reply.headers)
        if reply.status != 204:
            pairs.append(("Content-Length", str(len(reply.body))))
            pairs.append(("Content-Type", reply.content_type))
        data = self._head(reply.status, pairs + self._common())
        if not (self.request is not None and self.request.method == "HEAD"):
            data += reply.body
        await self._push(data)

    async def start(self, status, headers):
        self.begun = True
        self.chunked = self.request.version == (1, 1)
        pairs = list(headers)
        if self.chunked:
            pairs.append(("Transfer-Encoding", "chunked"))
        else:
            self.keep = False
        await self._push(self._head(status, pairs + self._common()))

    async def piece(self, data):
        if data:
            await self._push(b"%x\r\n%s\r\n" % (len(data), data) if self.chunked else data)

    async def finish(self):
        self.ended = True
        if self.chunked:
            await self._push(b"0\r\n\r\n")

    def abort(self):
        self.keep, self.ended = False, True
        self.writer.transport.abort()


class Server:
    """`app` offers: async serve(request, outlet) and protocol_reply(status, reason, request)."""

    def __init__(self, app, max_body):
        self.app, self.max_body = app, max_body
        self.listener = None

    async def listen(self, host, port):
        self.listener = await asyncio.start_server(
            self._connection, host, port, limit=MAX_LINE, backlog=512)
        return self.listener.sockets[0].getsockname()[1]

    async def _connection(self, reader, writer):
        try:
            while await self._one(reader, writer):
                pass
        except (ClientGone, ConnectionError, asyncio.IncompleteReadError, TimeoutError, OSError):
            pass
        finally:
            writer.close()

    async def _one(self, reader, writer):
        request = None
        try:
            async with asyncio.timeout(IDLE_SECONDS):
                line = await self._line(reader, 414)
                while line == b"":
                    line = await self._line(reader, 414)
            async with asyncio.timeout(READ_SECONDS):
                request = self._request_line(line)
                request.fields = await self._fields(reader)
                keep = self._check(request)
            try:
                async with asyncio.timeout(READ_SECONDS):
                    request.body = await self._body(reader, writer, request)
            except TimeoutError:
                raise ProtocolFault(408, "the request body did not arrive in time") from None
        except ProtocolFault as fault:
            out = Outlet(writer, request, False)
            await out.send(self.app.protocol_reply(fault.status, fault.reason, request))
            await self._linger(reader, writer)
            return False
        out = Outlet(writer, request, keep)
        await self.app.serve(request, out)
        if not out.ended:
            out.abort()
        return out.keep

    async def _linger(self, reader, writer):
        """Let the client read the answer before the socket is torn down."""
        try:
            if writer.can_write_eof():
                writer.write_eof()
            async with asyncio.timeout(1):
                for _ in range(1024):
                    if not await reader.read(65536):
                        break
        except (TimeoutError, OSError):
            pass

    async def _line(self, reader, too_long):
        try:
            line = await reader.readuntil(b"\n")
        except asyncio.LimitOverrunError:
            raise ProtocolFault(too_long, "a line of the request is too long") from None
        line = line[:-1]
        return line[:-1] if line.endswith(b"\r") else line

    def _request_line(self, line):
        parts = line.split(b" ")
        if len(parts) != 3 or not TOKEN.match(parts[0]):
            raise ProtocolFault(400, "the request line is malformed")
        version = re.match(rb"HTTP/(\d)\.(\d)\Z", parts[2])
        if not version:
            raise ProtocolFault(400, "the protocol version is malformed")
        if version[1] != b"1":
            raise ProtocolFault(505, "only HTTP/1.x is spoken here")
        target = parts[1].decode("latin-1")
        if any(ord(c) < 33 or ord(c) > 126 for c in target):
            raise ProtocolFault(400, "the request target is malformed")
        if not target.startswith("/"):
            if target != "*" and "://" not in target:
                raise ProtocolFault(400, "the request target is malformed")
            try:
                split = urlsplit(target)
                target = (split.path or "/") + ("?" + split.query if split.query else "")
            except ValueError:
                raise ProtocolFault(400, "the request target is malformed") from None
        path, _, query = target.partition("?")
        minor = 1 if version[2] != b"0" else 0
        return Request(parts[0].decode(), unquote(path), query, (1, minor), [])

    async def _fields(self, reader):
        fields, size = [], 0
        while True:
            line = await self._line(reader, 431)
            if not line:
                return fields
            size += len(line)
            if len(fields) >= MAX_HEADERS or size > MAX_HEADER_BYTES:
                raise ProtocolFault(431, "too many request headers")
            name, colon, value = line.partition(b":")
            if not colon or not TOKEN.match(name):
                raise ProtocolFault(400, "a request header is malformed")
            value = value.strip(b" \t")
            if re.search(rb"[\x00-\x08\x0a-\x1f\x7f]", value):
                raise ProtocolFault(400, "a request header holds control characters")
            fields.append((name.decode().lower(), value.decode("latin-1")))

    def _check(self, request):
        hosts = [v for k, v in request.fields if k == "host"]
        if len(hosts) > 1 or (request.version == (1, 1) and not hosts):
            raise ProtocolFault(400, "exactly one Host header is needed")
        wishes = (request.header("connection") or "").lower()
        names = {part.strip() for part in wishes.split(",")}
        if request.version == (1, 1):
            return "close" not in names
        return "keep-alive" in names

    async def _body(self, reader, writer, request):
        coding = request.header("transfer-encoding")
        lengths = {part.strip() for k, v in request.fields if k == "content-length"
                   for part in v.split(",")}
        if coding is not None and lengths:
            raise ProtocolFault(400, "both Content-Length and Transfer-Encoding are given")
        if coding is not None and request.version != (1, 1):
            raise ProtocolFault(400, "Transfer-Encoding needs HTTP/1.1")
        if coding is not None and coding.strip().lower() != "chunked":
            raise ProtocolFault(501, "that Transfer-Encoding is not supported")
        if len(lengths) > 1 or any(not re.fullmatch("[0-9]{1,18}", v) for v in lengths):
            raise ProtocolFault(400, "Content-Length is malformed")
        length = int(lengths.pop()) if lengths else 0
        if length > self.max_body:
            raise ProtocolFault(413, "the request body is too large")
        expect = request.header("expect")
        if expect is not None:
            if expect.strip().lower() != "100-continue":
                raise ProtocolFault(417, "that expectation cannot be met")
            if length or coding is not None:
                writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if coding is None:
            return await reader.readexactly(length)
        return await self._chunked(reader)

    async def _chunked(self, reader):
        body = bytearray()
        while True:
            size = (await self._line(reader, 400)).partition(b";")[0].strip(b" \t")
            if not HEX.match(size):
                raise ProtocolFault(400, "a chunk size is malformed")
            size = int(size, 16)
            if len(body) + size > self.max_body:
                raise ProtocolFault(413, "the request body is too large")
            if size == 0:
                await self._fields(reader)
                return bytes(body)
            body += await reader.readexactly(size)
            if await reader.readexactly(2) != b"\r\n":
                raise ProtocolFault(400, "a chunk does not end where it says")
