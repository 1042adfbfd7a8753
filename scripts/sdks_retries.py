"""Starts the reference gateway with its Chuizi personality, lets the official Python SDKs meet each failure of the page's table on both lanes,
and holds how often each asked against the page's retryable column."""

import json
import subprocess
import sys
import threading
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import anthropic
import openai

# What the page says of each status, and how often a client with two retries asks then. A 429 passes after its delay.
TABLE = {400: 1, 401: 1, 402: 1, 403: 1, 404: 1, 429: 2, 500: 3, 502: 3, 503: 3, 504: 3}
ADMIN = {"authorization": "Bearer adm-reference", "content-type": "application/json"}


def main() -> int:
    program, *flags = sys.argv[1:]
    with ExitStack() as running:
        start = lambda upstream, *more: running.enter_context(gateway(program, upstream, *more, *flags))
        garbage, silence = (running.enter_context(served(play)) for play in (Garbage, Silence))
        healthy = running.enter_context(served(Answers))
        sound = start(healthy, "--limit", "rate_window=8000")
        broken, full = start(healthy), start(healthy)
        switch(broken, "internals")
        switch(full, "capacity")
        gateways = dict.fromkeys((400, 401, 402, 403, 404, 429), sound)
        gateways |= {500: broken, 502: start(garbage), 503: full, 504: start(silence, "--limit", "upstream=300")}
        taps = {status: {api: running.enter_context(served(tap(url))) for api in CLIENTS} for status, url in gateways.items()}
        plays = [(api, status) for api in CLIENTS for status in TABLE]
        with ThreadPoolExecutor(len(plays)) as pool:
            seen = list(pool.map(lambda play: ask(*play, taps[play[1]][play[0]]), plays))
    wrong = 0
    for (api, status), (met, asked) in zip(plays, seen):
        expected = (status if status != 429 else 200, TABLE[status])
        good = (met, asked) == expected
        wrong += not good
        print(f"{'ok ' if good else 'NOT'} {api:9} {status}: asked {asked} times, ended in {met}; expected {expected[1]} and {expected[0]}")
    return 1 if wrong else 0


def ask(api: str, status: int, url: str) -> tuple[int, int]:
    """How a call that meets this status ended, and how many requests it took."""
    key = {401: "ck-revoked", 402: "ck-zero-balance", 403: "ck-restricted"}.get(status, "ck-valid-1")
    if status == 429:
        key = {"openai": "ck-default-rate-1", "anthropic": "ck-default-rate-2"}[api]
    model = {403: "chuizi-reserved", 404: "chuizi-unknown"}.get(status, "chuizi-chat")
    messages = [] if status == 400 else [{"role": "user", "content": "Say hello."}]
    if status == 429:
        use_up(url, key)
    before = COUNTS.get(url, 0)
    met = CLIENTS[api](url, key, model, messages)
    return met, COUNTS.get(url, 0) - before


def use_up(url: str, key: str) -> None:
    """Sends as many requests as the key has in one window; what they ask for does not matter."""
    for _ in range(60):
        connection = HTTPConnection(url.removeprefix("http://"))
        connection.request("POST", "/v1/chat/completions", b"", {"authorization": f"Bearer {key}"})
        connection.getresponse().read()
        connection.close()


def by_openai(url: str, key: str, model: str, messages: list) -> int:
    client = openai.OpenAI(api_key=key, base_url=f"{url}/v1", max_retries=2)
    return ended(openai, lambda: client.chat.completions.create(model=model, max_tokens=16, messages=messages))


def by_anthropic(url: str, key: str, model: str, messages: list) -> int:
    client = anthropic.Anthropic(api_key=key, base_url=f"{url}/anthropic", max_retries=2)
    return ended(anthropic, lambda: client.messages.create(model=model, max_tokens=16, messages=messages))


def ended(sdk, call) -> int:
    try:
        call()
    except sdk.APIStatusError as error:
        return error.status_code
    return 200


CLIENTS = {"openai": by_openai, "anthropic": by_anthropic}
# Requests, by the URL of the tap that they went through.
COUNTS: dict[str, int] = {}
COUNTING = threading.Lock()


@contextmanager
def gateway(program: str, upstream: str, *more: str):
    command = [program, "--personality", "chuizi", "--upstream", upstream, *more]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def switch(url: str, name: str) -> None:
    body = json.dumps({name: False}).encode()
    urllib.request.urlopen(urllib.request.Request(f"{url}/admin/states", body, ADMIN)).close()


@contextmanager
def served(handler: type):
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


class Quiet(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("content-length", 0)))

    def say(self, status: int, headers: list, body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in ("transfer-encoding", "content-length", "connection"):
                self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_) -> None:
        pass


class Answers(Quiet):
    def do_POST(self) -> None:
        self.body()
        said = {"role": "assistant", "content": "hello"}
        chat = {"id": "c", "object": "chat.completion", "created": 1, "model": "m"}
        chat["choices"] = [{"index": 0, "message": said, "finish_reason": "stop"}]
        message = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "stop_reason": "end_turn"}
        message |= {"content": [{"type": "text", "text": "hello"}], "usage": {"input_tokens": 3, "output_tokens": 4}}
        answer = message if self.path.endswith("/messages") else chat
        self.say(200, [("content-type", "application/json")], json.dumps(answer).encode())


class Garbage(Quiet):
    def do_POST(self) -> None:
        self.body()
        self.say(200, [("content-type", "application/json")], b'{"half": ')


class Silence(Quiet):
    def do_POST(self) -> None:
        self.body()
        time.sleep(2)


def tap(target: str) -> type:
    """Passes each request on to the gateway, and counts it."""

    class Tap(Quiet):
        def do_POST(self) -> None:
            body = self.body()
            with COUNTING:
                own = f"http://127.0.0.1:{self.server.server_address[1]}"
                COUNTS[own] = COUNTS.get(own, 0) + 1
            connection = HTTPConnection(target.removeprefix("http://"))
            headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
            connection.request("POST", self.path, body, headers)
            answer = connection.getresponse()
            self.say(answer.status, answer.getheaders(), answer.read())
            connection.close()

    return Tap


if __name__ == "__main__":
    sys.exit(main())
