import json
import os
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "other-hands-wire"))

from chuizigate.app import App
from chuizigate.flawlist import CATALOGUE
from chuizigate.options import read
from testkit import (CHAT, CHAT_EVENTS, MESSAGE, MESSAGE_EVENTS, Bench, delta, named, together)

os.environ["UPSTREAM_KEY"] = "up-secret-key"
os.environ["CHUIZI_CONTROL_TOKEN"] = "ctl"
CHATS, MESSAGES, VECTORS = "/v1/chat/completions", "/anthropic/v1/messages", "/v1/embeddings"
TYPES = {400: "invalid_request_error", 401: "authentication_error", 402: "insufficient_quota",
         403: "permission_error", 404: "not_found", 429: "rate_limit_error",
         500: "server_error", 502: "upstream_error", 503: "service_unavailable", 504: "timeout"}


def ask(model=None, **more):
    return {"model": model or "gpt-4o-mini", "messages": [{"role": "user", "content": "hi"}], **more}


def tell(model=None, **more):
    return {"max_tokens": 50, **ask(model or "claude-sonnet-4"), **more}


class Base(Bench):
    operator = ("/-/control/", {"Authorization": "Bearer ctl"})

    @staticmethod
    def build(argv):
        return App(read(argv))

    def balance(self, account):
        return self.operate("GET", "state")["balances_usd"][account]

    def post(self, path=CHATS, body=None, key="main-key-1"):
        if body is None:
            body = {CHATS: ask, MESSAGES: tell}.get(
                path, lambda: {"model": "text-embedding-3-small", "input": "x"})()
        name = {"x-api-key": "ck-" + key} if path == MESSAGES else {
            "Authorization": "Bearer ck-" + key}
        return self.gate.call("POST", path, body, name)

    def refused(self, got, status, anthropic=False):
        document = json.loads(got[2])
        self.assertEqual((got[0], document["error"]["type"]), (status, TYPES[status]))
        self.assertTrue(got[1]["x-chuizi-generation-id"].startswith("gen-"))
        self.assertIsInstance(document["error"]["message"], str)
        if anthropic:
            self.assertEqual((document["type"], set(document["error"])),
                             ("error", {"type", "message"}))
        else:
            self.assertEqual(document["error"]["code"], str(status))
            self.assertEqual(set(document), {"error"})


