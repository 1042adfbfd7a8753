import json
import os
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "other-hands-wire"))

from cogproxy.app import App
from cogproxy.flawlist import CATALOGUE
from cogproxy.options import read
from testkit import CHAT, CHAT_EVENTS, Bench, delta, together

os.environ["UPSTREAM_KEY"] = "up-secret-key"
os.environ["COG_OPS_TOKEN"] = "ops"
CHATS = "/v1/chat/completions"


def ask(text="hi there", model="gpt-4o", **more):
    return {"model": model, "messages": [{"role": "user", "content": text}], **more}


class Base(Bench):
    operator = ("/_ops/", {"X-Ops-Token": "ops"})

    @staticmethod
    def build(argv):
        return App(read(argv))

    def chat(self, key="standard-0001", body=None, headers=None, path=CHATS):
        status, fields, raw = self.gate.call("POST", path, ask() if body is None else body, {
            "Authorization": f"Bearer sk-cog-{key}", **(headers or {})})
        return status, fields, raw

    def spent(self, key):
        return self.operate("GET", f"keys/sk-cog-{key}")["spent_usd"]

    def refused(self, got, status, kind):
        self.assertEqual((got[0], json.loads(got[2])["error"]["type"]), (status, kind))
        self.assertEqual(got[1]["content-type"], "application/json")
        self.assertIsInstance(json.loads(got[2])["error"]["message"], str)
        self.assertIn("context", json.loads(got[2])["error"])
        self.assertIn("x-cog-degraded", got[1])


