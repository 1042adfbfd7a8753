"""Gateways that no harness may be fooled, stalled or brought down by: serve.py KIND [--port P] [--upstream URL]

Each binds 127.0.0.1, prints its URL and ends on SIGTERM. `GET /ready` is answered 200 by every kind and never counted.
"""

import argparse
import http.client
import itertools
import json
import os
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlsplit

UPSTREAM_PATIENCE = 1.0
DRIP_PAUSE = 0.5
JSON = "application/json"
USAGE = {"prompt_tokens": 9, "completion_tokens": 9, "total_tokens": 18}
PHRASES = {status.value: status.phrase for status in HTTPStatus}


@dataclass
class Request:
    """One request and the connection to answer on."""

    method: str
    path: str
    body: bytes
    upstream: str
    connection: socket.socket

    def answer(self, status: int, body: bytes, media: str = "application/json", extra: str = "") -> None:
        """Sends one whole answer."""
        head = f"HTTP/1.1 {status} {PHRASES[status]}\r\nContent-Type: {media}\r\nContent-Length: {len(body)}\r\n{extra}"
        self.connection.sendall(f"{head}Connection: close\r\n\r\n".encode("latin-1") + body)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=sorted(KINDS))
    parser.add_argument("--port", type=int, default=0, help="0 takes any free port")
    parser.add_argument("--upstream", default="", help="origin that secret-fallback and crashes-on-third forward to")
    options = parser.parse_args()
    listener = socket.create_server(("127.0.0.1", options.port), backlog=512)
    print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection, KINDS[options.kind], options.upstream), daemon=True).start()


def serve(connection: socket.socket, play: Callable[[Request], None], upstream: str) -> None:
    """Answers the one request of a connection."""
    with connection:
        try:
            request = read(connection, upstream)
            if request is None:
                return
            if (request.method, request.path) == ("GET", "/ready"):
                request.answer(200, b"{}")
            else:
                play(request)
        except OSError:
            # The client left, which is how the endless kinds end.
            pass


def read(connection: socket.socket, upstream: str) -> Request | None:
    """A request whose body, if any, has a length; None when the client sent none."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            return None
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    start, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    length = headers.get("content-length", "0")
    while length.isdigit() and len(body) < int(length):
        piece = connection.recv(65536)
        if not piece:
            return None
        body += piece
    method, path = (start.split(" ") + ["", ""])[:2]
    return Request(method, path, body, upstream, connection)


def canned(request: Request) -> tuple[bytes, str]:
    """A success that looks as if a provider had given it, and its media type."""
    try:
        asked = json.loads(request.body)
    except ValueError:
        asked = {}
    asked = asked if isinstance(asked, dict) else {}
    head = {"id": "chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT", "created": int(time.time()), "model": asked.get("model", "m")}
    if request.path.endswith("/embeddings"):
        data = [{"object": "embedding", "index": 0, "embedding": [0.0023, -0.0093, 0.0157]}]
        return json.dumps({"object": "list", "model": head["model"], "data": data, "usage": USAGE}).encode(), JSON
    if asked.get("stream") is True:
        deltas = [({"role": "assistant", "content": "Of"}, None), ({"content": " course."}, None), ({}, "stop")]
        chunks = [{**head, "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta, "finish_reason": end}]}
                  for delta, end in deltas]
        events = [f"data: {json.dumps(chunk)}\n\n" for chunk in chunks]
        return ("".join(events) + "data: [DONE]\n\n").encode(), "text/event-stream"
    message = {"role": "assistant", "content": "Of course. Here is what you asked for."}
    choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
    return json.dumps({**head, "object": "chat.completion", "choices": choices, "usage": USAGE}).encode(), JSON


def forward(request: Request) -> tuple[int, bytes, str]:
    """The upstream's status, body and media type; raises OSError or HTTPException when there is no whole answer."""
    connection = http.client.HTTPConnection(urlsplit(request.upstream).netloc, timeout=UPSTREAM_PATIENCE)
    try:
        connection.request(request.method, request.path, request.body, {"Content-Type": JSON})
        answer = connection.getresponse()
        return answer.status, answer.read(), answer.getheader("Content-Type", JSON)
    finally:
        connection.close()


def always_404(request: Request) -> None:
    request.answer(404, b'{"error": {"type": "invalid_request_error", "code": "not_found", "message": "No.", "param": null}}')


def always_500(request: Request) -> None:
    request.answer(500, b'{"error": {"type": "api_error", "code": "internal_error", "message": "Oh.", "param": null}}')


def always_200(request: Request) -> None:
    request.answer(200, *canned(request))


def never_answers(request: Request) -> None:
    while request.connection.recv(65536):
        pass


def crashes_on_third(request: Request) -> None:
    """Transparent for two requests; the third takes the whole process down."""
    if next(_arrivals) >= 3:
        os._exit(134)
    try:
        status, body, media = forward(request)
    except (OSError, http.client.HTTPException):
        status, body, media = 502, b"{}", JSON
    request.answer(status, body, media)


_arrivals = itertools.count(1)


def secret_fallback(request: Request) -> None:
    """Asks somebody else when the upstream fails, and says nothing of it."""
    try:
        status, body, media = forward(request)
        whole = status == 200 and (b"[DONE]" in body if "event-stream" in media else bool(json.loads(body)))
    except (OSError, http.client.HTTPException, ValueError):
        whole = False
    if whole:
        request.answer(200, body, media)
    else:
        request.answer(200, *canned(request))


def endless_body(request: Request) -> None:
    request.connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
    request.connection.sendall(b'2\r\n{"\r\n')
    while True:
        request.connection.sendall(b"4000\r\n" + b"a" * 0x4000 + b"\r\n")


def endless_1xx(request: Request) -> None:
    while True:
        request.connection.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n")


def header_flood(request: Request) -> None:
    request.connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n")
    for number in itertools.count():
        request.connection.sendall(f"X-Flood-{number}: {'f' * 100}\r\n".encode())


def slow_drip(request: Request) -> None:
    body, media = canned(request)
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {media}\r\nContent-Length: {len(body)}\r\n\r\n"
    request.connection.sendall(head.encode())
    for byte in body:
        request.connection.sendall(bytes([byte]))
        time.sleep(DRIP_PAUSE)


def redirect_loop(request: Request) -> None:
    request.answer(307, b"", extra=f"Location: {request.path}\r\n")


def invalid_utf8(request: Request) -> None:
    body = canned(request)[0].replace(b"Of", b"\xff\xfe\xc3\x28")
    request.answer(200, body, extra="X-Name: caf\xe9\r\n")


KINDS = {
    "always-404": always_404,
    "always-500": always_500,
    "always-200": always_200,
    "never-answers": never_answers,
    "crashes-on-third": crashes_on_third,
    "secret-fallback": secret_fallback,
    "endless-body": endless_body,
    "endless-1xx": endless_1xx,
    "header-flood": header_flood,
    "slow-drip": slow_drip,
    "redirect-loop": redirect_loop,
    "invalid-utf8": invalid_utf8,
}

if __name__ == "__main__":
    main()