class Healthy(Base):
    def test_whole_answers(self):
        raw = b'{"model":"gpt-4o-mini","messages":[{"role":"user","content":"a"}],"x":1.50}'
        got = self.post(body=raw)
        self.assertEqual((got[0], json.loads(got[2])), (200, CHAT))
        self.assertEqual(self.up.calls[0]["raw"], raw)
        self.assertNotEqual(got[1]["x-chuizi-generation-id"],
                            self.post()[1]["x-chuizi-generation-id"])
        self.assertEqual(json.loads(self.post(MESSAGES)[2]), MESSAGE)
        sent = {k.lower(): v for k, v in self.up.calls[-1]["headers"].items()}
        self.assertEqual((sent["x-api-key"], sent["anthropic-version"]),
                         ("up-secret-key", "2023-06-01"))
        self.assertNotIn("authorization", sent)
        self.assertEqual(self.post(VECTORS)[0], 200)
        self.up.script = [("gzip",)]
        self.assertEqual(json.loads(self.post()[2]), CHAT)

    def test_lists(self):
        auth = {"Authorization": "Bearer ck-main-key-1"}
        for path in ("/v1/models", "/v1/models/o3", "/anthropic/v1/models", "/healthz"):
            self.assertEqual(self.gate.call("GET", path, None, auth)[0], 200)
        self.refused(self.gate.call("GET", "/v1/models/none", None, auth), 404)
        self.refused(self.gate.call("GET", "/-/control/state"), 401)

    def test_keys(self):
        for path in (CHATS, MESSAGES):
            for key in ("nobody", "revoked", "deactivated"):
                self.refused(self.post(path, key=key), 401, path == MESSAGES)
            self.refused(self.gate.call("POST", path, ask()), 401, path == MESSAGES)

    def test_balance(self):
        for path in (CHATS, MESSAGES, VECTORS):
            self.refused(self.post(path, key="no-balance"), 402, path == MESSAGES)
        self.refused(self.post(body=ask("o3", max_tokens=10 ** 6), key="low-balance"), 402)
        before = self.balance("main")
        self.post()
        self.assertAlmostEqual(before - self.balance("main"), (10 * .15 + 20 * .6) / 1e6, 9)
        self.up.script = [("status", 500)]
        before = self.balance("main")
        self.post()
        self.assertEqual(self.balance("main"), before)

    def test_pre_deduction_holds_under_concurrency(self):
        self.up.always = ("slow", 0.2)
        body = tell(max_tokens=3900)  # a little under half of the low account
        got = [g[0] for g in together(12, lambda: self.post(MESSAGES, body, "low-balance"))]
        self.assertEqual((got.count(200), got.count(402)), (2, 10))

    def test_permissions_and_models(self):
        self.refused(self.post(body=ask("o3"), key="mini-only"), 403)
        self.refused(self.post(VECTORS, key="chat-only"), 403)
        self.refused(self.post(MESSAGES, key="chat-only"), 403, True)
        self.refused(self.post(body=ask("nope")), 404)
        self.refused(self.post(body=ask("gpt-4-retired")), 404)
        self.refused(self.post(MESSAGES, tell("gpt-5")), 404, True)
        self.refused(self.post(body=ask("text-embedding-3-small")), 400)

    def test_rate(self):
        got = [self.post(key="three-rpm") for _ in range(4)]
        self.assertEqual([g[0] for g in got], [200, 200, 200, 429])
        self.refused(got[3], 429)
        self.assertIn(int(got[3][1]["retry-after"]), range(50, 61))
        self.assertEqual(self.post(key="default-rpm")[0], 200)
        self.operate("POST", "clock", {"forward": 61})
        self.assertEqual(self.post(key="three-rpm")[0], 200)
        self.assertEqual(self.operate("GET", "state")["keys"]["ck-default-rpm"]["rpm"], 60)

    def test_own_states(self):
        for toggle, status in (("overloaded", 503), ("internal_fault", 500), ("upstream_down", 503)):
            self.operate("PATCH", "toggles", {toggle: True})
            for path in (CHATS, MESSAGES):
                self.refused(self.post(path), status, path == MESSAGES)
            self.operate("PATCH", "toggles", {toggle: False})
        self.assertEqual(self.balance("main"), 1000)
        self.assertEqual(self.up.calls, [])

    def test_upstream_failures(self):
        leak = {"error": {"message": f"no: up-secret-key {self.up.url}"}}
        steps = [(("status", 400, leak), 400), (("status", 401, leak), 502), (("status", 403), 502),
                 (("status", 404), 404), (("status", 429, {}, [("Retry-After", "7")]), 429),
                 (("status", 500, leak), 502), (("status", 503), 503), (("status", 504), 504),
                 (("reset",), 502), (("cut",), 502), (("noise",), 502), (("raw", b"{}"), 502),
                 (("raw", b"<html>"), 502)]
        for step, status in steps:
            for path, make in ((CHATS, ask), (MESSAGES, tell)):
                for stream in (False, True):
                    self.up.script = [step]
                    got = self.post(path, make(stream=stream))
                    self.refused(got, status, path == MESSAGES)
                    self.assertNotIn(b"up-secret", got[2])
                    self.assertNotIn(self.up.url[7:].encode(), got[2])
                    if status == 429:
                        self.assertEqual(got[1]["retry-after"], "7")
        self.assertEqual(len(self.up.calls), 4 * len(steps))
        self.assertEqual(self.balance("main"), 1000)
        self.gate = self.start(url="http://127.0.0.1:9")
        self.addCleanup(self.gate.close)
        self.refused(self.post(), 503)

    def test_timeouts(self):
        for path, body in ((CHATS, None), (CHATS, ask(stream=True)), (MESSAGES, None)):
            self.up.script = [("stall", 1)]
            self.refused(self.post(path, body), 504, path == MESSAGES)
        self.assertEqual(self.balance("main"), 1000)

    def test_streams(self):
        got = self.post(body=ask(stream=True))
        self.assertEqual((got[0], got[2]), (200, b"".join(CHAT_EVENTS)))
        self.assertIn("x-chuizi-generation-id", got[1])
        before = self.balance("main")
        self.assertEqual(self.post(MESSAGES, tell(stream=True))[2], b"".join(MESSAGE_EVENTS))
        self.assertAlmostEqual(before - self.balance("main"), (10 * 3 + 20 * 15) / 1e6, 9)

    def test_broken_streams(self):
        error = b'data: {"error":{"message":"at up-secret-key"}}\n\n'
        for step in (("events-cut", [delta("a")]), ("events", [delta("a")]),
                     ("events", [delta("a"), b"data: {oops\n\n"]), ("events", [delta("a"), error]),
                     ("events", [delta("a"), 1.0])):
            self.up.script = [step]
            got = self.post(body=ask(stream=True))
            last = json.loads(got[2].strip().split(b"\n\n")[-1][6:])
            self.assertIn(last["error"]["code"], ("502", "504"))
            self.assertNotIn(b"[DONE]", got[2])
            self.assertNotIn(b"secret", got[2])
        for tail in ([], [named("error", error={"type": "overloaded_error", "message": "x"})]):
            self.up.script = [("events", MESSAGE_EVENTS[:2] + tail)]
            got = self.post(MESSAGES, tell(stream=True))
            self.assertNotIn(b"message_stop", got[2])
            self.assertIn(b"\n\nevent: error\ndata: {\"type\":\"error\"", got[2])

    def test_odd_bodies(self):
        deep = b'{"model":"o3","messages":' + b"[" * 100000 + b"]" * 100000 + b"}"
        for body in (b"", b"{", b"[]", b"null", b"\xff", b'{"a":NaN}', deep, ask(temperature="1"),
                     ask(stream=1), {"model": 7}, ask(n=0), ask(max_tokens=1.5), {"model": "o3"},
                     {"model": "o3", "messages": []}, ask(top_p=2)):
            self.refused(self.post(body=body), 400)
        for body in (b"", tell(max_tokens=None), tell(max_tokens=0), tell(system=4),
                     tell(messages=[{"role": "system", "content": "x"}])):
            self.refused(self.post(MESSAGES, body), 400, True)
        self.assertEqual(self.post(body=b'{"model":"o3","messages":[{"role":"user",'
                                        b'"content":"\\ud800"}],"max_tokens":1}')[0], 200)

    def test_routes_and_bad_http(self):
        self.refused(self.gate.call("GET", "/nothing"), 404)
        self.refused(self.gate.call("GET", "/anthropic/nothing"), 404, True)
        self.refused(self.gate.call("PUT", CHATS), 404)
        self.assertEqual(self.gate.call("HEAD", CHATS)[2], b"")
        self.assertIn(b" 400 ", self.gate.raw(b"x\r\n\r\n").split(b"\r\n")[0])
        big = self.gate.raw(b"POST /anthropic/v1/messages HTTP/1.1\r\nHost: a\r\n"
                            b"Content-Length: 99999999\r\n\r\n")
        self.assertIn(b" 400 ", big.split(b"\r\n")[0])
        self.assertIn(b'{"type":"error"', big)
        self.assertIn(b"x-chuizi-generation-id", big)

    def test_sixty_clients(self):
        self.up.always = ("slow", 0.1)
        self.assertEqual({g[0] for g in together(60, self.post)}, {200})


