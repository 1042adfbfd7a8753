import json
import os
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "other-hands-wire"))

from ogate.app import App
from ogate.flawlist import CATALOGUE
from ogate.options import read
from testkit import (CHAT, CHAT_EVENTS, MESSAGE, MESSAGE_EVENTS, Bench, delta, named, together)

os.environ["UPSTREAM_KEY"] = "up-secret-key"
os.environ["OPENGATEWAY_BACKSTAGE"] = "bs"
CHATS, MESSAGES, VECTORS = "/v1/chat/completions", "/v1/messages", "/v1/embeddings"
LLAMA, EMBED = "meta/llama-3.3-70b", "nomic/embed-text-v1.5"
CODES = {400: "invalid_model", 401: "unauthorized", 402: "credits_exhausted", 403: "forbidden",
         404: "model", 422: "model_task_mismatch", 429: "rate_limit", 503: "offline"}


def ask(model=LLAMA, **more):
    return {"model": model, "messages": [{"role": "user", "content": "hi"}], **more}


def tell(model="anthropic/claude-sonnet-4", **more):
    return ask(model, **{"max_tokens": 50, **more})


def embed(model=EMBED):
    return {"model": model, "input": "x"}


class Base(Bench):
    flags = ("--upstream", "--second-upstream")
    options = ("--deadline", "0.6", "--backoff", "0.02")
    operator = ("/backstage/", {"X-Backstage": "bs"})

    @staticmethod
    def build(argv):
        return App(read(argv))

    def post(self, path=CHATS, body=None, key="og-unlimited-0001"):
        if body is None:
            body = tell() if path.endswith(MESSAGES) else ask()
        return self.gate.call("POST", path, body, {"Authorization": "Bearer " + key})

    def refused(self, got, status, code=None, anthropic=False):
        document = json.loads(got[2])
        error = document["error"]
        self.assertEqual((got[0], error["code"]), (status, code or CODES[status]))
        self.assertEqual(set(error), {"type", "message", "code", "provider"})
        self.assertEqual(error["provider"], "opengateway")
        self.assertEqual(document.get("type"), "error" if anthropic else None)

    def sent(self):
        return len(self.up.calls), len(self.second.calls)