class Healthy(Base):
    def test_whole_answer_and_headers(self):
        raw = b'{"model":"gpt-4o", "x": 1.0e2, "messages":[{"role":"user","content":"\\ud83d\\ude00"}]}'
        status, fields, text = self.chat(body=raw)
        self.assertEqual((status, json.loads(text)), (200, CHAT))
        self.assertEqual(self.up.calls[0]["raw"], raw)
        self.assertEqual(self.up.calls[0]["headers"]["Authorization"], "Bearer up-secret-key")
        self.assertEqual(fields["x-cog-degraded"], "false")
        self.assertEqual(fields["x-cog-original-model"], "gpt-4o")
        self.assertAlmostEqual(self.spent("standard-0001"), (10 * 2.5 + 20 * 10) / 1e6)

    def test_embeddings_models_health(self):
        self.assertEqual(self.chat(body={"model": "text-embedding-3-small", "input": "a"},
                                   path="/v1/embeddings")[0], 200)
        auth = {"Authorization": "Bearer sk-cog-standard-0001"}
        self.assertEqual(self.gate.call("GET", "/v1/models", None, auth)[0], 200)
        self.assertEqual(self.gate.call("HEAD", "/health")[2], b"")
        self.assertEqual(self.gate.call("GET", "/_ops/keys")[0], 403)

    def test_keys_and_trials(self):
        for key in ("nobody", "revoked-0004", ""):
            self.refused(self.chat(key), 401, "invalid_proxy_key")
        self.refused(self.gate.call("POST", CHATS, ask()), 401, "invalid_proxy_key")
        self.refused(self.chat("expired-0003"), 402, "trial_expired")
        self.assertEqual(self.chat("trial-0002")[0], 200)
        self.operate("POST", "clock", {"advance_seconds": 7 * 86400 + 5})
        self.refused(self.chat("trial-0002"), 402, "trial_expired")

    def test_budget(self):
        self.refused(self.chat("exhausted-0005"), 429, "budget_exceeded")
        self.assertEqual([self.chat("small-0006")[0] for _ in range(4)], [200, 200, 200, 429])
        self.operate("POST", "clock", {"advance_seconds": 32 * 86400})
        self.assertEqual(self.chat("small-0006")[0], 200)

    def test_budget_under_concurrency(self):
        self.up.always = ("slow", 0.2)
        body = ask(max_tokens=20)
        got = [r[0] for r in together(20, lambda: self.chat("small-0006", body))]
        self.assertEqual(got.count(200), 3)

    def test_degrade(self):
        for key in ("degrade-0007", "degrade-full-0008"):
            status, fields, _ = self.chat(key, ask(temperature=0.5))
            self.assertEqual((status, fields["x-cog-degraded"]), (200, "true"))
            self.assertEqual((fields["x-cog-original-model"], fields["x-cog-degraded-model"]),
                             ("gpt-4o", "gpt-4o-mini"))
            self.assertEqual(self.up.calls[-1]["body"], ask(model="gpt-4o-mini", temperature=0.5))
        self.refused(self.chat("degrade-full-0008", ask(model="gpt-4o-mini")), 429,
                     "budget_exceeded")

    def test_runs(self):
        mine = {"X-Cost-Run-Id": "r1"}
        self.assertEqual(self.chat("run-0009", headers=mine)[0], 200)
        self.refused(self.chat("run-0009", headers=mine), 429, "run_budget_exceeded")
        self.assertEqual(self.chat("run-0009", headers={**mine, "X-Cost-Run-Budget": "1"})[0], 200)
        self.assertEqual(self.chat("run-0009", headers={"X-Cost-Run-Id": "r2"})[0], 200)
        self.refused(self.chat(headers={"X-Cost-Run-Budget": "0"}), 429, "run_budget_exceeded")
        self.assertEqual(self.chat(headers={"X-Cost-Run-Budget": "lots"})[0], 400)

    def test_velocity(self):
        got = [self.chat("rpm-0010") for _ in range(6)]
        self.assertEqual([g[0] for g in got], [200] * 5 + [429])
        self.refused(got[-1], 429, "velocity_exceeded")
        self.assertGreater(int(got[-1][1]["retry-after"]), 50)
        self.operate("POST", "clock", {"advance_seconds": 61})
        self.assertEqual(self.chat("rpm-0010")[0], 200)
        self.assertEqual([self.chat("tpm-0011")[0] for _ in range(8)], [200] * 7 + [429])

    def test_cache(self):
        long = "please tell me the capital city of the country that lies south of france " * 4
        self.assertEqual(self.chat("cache-0012", ask(long))[1]["x-cog-cache-hit"], "false")
        before = self.spent("cache-0012")
        exact = self.chat("cache-0012", ask(long))[1]
        near = self.chat("cache-0012", ask(long + "now"))[1]
        self.assertEqual((exact["x-cog-cache-hit"], exact["x-cog-similarity-score"]), ("true", "1.0"))
        self.assertEqual(near["x-cog-cache-hit"], "true")
        self.assertLess(float(near["x-cog-similarity-score"]), 1)
        self.assertEqual(self.spent("cache-0012"), before)
        for body, key in ((ask("other"), "0012"), (ask(long), "0013"), (ask(long, "gpt-4.1"), "0012")):
            self.assertEqual(self.chat("cache-" + key, body)[1]["x-cog-cache-hit"], "false")

    def test_provider_errors(self):
        leak = {"error": {"message": f"bad key up-secret-key at {self.up.url}/v1"}}
        for step in (("status", 400, leak), ("status", 503), ("status", 429), ("reset",), ("cut",),
                     ("noise",), ("raw", b"not json"), ("raw", b"[]"), ("status", 204)):
            for stream in (False, True):
                self.up.script = [step]
                got = self.chat(body=ask(stream=stream))
                self.refused(got, 500, "provider_error")
                self.assertNotIn(b"up-secret", got[2])
                self.assertNotIn(self.up.url[7:].encode(), got[2])
        self.assertEqual(len(self.up.calls), 18)
        self.assertEqual(self.spent("standard-0001"), 0)
        self.up.script = [("status", 418)]
        self.assertIn(b"upstream says no", self.chat()[2])
        self.gate = self.start(url="http://127.0.0.1:9")
        self.addCleanup(self.gate.close)
        self.refused(self.chat(), 500, "provider_error")

    def test_timeout(self):
        for stream in (False, True):
            self.up.script = [("stall", 1)]
            self.refused(self.chat(body=ask(stream=stream)), 504, "provider_timeout")

    def test_gzip(self):
        self.up.script = [("gzip",)]
        self.assertEqual(json.loads(self.chat()[2]), CHAT)

    def test_stream(self):
        status, fields, raw = self.chat(body=ask(stream=True))
        self.assertEqual((status, raw), (200, b"".join(CHAT_EVENTS)))
        self.assertTrue(fields["content-type"].startswith("text/event-stream"))
        self.assertIn("x-cog-cache-hit", fields)
        self.assertGreater(self.spent("standard-0001"), 0)

    def test_broken_streams(self):
        error = b'data: {"error":{"message":"upstream broke"}}\n\n'
        for step in (("events-cut", [delta("a")]), ("events", [delta("a")]),
                     ("events", [delta("a"), b"data: {oops\n\n"]), ("events", [delta("a"), error]),
                     ("events", [delta("a"), 1.0])):
            self.up.script = [step]
            status, _, raw = self.chat(body=ask(stream=True))
            self.assertEqual(status, 200)
            self.assertNotIn(b"[DONE]", raw)
            last = json.loads(raw.strip().split(b"\n\n")[-1][6:])
            self.assertIn(last["error"]["type"], ("provider_error", "provider_timeout"))

    def test_odd_bodies(self):
        deep = b'{"model":"m","messages":' + b"[" * 100000 + b"]" * 100000 + b"}"
        bad = [b"", b"{", b"[]", b"null", b"\xff", b'{"model":NaN}', deep, ask(temperature="1"),
               ask(stream="yes"), ask(model=7), ask(model=""), {"model": "m"}, ask(n=0), ask(n=True),
               ask(max_tokens=-1), ask(temperature=2.1), {"model": "m", "messages": [3]},
               {"model": "m", "messages": [{"role": "x", "content": "a"}]}, ask(stop=[1]),
               {"model": "m", "messages": [{"role": "user"}]}, b'{"n":' + b"9" * 5000 + b"}"]
        for body in bad:
            self.refused(self.chat(body=body), 400, "invalid_request")
        self.assertEqual(self.up.calls, [])

    def test_routes_and_bad_http(self):
        self.refused(self.gate.call("GET", "/nothing"), 404, "not_found")
        got = self.gate.call("GET", CHATS)
        self.refused(got, 405, "method_not_allowed")
        self.assertEqual(got[1]["allow"], "POST")
        self.assertEqual(self.gate.call("HEAD", CHATS)[2], b"")
        self.assertIn(b" 400 ", self.gate.raw(b"nonsense\r\n\r\n").split(b"\r\n")[0])
        self.assertIn(b" 505 ", self.gate.raw(b"GET / HTTP/3.0\r\n\r\n").split(b"\r\n")[0])
        big = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n"
        self.assertIn(b"request_too_large", self.gate.raw(big))
        both = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"
        self.assertIn(b" 400 ", self.gate.raw(both).split(b"\r\n")[0])

    def test_sixty_clients(self):
        self.up.always = ("slow", 0.1)
        got = together(60, self.chat)
        self.assertEqual({g[0] for g in got}, {200})


