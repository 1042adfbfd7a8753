"""The upstream client: one endpoint, pooled connections, strict framing."""
import asyncio
import re
import ssl
import zlib
from urllib.parse import urlsplit

MAX_ANSWER = 64 * 1024 * 1024
POOL_IDLE_SECONDS = 3.0
POOL_SIZE = 64


class UpstreamFault(Exception):
    """kind: connect, reset, timeout, framing or truncated."""

    def __init__(self, kind, detail=""):
        super().__init__(f"{kind}: {detail}")
        self.kind = kind


class Unpacker:
    """Undoes the answer's Content-Encoding as bytes arrive."""

    def __init__(self, coding):
        self.coding = (coding or "identity").strip().lower()
        if self.coding not in ("identity", "", "gzip", "x-gzip", "deflate"):
            raise UpstreamFault("framing", "unknown content coding")
        self.plain = self.coding in ("identity", "")
        self.engine = None if self.plain else self._engine()
        self.total, self.fed = 0, False

    def _engine(self):
        return zlib.decompressobj(47 if self.coding != "deflate" else zlib.MAX_WBITS)

    def feed(self, data):
        if self.plain:
            self.total += len(data)
            self._limit()
            return data
        out = bytearray()
        try:
            while data:
                if self.engine.eof:
                    self.engine = self._engine()
                if not self.fed and self.coding == "deflate" and data[0] & 0x0F != 8:
                    self.engine = zlib.decompressobj(-zlib.MAX_WBITS)
                self.fed = True
                out += self.engine.decompress(data, MAX_ANSWER)
                self.total += len(out)
                self._limit()
                data = self.engine.unconsumed_tail or self.engine.unused_data
        except zlib.error as bad:
            raise UpstreamFault("framing", "bad compressed data") from bad
        return bytes(out)

    def _limit(self):
        if self.total > MAX_ANSWER:
            raise UpstreamFault("framing", "answer too large")

    def end(self):
        if not self.plain and self.fed and not self.engine.eof:
            raise UpstreamFault("truncated", "compressed data stops early")