class Healthy(Base):
    def test_whole_answers(self):
        raw = b'{"model":"foo/bar-9000","messages":[{"role":"user","content":"a"}],"x":1.50}'
        got = self.post(body=raw)
        self.assertEqual((got[0], json.loads(got[2])), (200, CHAT))
        self.assertEqual(self.up.calls[0]["raw"], raw)
        self.assertEqual(json.loads(self.post("/all" + MESSAGES)[2]), MESSAGE)
        sent = {k.lower(): v for k, v in self.up.calls[-1]["headers"].items()}
        self.assertEqual(sent["x-api-key"], "up-secret-key")
        self.assertEqual(self.post("/oss" + VECTORS, embed())[0], 200)
        self.up.script = [("gzip",)]
        self.assertEqual(json.loads(self.post()[2]), CHAT)

    def test_policies_and_aliases(self):
        for model, sent, name in ((LLAMA + ":fastest", (0, 1), LLAMA), (LLAMA + ":cheapest", (1, 0), LLAMA),
                                  ("fast", (0, 1), LLAMA), ("cheap", (0, 1), "qwen/qwen3-32b")):
            self.up.clear()
            self.second.clear()
            self.assertEqual(self.post(body=ask(model, seed=3))[0], 200)
            self.assertEqual(self.sent(), sent)
            self.assertEqual((self.up.calls + self.second.calls)[0]["body"], ask(name, seed=3))

    def test_models(self):
        for key in ("og-unlimited-0001", "og-never-seen-1234", "og-inactive-0007"):
            for name in ("Authorization", "x-api-key"):
                value = "Bearer " + key if name == "Authorization" else key
                for path in ("/v1/models", "/oss/v1/models", f"/oss/v1/models/{LLAMA}"):
                    self.assertEqual(self.gate.call("GET", path, None, {name: value})[0], 200)
        auth = {"x-api-key": "og-unlimited-0001"}
        ids = [m["id"] for m in json.loads(self.gate.call("GET", "/oss/v1/models", None, auth)[2])["data"]]
        self.assertIn(LLAMA, ids)
        self.assertNotIn("openai/gpt-4o", ids)
        self.refused(self.gate.call("GET", "/v1/models"), 401)
        self.refused(self.gate.call("GET", "/oss/v1/models/openai/gpt-4o", None, auth), 404)

    def test_keys(self):
        self.refused(self.post(key="og-never-seen-1234"), 401)
        self.refused(self.post(key="x"), 401)
        self.refused(self.gate.call("POST", CHATS, ask(), {"Authorization": "Basic og-unlimited-0001"}), 401)
        self.refused(self.post(key="og-inactive-0007"), 403)
        self.refused(self.post(MESSAGES, key="og-inactive-0007"), 403, None, True)
        self.refused(self.gate.call("GET", "/backstage/state"), 401)

    def test_model_ids(self):
        for model in ("nonsense", "a/b/c", "a/", "/b", LLAMA + ":slowest", LLAMA + ":", "a b/c"):
            self.refused(self.post(body=ask(model)), 400)
        self.refused(self.post(body=ask("no/such")), 404)
        self.refused(self.post("/oss" + CHATS, ask("openai/gpt-4o")), 404)
        self.refused(self.post("/oss" + VECTORS, embed("openai/text-embedding-3-small")), 404)
        self.refused(self.post(VECTORS, embed("foo/bar-9000")), 422)
        for stream in (False, True):
            self.refused(self.post(body=ask(EMBED, stream=stream)), 422)
            self.refused(self.post(MESSAGES, tell(EMBED, stream=stream)), 422, None, True)

    def test_context(self):
        long = "word " * 900
        for body in (ask("openlabs/short-1k", max_tokens=1100),
                     {**ask("openlabs/short-1k"), "messages": [{"role": "user", "content": long}]}):
            self.refused(self.post(body=body), 400, "context_length_exceeded")

    def test_rate_and_concurrency(self):
        got = [self.post(key="og-three-a-minute-0005") for _ in range(4)]
        self.assertEqual([g[0] for g in got], [200] * 3 + [429])
        self.refused(got[3], 429)
        self.assertIn(int(got[3][1]["retry-after"]), range(50, 61))
        self.refused(self.post(MESSAGES, key="og-three-a-minute-0005"), 429, None, True)
        self.operate("POST", "clock", {"seconds": 61})
        self.assertEqual(self.post(key="og-three-a-minute-0005")[0], 200)
        self.up.always = ("slow", 0.2)
        got = together(5, lambda: self.post(key="og-one-at-once-0006"))
        self.assertEqual(sorted(g[0] for g in got), [200] + [429] * 4)
        self.refused(next(g for g in got if g[0] == 429), 429, "concurrency_limit")
        self.assertEqual(self.post(key="og-one-at-once-0006")[0], 200)

    def test_retries(self):
        for step in (("status", 500), ("status", 503), ("status", 429), ("reset",), ("noise",)):
            for stream in (False, True):
                self.up.clear()
                self.second.clear()
                self.up.script = [step]
                self.assertEqual(self.post(body=ask(stream=stream))[0], 200)
                self.assertEqual(self.sent(), (1, 1))

    def test_no_retries(self):
        leak = {"error": {"message": f"overload up-secret-key {self.up.url}"}}
        for status in (401, 402, 403, 404, 422, 400):
            for path in (CHATS, MESSAGES):
                self.up.clear()
                self.up.script = [("status", status, leak)]
                got = self.post(path)
                self.refused(got, status, None, path == MESSAGES)
                self.assertNotIn(b"secret", got[2])
                self.assertNotIn(b"127.0.0.1", got[2])
                self.assertEqual(self.sent(), (1, 0))
        for step in (("cut",), ("raw", b"{}"), ("raw", b"<p>"),
                     ("status", 200, {"error": {"message": "x"}})):
            self.up.clear()
            self.up.script = [step]
            self.refused(self.post(), 503)
            self.assertEqual(self.sent(), (1, 0))

    def test_upstream_context(self):
        self.up.script = [("status", 400, {"error": {"code": "context_length_exceeded"}})]
        self.refused(self.post(), 400, "context_length_exceeded")

    def test_all_fail(self):
        for step, status in ((("status", 500), 503), (("status", 429), 429), (("stall", 0.8), 503)):
            self.up.clear()
            self.second.clear()
            self.up.always = self.second.always = step
            self.refused(self.post(), status)
            self.assertEqual(self.sent(), (2, 1))
        self.gate = self.start(url="http://127.0.0.1:9")
        self.addCleanup(self.gate.close)
        self.refused(self.post(), 503)

    def test_offline(self):
        self.operate("PUT", "providers/alpha", {"offline": True})
        self.refused(self.post(), 503)
        self.assertEqual(self.post(body=ask(LLAMA + ":cheapest"))[0], 200)
        self.operate("PUT", "providers/beta", {"offline": True})
        self.refused(self.post(body=ask(LLAMA + ":fastest")), 503)
        self.operate("POST", "reset")
        self.operate("PUT", "models/" + LLAMA, {"offline": True})
        self.refused(self.post(), 503)
        self.operate("PUT", "faults", {"credits_exhausted": True})
        self.refused(self.post(), 402)
        self.assertEqual(self.up.calls, [])

    def test_streams(self):
        got = self.post(body=ask(stream=True))
        self.assertEqual((got[0], got[2]), (200, b"".join(CHAT_EVENTS)))
        self.assertEqual(got[1]["content-type"], "text/event-stream")
        self.assertEqual(self.post(MESSAGES, tell(stream=True))[2], b"".join(MESSAGE_EVENTS))

    def test_broken_streams(self):
        error = b'data: {"error":{"message":"at up-secret-key"}}\n\n'
        for step in (("events-cut", [delta("a")]), ("events", [delta("a")]),
                     ("events", [delta("a"), b"data: {oops\n\n"]), ("events", [delta("a"), error]),
                     ("events", [delta("a"), 1.0])):
            self.up.script = [step]
            got = self.post(body=ask(stream=True))
            last = json.loads(got[2].strip().split(b"\n\n")[-1][6:])
            self.assertEqual(last["error"]["provider"], "opengateway")
            self.assertNotIn(b"[DONE]", got[2])
            self.assertNotIn(b"secret", got[2])
        for tail in ([], [named("error", error={"type": "overloaded_error", "message": "x"})]):
            self.up.script = [("events", MESSAGE_EVENTS[:2] + tail)]
            got = self.post(MESSAGES, tell(stream=True))
            self.assertNotIn(b"message_stop", got[2])
            self.assertIn(b"\n\nevent: error\ndata: {\"type\":\"error\"", got[2])
        self.assertEqual(self.second.calls, [])

    def test_odd_bodies(self):
        deep = b'{"model":"a/b","messages":' + b"[" * 100000 + b"]" * 100000 + b"}"
        for body in (b"", b"{", b"[]", b"null", b"\xff", b'{"a":NaN}', deep, ask(temperature="1"),
                     ask(stream=1), ask(7), ask(n=0), ask(max_tokens=1.5), {"model": LLAMA}):
            self.refused(self.post(body=body), 400)
        self.refused(self.post(MESSAGES, ask()), 400, None, True)
        self.refused(self.post(VECTORS, {"model": EMBED, "input": []}), 400)

    def test_routes_and_bad_http(self):
        self.refused(self.gate.call("GET", "/nothing"), 404, "not_found")
        self.refused(self.gate.call("GET", "/moon/v1/models"), 404, "not_found")
        self.refused(self.gate.call("PUT", CHATS), 405, "method_not_allowed")
        self.assertEqual(self.gate.call("HEAD", CHATS)[2], b"")
        self.assertIn(b" 400 ", self.gate.raw(b"x\r\n\r\n").split(b"\r\n")[0])
        big = self.gate.raw(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n")
        self.assertIn(b"request_too_large", big)

    def test_sixty_clients(self):
        self.up.always = ("slow", 0.1)
        self.assertEqual({g[0] for g in together(60, self.post)}, {200})


class Flawed(Base):
    def check(self, name, act, seen):
        self.flawed(name)
        self.assertEqual(act(), seen)

    def after(self, *step):
        self.up.script = [step]

    def test_retry_422(self):
        self.after("status", 422)
        self.check("retry-422", lambda: (self.post()[0], self.sent()), (200, (1, 1)))

    def test_failover_402(self):
        self.after("status", 402)
        self.check("failover-402", lambda: (self.post()[0], self.sent()), (200, (1, 1)))

    def test_429_final(self):
        self.after("status", 429)
        self.check("429-final", lambda: (self.post()[0], self.sent()), (429, (1, 0)))

    def test_body_decides(self):
        self.after("status", 400, {"error": {"message": "overloaded"}})
        self.check("body-decides", lambda: (self.post()[0], self.sent()), (200, (1, 1)))

    def test_same_provider(self):
        self.after("status", 500)
        self.check("same-provider", lambda: (self.post()[0], self.sent()), (200, (2, 0)))

    def test_oss_embeddings_open(self):
        self.check("oss-embeddings-open", lambda: self.post(
            "/oss" + VECTORS, embed("openai/text-embedding-3-small"))[0], 200)

    def test_label_leak(self):
        self.after("raw", b"{}")
        self.check("label-leak", lambda: json.loads(self.post()[2])["error"]["provider"], "alpha")

    def test_message_leak(self):
        self.after("status", 400, {"error": {"message": "up-secret-key"}})
        self.check("message-leak", lambda: b"up-secret-key" in self.post()[2], True)

    def test_models_known_only(self):
        self.check("models-known-only", lambda: self.gate.call("GET", "/v1/models", None, {
            "x-api-key": "og-never-seen-1234"})[0], 401)

    def test_slot_leak(self):
        self.after("status", 400)
        self.check("slot-leak", lambda: [self.post(key="og-one-at-once-0006")[0] for _ in range(2)],
                   [400, 429])

    def test_cheapest_dead(self):
        self.flawed("cheapest-dead")
        self.operate("PUT", "providers/alpha", {"offline": True})
        self.assertEqual([self.post(body=ask(LLAMA + p))[0] for p in (":cheapest", ":fastest")],
                         [503, 200])

    def test_policy_forwarded(self):
        self.check("policy-forwarded", lambda: [
            self.post(body=ask(LLAMA + ":cheapest", stream=s)) and self.up.calls[-1]["body"]["model"]
            for s in (True, False)], [LLAMA + ":cheapest", LLAMA])

    def test_inactive_by_x_key(self):
        self.check("inactive-by-x-key", lambda: (self.gate.call("POST", CHATS, ask(), {
            "x-api-key": "og-inactive-0007"})[0], self.post(key="og-inactive-0007")[0]), (200, 403))

    def test_messages_429_shape(self):
        self.check("messages-429-shape", lambda: list(json.loads([self.post(
            MESSAGES, key="og-three-a-minute-0005") for _ in range(4)][3][2])), ["error"])

    def test_done_forged(self):
        self.after("events-cut", [delta("a")])
        self.check("done-forged", lambda: self.post(body=ask(stream=True))[2][-8:], b"[DONE]\n\n")

    def test_window_input_only(self):
        self.check("window-input-only", lambda: self.post(
            body=ask("openlabs/short-1k", max_tokens=1100))[0], 200)

    def test_fastest_is_cheapest(self):
        self.check("fastest-is-cheapest", lambda: (self.post(body=ask(LLAMA + ":fastest"))[0],
                                                   self.sent()), (200, (1, 0)))

    def test_stream_mismatch_400(self):
        self.check("stream-mismatch-400", lambda: [self.post(body=ask(EMBED, stream=s))[0]
                                                   for s in (True, False)], [400, 422])

    def test_every_flaw_is_tested(self):
        for name in CATALOGUE:
            self.assertTrue(hasattr(self, "test_" + name.replace("-", "_")), name)


if __name__ == "__main__":
    unittest.main()
