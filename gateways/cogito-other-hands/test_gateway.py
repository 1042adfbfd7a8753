"""Asks a running gateway, in front of a scripted cluster, for everything the vendor's page promises."""

import email.utils
import http.client
import json
import os
import socket
import struct
import subprocess
import sys
import threading
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

HERE = Path(__file__).parent
DEADLINE = 0.6
PATIENCE = 10.0
TYPES = {400: "invalid_request_error", 401: "authentication_error", 402: "insufficient_quota", 403: "permission_denied",
         404: "invalid_request_error", 429: "rate_limit_error", 503: "service_unavailable"}
COMPLETION = {"id": "c", "object": "chat.completion", "choices": [{"index": 0, "message": {"content": "hi"}}]}


def reply(status, body=b"{}", headers=""):
    return f"HTTP/1.1 {status} X\r\n{headers}content-length: {len(body)}\r\n\r\n".encode() + body


def event(content, finish=None):
    choice = {"index": 0, "delta": {"content": content}, "finish_reason": finish}
    return b"data: " + json.dumps({"object": "chat.completion.chunk", "choices": [choice]}).encode() + b"\n\n"


def stream(*events, end=b"0\r\n\r\n"):
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
    return head + b"".join(b"%x\r\n%s\r\n" % (len(one), one) for one in events) + end


class Cluster:
    """Plays to every connection what `script` holds: bytes to send, then `close`, `reset` or `hold`."""

    def __init__(self):
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.requests = []
        self.play(reply(200, json.dumps(COMPLETION).encode()))
        threading.Thread(target=self._accept, daemon=True).start()

    def play(self, *pieces, then="close", pause=0.0):
        self.script = (pieces, then, pause)

    def _accept(self):
        while True:
            connection, _ = self._listener.accept()
            threading.Thread(target=self._serve, args=(connection, self.script), daemon=True).start()

    def _serve(self, connection, script):
        pieces, then, pause = script
        with connection:
            head, _, body = connection.recv(65536).partition(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
            while len(body) < length:
                body += connection.recv(65536)
            self.requests.append(json.loads(body))
            try:
                for piece in pieces:
                    connection.sendall(piece)
                    time.sleep(pause)
                if then == "hold":
                    connection.recv(1)
            except OSError:
                pass
            if then == "reset":
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class Gateway:
    def __init__(self, upstream, *arguments):
        command = [sys.executable, str(HERE / "gateway.py"), "--upstream", upstream, "--deadline", str(DEADLINE), *arguments]
        environment = {**os.environ, "COGITO_BACKEND_KEY": "backend-secret-0123456789"}
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True)
        self.address = urlsplit(self.process.stdout.readline().strip()).netloc

    def stop(self):
        self.process.terminate()
        code = self.process.wait(PATIENCE)
        self.process.stdout.close()
        return code

    def ask(self, method, path, body=None, key="ck_live_ada", headers=None):
        connection = http.client.HTTPConnection(self.address, timeout=PATIENCE)
        sent = dict(headers or {})
        if key is not None:
            sent["authorization"] = f"Bearer {key}"
        raw = json.dumps(body) if isinstance(body, dict) else body
        connection.request(method, path, raw, sent)
        response = connection.getresponse()
        try:
            text, broken = response.read(), False
        except (http.client.IncompleteRead, ConnectionResetError) as cut:
            text, broken = getattr(cut, "partial", b""), True
        connection.close()
        return Got(response.status, response.headers, text, broken)

    def chat(self, key="ck_live_ada", **fields):
        body = {"model": "cogito-large", "messages": [{"role": "user", "content": "hello"}], **fields}
        return self.ask("POST", "/v1/chat/completions", body, key)

    def ops(self, method, path, body=None):
        return self.ask(method, path, body, None, {"x-ops-token": "other-hands"})


class Got:
    def __init__(self, status, headers, text, broken):
        self.status, self.headers, self.text, self.broken = status, headers, text, broken

    @property
    def error(self):
        return json.loads(self.text)["error"]