class Link:
    """One TCP connection to the upstream."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer
        self.watch, self.parked_at = None, 0.0

    def park(self):
        self.parked_at = asyncio.get_running_loop().time()
        self.watch = asyncio.ensure_future(self.reader.read(1))
        self.watch.add_done_callback(self._stirred)

    def _stirred(self, watch):
        if not watch.cancelled():
            watch.exception()
            self.close()

    async def wake(self):
        """True when the parked connection is still silent and open."""
        young = asyncio.get_running_loop().time() - self.parked_at < POOL_IDLE_SECONDS
        for _ in range(3):  # lets an end of file that is already here be seen
            await asyncio.sleep(0)
        usable = not self.watch.done() and not self.writer.transport.is_closing()
        self.watch.cancel()
        try:
            await self.watch
            usable = False
        except asyncio.CancelledError:
            pass
        except OSError:
            usable = False
        self.watch = None
        return young and usable

    def close(self):
        self.writer.transport.abort()


class Answer:
    def __init__(self, endpoint, link, status, fields, keep):
        self.endpoint, self.link = endpoint, link
        self.status, self.fields, self.keep = status, fields, keep
        self.unpack = Unpacker(self.header("content-encoding"))
        coding = self.header("transfer-encoding")
        lengths = {v.strip() for k, v in fields if k == "content-length"}
        if coding is not None and coding.lower() != "chunked":
            raise UpstreamFault("framing", "unknown transfer coding")
        if len(lengths) > 1 or any(not re.fullmatch("[0-9]{1,18}", v) for v in lengths):
            raise UpstreamFault("framing", "bad content length")
        self.chunked = coding is not None
        self.length = None
        if status in (204, 304):
            self.chunked, self.length = False, 0
        elif lengths and not self.chunked:
            self.length = int(lengths.pop())

    def header(self, name):
        for key, value in self.fields:
            if key == name:
                return value
        return None

    async def pieces(self, until, silence=None):
        """Yields decoded bytes; `until` is a loop time, `silence` renews it per piece."""
        loop = asyncio.get_running_loop()
        raw = self._raw()
        while True:
            try:
                async with asyncio.timeout_at(until):
                    data = await anext(raw)
            except StopAsyncIteration:
                break
            except TimeoutError:
                self.close()
                raise UpstreamFault("timeout") from None
            except asyncio.IncompleteReadError:
                self.close()
                raise UpstreamFault("truncated", "body stops early") from None
            except (OSError, asyncio.LimitOverrunError) as bad:
                self.close()
                raise UpstreamFault("truncated", "connection lost") from bad
            except UpstreamFault:
                self.close()
                raise
            if silence is not None:
                until = loop.time() + silence
            data = self.unpack.feed(data)
            if data:
                yield data
        self.unpack.end()
        self.endpoint.release(self.link, self.keep and (self.chunked or self.length is not None))
        self.link = None

    async def _raw(self):
        reader = self.link.reader
        if self.chunked:
            while True:
                line = (await reader.readuntil(b"\n")).rstrip(b"\r\n")
                size = line.partition(b";")[0].strip()
                if not re.fullmatch(rb"[0-9A-Fa-f]{1,15}", size):
                    raise UpstreamFault("framing", "bad chunk size")
                left = int(size, 16)
                if left == 0:
                    while (await reader.readuntil(b"\n")).strip(b"\r\n"):
                        pass
                    return
                while left:
                    data = await reader.read(min(left, 65536))
                    if not data:
                        raise UpstreamFault("truncated", "chunk stops early")
                    left -= len(data)
                    yield data
                if await reader.readexactly(2) != b"\r\n":
                    raise UpstreamFault("framing", "bad chunk end")
        elif self.length is None:
            while data := await reader.read(65536):
                yield data
        else:
            left = self.length
            while left:
                data = await reader.read(min(left, 65536))
                if not data:
                    raise UpstreamFault("truncated", "body stops early")
                left -= len(data)
                yield data

    async def read_all(self, until):
        return b"".join([part async for part in self.pieces(until)])

    def close(self):
        if self.link is not None:
            self.link.close()
            self.link = None


class Endpoint:
    def __init__(self, url, key=""):
        split = urlsplit(url)
        if split.scheme not in ("http", "https") or not split.hostname:
            raise SystemExit("the upstream URL must be http(s)://host[:port][/path]")
        self.url, self.key = url.rstrip("/"), key
        self.host = split.hostname
        self.port = split.port or (443 if split.scheme == "https" else 80)
        self.tls = ssl.create_default_context() if split.scheme == "https" else None
        self.netloc, self.base = split.netloc.rpartition("@")[2], split.path.rstrip("/")
        self.parked, self.shut_down = [], False

    def shut(self):
        """Closes what is parked; later connections are not parked any more."""
        self.shut_down = True
        for link in self.parked:
            link.watch.cancel()
            link.close()
        self.parked.clear()

    def scrub(self, text):
        """Takes every trace of the upstream's address and key out of a text."""
        for secret in (self.key, self.url, self.netloc, f"{self.host}:{self.port}", self.host):
            if secret:
                text = re.sub(re.escape(secret), "[hidden]", text, flags=re.I)
        return text

    async def _link(self):
        while self.parked:
            link = self.parked.pop()
            if await link.wake():
                return link
            link.close()
        return Link(*await asyncio.open_connection(
            self.host, self.port, ssl=self.tls, limit=64 * 1024))

    def release(self, link, keep):
        if link is None:
            return
        if keep and not self.shut_down and len(self.parked) < POOL_SIZE:
            link.park()
            self.parked.append(link)
        else:
            link.close()

    async def post(self, path, headers, body, until):
        """Sends once, never twice; gives an Answer with its head read."""
        link = None
        try:
            async with asyncio.timeout_at(until):
                try:
                    link = await self._link()
                except OSError as bad:
                    raise UpstreamFault("connect") from bad
                head = [f"POST {self.base}{path} HTTP/1.1", f"Host: {self.netloc}",
                        "Content-Type: application/json", f"Content-Length: {len(body)}",
                        "Accept-Encoding: gzip, identity"]
                head += [f"{name}: {value}" for name, value in headers]
                link.writer.write("\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + body)
                await link.writer.drain()
                return await self._head(link)
        except TimeoutError:
            fault = UpstreamFault("timeout")
        except (OSError, asyncio.IncompleteReadError) as bad:
            fault = UpstreamFault("reset", type(bad).__name__)
        except (asyncio.LimitOverrunError, UnicodeError, ValueError):
            fault = UpstreamFault("framing", "bad answer head")
        except (UpstreamFault, asyncio.CancelledError):
            if link:
                link.close()
            raise
        if link:
            link.close()
        raise fault

    async def _head(self, link):
        while True:
            first = (await link.reader.readuntil(b"\n")).rstrip(b"\r\n")
            match = re.match(rb"HTTP/1\.([01]) ([1-5]\d\d)(?: |\Z)", first)
            if not match:
                raise UpstreamFault("framing", "bad status line")
            fields = []
            while line := (await link.reader.readuntil(b"\n")).rstrip(b"\r\n"):
                name, colon, value = line.partition(b":")
                if not colon or not name or len(fields) > 200:
                    raise UpstreamFault("framing", "bad header")
                fields.append((name.decode("latin-1").strip().lower(),
                               value.decode("latin-1").strip()))
            status = int(match[2])
            if status == 101:
                raise UpstreamFault("framing", "unexpected upgrade")
            if status >= 200:
                wishes = " ".join(v.lower() for k, v in fields if k == "connection")
                keep = "close" not in wishes and (match[1] == b"1" or "keep-alive" in wishes)
                return Answer(self, link, status, fields, keep)
