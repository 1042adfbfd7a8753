"""Each hostile gateway, and the ten-line proxy, does what its name says and ends when told to."""

import contextlib
import http.client
import json
import socket
import subprocess
import sys
import threading
import time
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

GATEWAYS = Path(__file__).parent.parent
PATIENCE = 10.0
REQUEST = b"POST /v1/chat/completions HTTP/1.1\r\ncontent-length: 14\r\n\r\n" + b'{"model": "m"}'


class Upstream(BaseHTTPRequestHandler):
    status = 200

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(Upstream.status)
        self.end_headers()
        self.wfile.write(b'{"from": "upstream"}')

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def upstream(status):
    Upstream.status = status
    server = ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
    threading.Thread(target=server.serve_forever).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@contextlib.contextmanager
def gateway(kind, *arguments):
    command = [sys.executable, str(GATEWAYS / "hostile/serve.py"), kind, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            address = urlsplit(process.stdout.readline().strip())
            yield (address.hostname, address.port), process
        finally:
            process.terminate()
            process.wait(PATIENCE)


def ask(address, path="/v1/chat/completions", **fields):
    connection = http.client.HTTPConnection(*address, timeout=PATIENCE)
    connection.request("POST", path, json.dumps({"model": "m", **fields}))
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, body


def until_listening(process, port):
    until = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < until:
        with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port), PATIENCE):
            return "127.0.0.1", port
        time.sleep(0.02)
    raise AssertionError("the proxy never listened")


class HostileTest(unittest.TestCase):
    def test_the_constant_ones(self):
        for kind, status in (("always-404", 404), ("always-500", 500), ("always-200", 200), ("redirect-loop", 307)):
            with gateway(kind) as (address, _):
                self.assertEqual(ask(address)[0], status)
        with gateway("always-200") as (address, _):
            self.assertIn(b"choices", ask(address)[1])
            self.assertTrue(ask(address, stream=True)[1].endswith(b"data: [DONE]\n\n"))
            self.assertIn(b"embedding", ask(address, "/v1/embeddings")[1])
        with gateway("invalid-utf8") as (address, _):
            self.assertRaises(UnicodeDecodeError, ask(address)[1].decode)

    def test_the_endless_ones_go_on_until_the_client_leaves(self):
        for kind, least in (("endless-body", 10_000_000), ("endless-1xx", 100_000), ("header-flood", 1_000_000), ("slow-drip", 78)):
            with gateway(kind) as (address, _), socket.create_connection(address, PATIENCE) as connection:
                connection.sendall(REQUEST)
                received = 0
                while received < least:
                    received += len(connection.recv(1 << 20))
        with gateway("never-answers") as (address, _), socket.create_connection(address, 0.3) as connection:
            connection.sendall(REQUEST)
            self.assertRaises(TimeoutError, connection.recv, 1)

    def test_it_crashes_on_the_third_request_and_not_when_asked_whether_it_is_up(self):
        with upstream(200) as url, gateway("crashes-on-third", "--upstream", url) as (address, process):
            for _ in range(5):
                connection = http.client.HTTPConnection(*address, timeout=PATIENCE)
                connection.request("GET", "/ready")
                self.assertEqual(connection.getresponse().status, 200)
                connection.close()
            self.assertEqual([ask(address), ask(address)], [(200, b'{"from": "upstream"}')] * 2)
            with self.assertRaises((http.client.HTTPException, OSError)):
                ask(address)
            self.assertEqual(process.wait(PATIENCE), 134)

    def test_the_fallback_hides_what_the_upstream_did(self):
        for status, expected in ((200, b"upstream"), (500, b"Of course"), (429, b"Of course")):
            with upstream(status) as url, gateway("secret-fallback", "--upstream", url) as (address, _):
                answered, body = ask(address)
                self.assertEqual(answered, 200)
                self.assertIn(expected, body)
        with gateway("secret-fallback", "--upstream", "http://127.0.0.1:9") as (address, _):
            self.assertIn(b"Of course", ask(address)[1])

    def test_the_ten_line_proxy_is_transparent(self):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        with upstream(429) as url:
            command = [sys.executable, str(GATEWAYS / "ten-line-proxy/proxy.py"), str(port), url]
            process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
            try:
                address = until_listening(process, port)
                self.assertEqual(ask(address), (429, b'{"from": "upstream"}'))
            finally:
                process.terminate()
                process.wait(PATIENCE)


if __name__ == "__main__":
    unittest.main()
