"""For the tests: a scripted fake upstream, and a gateway running in a thread."""
import asyncio
import gzip
import http.client
import json
import socket
import threading
import time
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CHAT = {"id": "c1", "object": "chat.completion", "model": "m", "choices": [
    {"index": 0, "message": {"role": "assistant", "content": "hello"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 10, "completion_tokens": 20, "total_tokens": 30}}
VECTOR = {"object": "list", "data": [{"object": "embedding", "index": 0, "embedding": [0.5]}],
          "model": "m", "usage": {"prompt_tokens": 5, "total_tokens": 5}}
MESSAGE = {"id": "m1", "type": "message", "role": "assistant", "model": "m", "stop_reason":
           "end_turn", "content": [{"type": "text", "text": "hello"}],
           "usage": {"input_tokens": 10, "output_tokens": 20}}
RANKING = {"results": [{"index": 0, "relevance_score": 0.9}]}
DOCUMENTS = {"/v1/chat/completions": CHAT, "/v1/embeddings": VECTOR, "/v1/messages": MESSAGE,
             "/v1/rerank": RANKING}


def delta(text, finish=None):
    return b"data: " + json.dumps({"id": "c1", "object": "chat.completion.chunk", "choices": [
        {"index": 0, "delta": {"content": text}, "finish_reason": finish}]}).encode() + b"\n\n"


def named(kind, **more):
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **more})}\n\n".encode()


CHAT_EVENTS = [delta("one "), delta("two "), delta("", "stop"), b"data: [DONE]\n\n"]
MESSAGE_EVENTS = [
    named("message_start", message={"usage": {"input_tokens": 10, "output_tokens": 1}}),
    named("content_block_delta", index=0, delta={"type": "text_delta", "text": "one"}),
    named("message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": 20}),
    named("message_stop")]


class Upstream:
    """`script` holds what the next calls get; an empty script means healthy answers."""

    def __init__(self):
        self.calls, self.script, self.always = [], [], None
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                outer.calls.append({"path": self.path, "headers": dict(self.headers),
                                    "raw": body, "body": json.loads(body)})
                step = outer.script.pop(0) if outer.script else outer.always or ("ok",)
                try:
                    outer.play(self, step, json.loads(body))
                except OSError:
                    pass

            def log_message(self, *_):
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads, request_queue_size = True, 128

            def handle_error(self, *_):
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def clear(self):
        self.calls.clear()
        self.script.clear()
        self.always = None

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def whole(self, handler, status, data, headers=()):
        handler.send_response(status)
        for name, value in [("Content-Type", "application/json"), *headers]:
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    def play(self, handler, step, body):
        what, *rest = step
        document = json.dumps(DOCUMENTS[handler.path]).encode()
        if what == "slow":
            time.sleep(rest[0])
            what = "ok"
        if what == "ok" and body.get("stream"):
            what, rest = "events", [MESSAGE_EVENTS if "messages" in handler.path else CHAT_EVENTS]
        if what == "ok":
            self.whole(handler, 200, document)
        elif what == "status":
            data = rest[1] if len(rest) > 1 else {"error": {"message": "upstream says no"}}
            self.whole(handler, rest[0], json.dumps(data).encode(), rest[2] if len(rest) > 2 else ())
        elif what == "raw":
            self.whole(handler, 200, rest[0])
        elif what == "gzip":
            self.whole(handler, 200, gzip.compress(document), [("Content-Encoding", "gzip")])
        elif what == "reset":
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                          b"\x01\x00\x00\x00\x00\x00\x00\x00")
            handler.close_connection = True
            handler.connection.close()
        elif what == "cut":
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"a\"")
            handler.close_connection = True
        elif what == "noise":
            handler.wfile.write(b"hello there\r\n\r\n")
            handler.close_connection = True
        elif what == "stall":
            time.sleep(rest[0])
            handler.close_connection = True
        elif what in ("events", "events-cut"):
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                                b"Transfer-Encoding: chunked\r\n\r\n")
            for event in rest[0]:
                if isinstance(event, float):
                    time.sleep(event)
                    continue
                handler.wfile.write(b"%x\r\n%s\r\n" % (len(event), event))
                handler.wfile.flush()
            if what == "events":
                handler.wfile.write(b"0\r\n\r\n")
            else:
                handler.close_connection = True


class Running:
    """The gateway in a thread of this process; `make_app` builds it."""

    def __init__(self, make_app):
        self.loop, self.ready = asyncio.new_event_loop(), threading.Event()
        self.app, self.port = make_app, None
        self.thread = threading.Thread(target=self._main, args=(make_app,), daemon=True)
        self.thread.start()
        if not self.ready.wait(5):
            raise RuntimeError("the gateway did not start")

    def _main(self, make_app):
        asyncio.set_event_loop(self.loop)
        self.app = make_app()
        self.port = self.loop.run_until_complete(self.app.server.listen("127.0.0.1", 0))
        self.ready.set()
        self.loop.run_forever()
        self.app.server.listener.close()
        self.loop.set_exception_handler(lambda *_: None)
        left = asyncio.all_tasks(self.loop)
        for task in left:
            task.cancel()
        self.loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        self.loop.run_until_complete(asyncio.sleep(0))
        self.loop.close()

    def close(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(2)

    def call(self, method, path, body=None, headers=None, timeout=8):
        """(status, headers, bytes); a broken answer gives what came before it broke."""
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            data = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
            link.request(method, path, data, headers or {})
            answer = link.getresponse()
            try:
                text = answer.read()
            except http.client.IncompleteRead as part:
                text = part.partial
            return answer.status, {k.lower(): v for k, v in answer.getheaders()}, text
        finally:
            link.close()

    def raw(self, data, timeout=4):
        with socket.create_connection(("127.0.0.1", self.port), timeout) as link:
            link.sendall(data)
            link.settimeout(timeout)
            got = b""
            try:
                while part := link.recv(65536):
                    got += part
            except TimeoutError:
                pass
            return got


class Bench(unittest.TestCase):
    """
    A gateway in front of fake upstreams, reset before each test and without a flaw unless the
    test asks for one. A subclass builds it, names the flags that take an upstream's URL, and
    says below which path and with which headers its operator calls it.
    """

    flags, options, operator = ("--upstream",), ("--deadline", "0.6"), ("/", {})

    @staticmethod
    def build(argv):
        raise NotImplementedError

    @classmethod
    def setUpClass(cls):
        cls.upstreams = [Upstream() for _ in cls.flags]
        cls.up, cls.second = cls.upstreams[0], cls.upstreams[-1]
        cls.plain = cls.start()

    @classmethod
    def start(cls, *more, url=None):
        argv = [word for flag, upstream in zip(cls.flags, cls.upstreams)
                for word in (flag, url or upstream.url)]
        return Running(lambda: cls.build([*argv, *cls.options, *more]))

    @classmethod
    def tearDownClass(cls):
        cls.plain.close()
        for upstream in cls.upstreams:
            upstream.close()

    def setUp(self):
        for upstream in self.upstreams:
            upstream.clear()
        self.gate = self.plain
        self.operate("POST", "reset")

    def flawed(self, name):
        self.gate = self.start("--flaw", name)
        self.addCleanup(self.gate.close)

    def operate(self, method, path, body=None):
        below, headers = self.operator
        got = self.gate.call(method, below + path, body, headers)
        self.assertEqual(got[0], 200, got)
        return json.loads(got[2])


def together(count, work):
    """Runs `work` in that many threads at once and collects the results."""
    results, gate = [], threading.Barrier(count)

    def one():
        gate.wait()
        results.append(work())

    threads = [threading.Thread(target=one) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