class Flawed(Base):
    def test_plain_500(self):
        self.flawed("plain-500")
        self.up.script = [("status", 500)]
        self.assertNotIn("x-cog-degraded", self.chat()[1])

    def test_stream_models_swapped(self):
        self.flawed("stream-models-swapped")
        fields = self.chat("degrade-0007", ask(stream=True))[1]
        self.assertEqual(fields["x-cog-original-model"], "gpt-4o-mini")

    def test_budget_edge(self):
        self.flawed("budget-edge")
        self.assertEqual(self.chat("exhausted-0005")[0], 200)

    def test_budget_race(self):
        self.flawed("budget-race")
        self.up.always = ("slow", 0.2)
        got = [r[0] for r in together(20, lambda: self.chat("small-0006", ask(max_tokens=20)))]
        self.assertEqual(got.count(200), 20)

    def test_run_header_caps(self):
        self.flawed("run-header-caps")
        self.chat("run-0009")
        self.assertEqual(self.chat("run-0009", headers={"X-Cost-Run-Budget": "1"})[0], 429)

    def test_velocity_greedy(self):
        self.flawed("velocity-greedy")
        for _ in range(7):
            self.chat("rpm-0010")
        self.assertEqual(self.operate("GET", "keys/sk-cog-rpm-0010")["requests_used"], 7)

    def test_velocity_plus_one(self):
        self.flawed("velocity-plus-one")
        self.assertEqual([self.chat("rpm-0010")[0] for _ in range(7)], [200] * 6 + [429])

    def test_stream_timeout_500(self):
        self.flawed("stream-timeout-500")
        self.up.script = [("stall", 1), ("stall", 1)]
        self.assertEqual([self.chat(body=ask(stream=s))[0] for s in (True, False)], [500, 504])

    def test_second_try(self):
        self.flawed("second-try")
        self.up.script = [("status", 500)]
        self.assertEqual((self.chat()[0], len(self.up.calls)), (200, 2))

    def test_cache_shared(self):
        self.flawed("cache-shared")
        self.chat("cache-0012")
        self.assertEqual(self.chat("cache-0013")[1]["x-cog-cache-hit"], "true")

    def test_cache_billed(self):
        self.flawed("cache-billed")
        self.chat("cache-0012")
        before = self.spent("cache-0012")
        self.chat("cache-0012")
        self.assertGreater(self.spent("cache-0012"), before)

    def test_unscrubbed(self):
        self.flawed("unscrubbed")
        self.up.script = [("status", 401, {"error": {"message": "no: up-secret-key"}})]
        self.assertIn(b"up-secret-key", self.chat()[2])

    def test_stream_papered(self):
        self.flawed("stream-papered")
        self.up.script = [("events-cut", [delta("a")])]
        self.assertTrue(self.chat(body=ask(stream=True))[2].endswith(b"[DONE]\n\n"))

    def test_stream_free(self):
        self.flawed("stream-free")
        self.chat(body=ask(stream=True))
        self.assertEqual(self.spent("standard-0001"), 0)

    def test_error_billed(self):
        self.flawed("error-billed")
        self.up.script = [("status", 500)]
        self.chat()
        self.assertGreater(self.spent("standard-0001"), 0)

    def test_trial_extra_day(self):
        self.flawed("trial-extra-day")
        self.operate("POST", "clock", {"advance_seconds": 7.5 * 86400})
        self.assertEqual(self.chat("trial-0002")[0], 200)

    def test_key_any_case(self):
        self.flawed("key-any-case")
        self.assertEqual(self.chat("STANDARD-0001")[0], 200)

    def test_tenth_401_text(self):
        self.flawed("tenth-401-text")
        kinds = [self.chat("nobody")[1]["content-type"] for _ in range(10)]
        self.assertEqual(kinds, ["application/json"] * 9 + ["text/plain"])

    def test_every_flaw_is_tested(self):
        for name in CATALOGUE:
            self.assertTrue(hasattr(self, "test_" + name.replace("-", "_")), name)


if __name__ == "__main__":
    unittest.main()