class GatewayTest(unittest.TestCase):
    def setUp(self):
        self.cluster = Cluster()
        # With GATEWAY_FLAW=name in the environment this script has to fail, which shows that it would notice.
        self.gateway = Gateway(self.cluster.url, "--flaw", os.environ.get("GATEWAY_FLAW", ""))
        self.addCleanup(self.gateway.stop)

    def fails(self, got, status, code):
        self.assertEqual((got.status, got.error["code"]), (status, code))
        self.assertEqual(got.error["type"], TYPES.get(status, "api_error"))
        self.assertTrue(got.headers["content-type"].startswith("application/json"))
        self.assertRegex(got.error["request_id"], "^req_.+")
        self.assertTrue(all(isinstance(value, str) for value in got.error.values()))
        if status in (429, 503):
            self.assertRegex(got.headers["retry-after"], "^[1-9][0-9]*$")

    def uncalled(self, got, status, code):
        self.fails(got, status, code)
        self.assertEqual(self.cluster.requests, [])

    def test_success_is_passed_on(self):
        got = self.gateway.chat(user="u", temperature=0)
        self.assertEqual((got.status, json.loads(got.text)["choices"]), (200, COMPLETION["choices"]))
        self.assertEqual(self.cluster.requests[0]["user"], "u")

    def test_keys(self):
        self.uncalled(self.gateway.chat(None), 401, "missing_authorization")
        for key in ("", "ck_gone_cyn", "never-issued"):
            self.uncalled(self.gateway.chat(key), 401, "invalid_api_key")
        basic = self.gateway.ask("POST", "/v1/chat/completions", {}, None, {"authorization": "Basic YTpi"})
        self.uncalled(basic, 401, "invalid_api_key")

    def test_money_and_rates(self):
        for key in ("ck_zero_dot", "ck_debt_eve"):
            self.uncalled(self.gateway.chat(key), 402, "insufficient_quota")
        self.uncalled(self.gateway.chat("ck_caps_gus"), 429, "spend_cap_reached")
        for key, code, passing in (("ck_last_fay", "insufficient_quota", 3), ("ck_near_hal", "spend_cap_reached", 2),
                                   ("ck_slow_ivy", "requests_per_minute", 3)):
            self.assertEqual([self.gateway.chat(key).status for _ in range(passing)], [200] * passing)
            self.fails(self.gateway.chat(key), 402 if key == "ck_last_fay" else 429, code)
        self.assertEqual(self.gateway.ops("POST", "/ops/rewind").status, 200)
        self.assertEqual(self.gateway.chat("ck_last_fay").status, 200)

    def test_tokens_have_a_rate_too(self):
        got = self.gateway.chat("ck_tokn_jan", user="x" * 600)
        self.uncalled(got, 429, "tokens_per_minute")

    def test_a_failed_request_costs_nothing(self):
        self.cluster.play(reply(500))
        for _ in range(5):
            self.fails(self.gateway.chat("ck_last_fay"), 500, "upstream_500")

    def test_permissions(self):
        self.uncalled(self.gateway.chat("ck_part_kim"), 403, "model_not_granted")
        self.uncalled(self.gateway.chat("ck_mute_lou", stream=True), 403, "streaming_not_granted")
        self.assertEqual(self.gateway.chat("ck_part_kim", model="cogito-small").status, 200)

    def test_unknown_models_and_routes(self):
        self.uncalled(self.gateway.chat(model="foo"), 404, "model_not_found")
        embed = {"model": "foo", "input": "x"}
        self.uncalled(self.gateway.ask("POST", "/v1/embeddings", embed), 404, "model_not_found")
        self.uncalled(self.gateway.ask("GET", "/v1/models/foo"), 404, "model_not_found")
        self.uncalled(self.gateway.ask("GET", "/v1/nowhere"), 404, "not_found")
        self.uncalled(self.gateway.ask("PUT", "/v1/chat/completions"), 400, "invalid_request_error")

    def test_switches(self):
        self.gateway.ops("PUT", "/ops/switches/billing", {"configured": False})
        self.uncalled(self.gateway.chat(), 503, "billing_not_configured")
        self.gateway.ops("PUT", "/ops/switches/billing", {"configured": True})
        self.gateway.ops("PUT", "/ops/switches/backend", {"credentials": "absent"})
        self.uncalled(self.gateway.chat(), 500, "backend_unavailable")
        self.gateway.ops("PUT", "/ops/switches/backend", {"credentials": "present"})
        self.assertEqual(self.gateway.chat().status, 200)

    def test_bodies_that_are_refused(self):
        deep = "[" * 100_000
        for raw in ("", "{", "[]", "3", "\x00", "{}", '{"model": NaN}', deep, '{"a": 1e999}'):
            self.uncalled(self.gateway.ask("POST", "/v1/chat/completions", raw), 400, "invalid_request_error")
        for fields in ({"messages": []}, {"messages": "x"}, {"messages": [3]}, {"temperature": "hot"}, {"n": True},
                       {"max_tokens": -1}, {"stream": "yes"}, {"model": 7}, {"temperature": 3}):
            self.uncalled(self.gateway.chat(**fields), 400, "invalid_request_error")
        for value in (None, "", [], {}, [3.5], [[]]):
            body = {"model": "cogito-embed", "input": value}
            self.uncalled(self.gateway.ask("POST", "/v1/embeddings", body), 400, "invalid_request_error")

    def test_odd_bodies_are_answered_in_the_one_shape(self):
        text = '{"model": "cogito-large", "model": "cogito-large", "messages": [{"role": "user", "content": "\\ud800"}]}'
        self.assertEqual(self.gateway.ask("POST", "/v1/chat/completions", "\ufeff".encode() + text.encode()).status, 200)

    def test_broken_http_is_answered_in_the_one_shape(self):
        host, port = self.gateway.address.split(":")
        for raw in (b"what\r\n\r\n", b"POST / HTTP/1.1\r\ncontent-length: x\r\n\r\n", b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
                    b"GET / HTTP/1.1\r\n" + b"a: " + b"b" * 100_000 + b"\r\n\r\n"):
            with socket.create_connection((host, int(port)), PATIENCE) as connection:
                connection.sendall(raw)
                response = http.client.HTTPResponse(connection)
                response.begin()
                self.fails(Got(response.status, response.headers, response.read(), False), 400, "invalid_request_error")

    def test_statuses_pass_through(self):
        for status in (400, 401, 402, 403, 404, 409, 418, 422, 429, 500, 501, 502, 503, 504, 507, 520, 522, 524, 529):
            for streaming in (False, True):
                self.cluster.play(reply(status, b"<html>secret-host</html>"))
                got = self.gateway.chat(stream=streaming)
                self.fails(got, status, f"upstream_{status}")
                self.assertNotIn(b"secret", got.text)
        self.cluster.play(reply(500, b"<html>" + b"x" * 100_000))
        self.fails(self.gateway.chat(), 500, "upstream_500")
        for status in (204, 302, 413):
            self.cluster.play(reply(status))
            self.fails(self.gateway.chat(), 502, "upstream_unexpected")

    def test_delays_are_not_shortened(self):
        date = email.utils.formatdate(time.time() + 40, usegmt=True)
        for header, least in (("retry-after: 77\r\n", 77), (f"retry-after: {date}\r\n", 38), ("retry-after-ms: 60500\r\n", 61),
                              ("retry-after: soon\r\n", 1), ("retry-after: -3\r\n", 1), ("", 1)):
            for status in (429, 503):
                self.cluster.play(reply(status, headers=header))
                got = self.gateway.chat()
                self.fails(got, status, f"upstream_{status}")
                self.assertGreaterEqual(int(got.headers["retry-after"]), least)

    def test_connections_that_fail(self):
        for then in ("close", "reset"):
            self.cluster.play(then=then)
            self.fails(self.gateway.chat(), 502, "upstream_unavailable")
            self.fails(self.gateway.chat(stream=True), 502, "upstream_unavailable")
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        for upstream in (f"http://127.0.0.1:{port}", "http://no-such-host.invalid"):
            other = Gateway(upstream)
            self.addCleanup(other.stop)
            self.fails(other.chat(), 502, "upstream_unavailable")

    def test_answers_that_cannot_be_used(self):
        whole = json.dumps(COMPLETION).encode()
        for body in (b"", b"<html>", whole[:20], b"[]", b'{"choices": null}', b'{"error": {"message": "x"}}', b"\xff"):
            self.cluster.play(reply(200, body))
            self.fails(self.gateway.chat(), 500, "unusable_answer")
            self.fails(self.gateway.chat(stream=True), 500, "unusable_answer")
        for then in ("close", "reset"):
            self.cluster.play(reply(200, whole)[:-9], then=then)
            self.fails(self.gateway.chat(), 502, "upstream_cut_short")
        chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"
        for raw in (b"hello\r\n\r\n", chunked, b"HTTP/1.1 103 Early\r\n\r\n" * 50):
            self.cluster.play(raw)
            self.fails(self.gateway.chat(), 502, "upstream_garbled")

    def test_silence_ends_at_the_deadline(self):
        whole = reply(200, json.dumps(COMPLETION).encode())
        head = whole.index(b"{")
        drip = [whole[:head], *(bytes([byte]) for byte in whole[head:])]
        for pieces in ((), (whole[:head],), drip, drip[1:]):
            self.cluster.play(*pieces, then="hold", pause=0.1)
            started = time.monotonic()
            self.fails(self.gateway.chat(), 500, "deadline_exceeded")
            self.assertGreaterEqual(time.monotonic() - started, DEADLINE)
            self.assertLess(time.monotonic() - started, PATIENCE)

    def test_a_stream_is_passed_on(self):
        self.cluster.play(stream(event("a"), b": ping\n\n", event("b", "stop"), b"data: [DONE]\n\n"))
        got = self.gateway.chat(stream=True)
        lines = [line for line in got.text.decode().split("\n") if line]
        self.assertEqual((got.status, got.broken, len(lines), lines[-1]), (200, False, 3, "data: [DONE]"))

    def test_streams_that_break_never_look_whole(self):
        partial = (event("a"), event("b"))
        cut = [(stream(*partial, end=b""), "close"), (stream(*partial, end=b""), "reset"), (stream(event("a", "stop")), "close")]
        for raw, then in cut:
            self.cluster.play(raw, then=then, pause=0.1)
            got = self.gateway.chat(stream=True)
            self.assertTrue(got.broken)
            self.assertNotIn(b"[DONE]", got.text)
        error = b'data: {"error": {"message": "secret"}}\n\n'
        for raw in (stream(*partial), stream(*partial, error), stream(*partial, b"data: {nope\n\n"), stream(*partial, event("c")[:20])):
            self.cluster.play(raw)
            self.ends_in_an_error_event(self.gateway.chat(stream=True))
        self.cluster.play(stream(*partial, end=b""), then="hold")
        self.ends_in_an_error_event(self.gateway.chat(stream=True))

    def test_streams_that_break_before_their_first_event_are_plain_failures(self):
        for raw, status, code in ((stream(), 500, "unusable_answer"), (stream(b"data: [DONE]\n\n"), 500, "unusable_answer"),
                                  (stream(end=b""), 502, "upstream_cut_short"),
                                  (stream(b'data: {"error": {"message": "x"}}\n\n'), 502, "inference_failed")):
            self.cluster.play(raw)
            self.fails(self.gateway.chat(stream=True), status, code)
        self.cluster.play(stream(end=b""), then="hold")
        self.fails(self.gateway.chat(stream=True), 502, "deadline_exceeded")

    def ends_in_an_error_event(self, got):
        last = got.text.decode().rstrip("\n").split("\n\n")[-1]
        error = json.loads(last.partition("data: ")[2])["error"]
        self.assertEqual((got.status, got.broken, error["type"]), (200, False, "api_error"))
        self.assertRegex(error["request_id"], "^req_.+")
        self.assertNotIn(b"[DONE]", got.text)
        self.assertNotIn(b"secret", got.text)

    def test_ids_differ_also_at_the_same_time(self):
        self.cluster.play(reply(500), pause=0.2)
        with ThreadPoolExecutor(32) as pool:
            ids = list(pool.map(lambda _: self.gateway.chat().error["request_id"], range(96)))
        self.assertEqual(len(set(ids)), 96)

    def test_ids_differ_one_after_the_other(self):
        ids = [self.gateway.chat(None).error["request_id"] for _ in range(30)]
        self.assertEqual(len(set(ids)), 30)

    def test_one_connection_serves_many_requests(self):
        connection = http.client.HTTPConnection(self.gateway.address, timeout=PATIENCE)
        for path, status in (("/v1/nowhere", 404), ("/livez", 200), ("/v1/models", 401), ("/livez", 200)):
            connection.request("GET", path)
            response = connection.getresponse()
            self.assertEqual((response.status, bool(response.read())), (status, True))
        connection.request("HEAD", "/v1/nowhere")
        self.assertEqual(connection.getresponse().status, 404)
        connection.close()

    def test_the_process_ends_on_request(self):
        other = Gateway(self.cluster.url)
        with socket.create_connection(tuple(other.address.split(":")), PATIENCE):
            self.assertEqual(other.stop(), 0)


if __name__ == "__main__":
    unittest.main()