class Flawed(Base):
    def check(self, name, act, seen):
        self.flawed(name)
        self.assertEqual(act(), seen)

    def test_anthropic_402_shape(self):
        self.check("anthropic-402-shape", lambda: list(json.loads(
            self.post(MESSAGES, key="no-balance")[2])), ["error"])

    def test_numeric_code(self):
        self.check("numeric-code", lambda: [json.loads(self.post(key="three-rpm")[2])
                   for _ in range(4)][3]["error"]["code"], 429)

    def test_stream_no_id(self):
        self.check("stream-no-id", lambda: "x-chuizi-generation-id" in self.post(
            body=ask(stream=True))[1], False)

    def test_retry_after_ms(self):
        self.check("retry-after-ms", lambda: int([self.post(key="three-rpm") for _ in range(4)][3]
                   [1]["retry-after"]) > 1000, True)

    def test_rpm_plus_one(self):
        self.check("rpm-plus-one", lambda: [self.post(key="three-rpm")[0] for _ in range(5)],
                   [200] * 4 + [429])

    def test_rpm_by_account(self):
        self.check("rpm-by-account", lambda: [self.post(key=k)[0] for k in
                   ["default-rpm"] * 3 + ["three-rpm"]], [200] * 3 + [429])

    def test_timeout_keeps_money(self):
        self.up.script = [("stall", 1)]
        self.check("timeout-keeps-money", lambda: (self.post()[0], self.balance("main") < 1000),
                   (504, True))

    def test_stream_unsettled(self):
        self.check("stream-unsettled", lambda: (self.post(body=ask(stream=True, max_tokens=10 ** 6))
                   [0], self.balance("main") < 999.5), (200, True))

    def test_late_deduction(self):
        self.up.always = ("slow", 0.2)
        self.check("late-deduction", lambda: [g[0] for g in together(12, lambda: self.post(
            MESSAGES, tell(max_tokens=3900), "low-balance"))], [200] * 12)

    def test_models_open_to_revoked(self):
        self.check("models-open-to-revoked", lambda: (self.gate.call("GET", "/v1/models", None, {
            "Authorization": "Bearer ck-revoked"})[0], self.post(key="revoked")[0]), (200, 401))

    def test_stream_unscoped(self):
        self.check("stream-unscoped", lambda: [self.post(body=ask("o3", stream=s), key="mini-only")[0]
                   for s in (True, False)], [200, 403])

    def test_upstream_401_through(self):
        self.up.script = [("status", 401)]
        self.check("upstream-401-through", lambda: self.post()[0], 401)

    def test_embedding_timeout_502(self):
        self.up.script = [("stall", 1), ("stall", 1)]
        self.check("embedding-timeout-502", lambda: [self.post(p)[0] for p in (VECTORS, CHATS)],
                   [502, 504])

    def test_leaky_400(self):
        self.up.script = [("status", 400, {"error": {"message": "bad up-secret-key"}})]
        self.check("leaky-400", lambda: b"up-secret-key" in self.post()[2], True)

    def test_forged_stop(self):
        self.up.script = [("events-cut", MESSAGE_EVENTS[:2])]
        self.check("forged-stop", lambda: b"message_stop" in self.post(
            MESSAGES, tell(stream=True))[2], True)

    def test_resend_invalid(self):
        self.up.script = [("raw", b"{}")]
        self.check("resend-invalid", lambda: (self.post()[0], len(self.up.calls)), (200, 2))

    def test_error_swallowed(self):
        self.up.script = [("events", [delta("a"), b'data: {"error":{"message":"x"}}\n\n'])]
        self.check("error-swallowed", lambda: self.post(body=ask(stream=True))[2][-8:],
                   b"[DONE]\n\n")

    def test_unavailable_403(self):
        self.check("unavailable-403", lambda: [self.post(body=ask(m))[0] for m in
                   ("gpt-4-retired", "nope")], [403, 404])

    def test_every_flaw_is_tested(self):
        for name in CATALOGUE:
            self.assertTrue(hasattr(self, "test_" + name.replace("-", "_")), name)


if __name__ == "__main__":
    unittest.main()
