"""The service's own routes, and the flags that came with them."""
import json
import os
import subprocess
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "other-hands-wire"))

from orchestra.models import MODELS, VARIANTS
from orchestra.options import read
from testkit import CHAT, CHAT_EVENTS, RANKING, VECTOR, delta, together
from test_gateway import CHATS, Base, ask

INFER, EMBED, RERANK = "/inference", "/embeddings", "/rerank"
LOOKUP, RENDER = "/cache/lookup", "/templates/render"
HERE = Path(__file__).resolve().parent


def infer(prompt="hi there", **more):
    return {"useCase": "chat", "model": "gpt-4o-mini", "prompt": prompt, **more}


def embed(value="x", **more):
    return {"model": "text-embedding-3-small", "input": value, **more}


def rank(**more):
    return {"model": "rerank-v3", "query": "q", "documents": ["a", "b"], **more}


def without(body, name):
    return {key: value for key, value in body.items() if key != name}


class NativeBase(Base):
    def post(self, path=INFER, body=None, headers=None, **claims):
        if body is None:
            body = {INFER: infer, EMBED: embed, RERANK: rank, CHATS: ask}[path]()
        return self.call("POST", path, body, headers, **claims)


class Native(NativeBase):
    def test_forms_sent_upstream(self):
        for path, body, there, wanted, answer in (
                (INFER, infer(), "/v1/chat/completions", ask(messages=[
                    {"role": "user", "content": "hi there"}]), CHAT),
                (INFER, infer(model="fast", maxTokens=9, stream=False, provider="primary",
                              timeoutSeconds=30, messages=7, temperature="x", cacheKey="bad",
                              templateId="nope", max_tokens=0), "/v1/chat/completions",
                 ask(max_tokens=9, stream=False, messages=[
                     {"role": "user", "content": "hi there"}]), CHAT),
                (INFER, infer("\ud83d\ude00 \ud800 é", maxTokens=None, provider=None),
                 "/v1/chat/completions", ask(messages=[
                     {"role": "user", "content": "\ud83d\ude00 \ud800 é".encode(
                         "utf-16", "surrogatepass").decode("utf-16", "surrogatepass")}]), CHAT),
                (EMBED, embed(dimensions="x", stream=True, provider=3), "/v1/embeddings",
                 embed(), VECTOR),
                (EMBED, embed(["a", "b"], timeoutSeconds=1e400), "/v1/embeddings",
                 embed(["a", "b"]), VECTOR),
                (RERANK, rank(top_n=0, timeoutSeconds=0.5), "/v1/rerank", rank(), RANKING)):
            self.up.clear()
            raw = json.dumps(body).replace("Infinity", "1e400").encode()
            got = self.post(path, raw, tier="enterprise")
            self.assertEqual(got[0], 200, got)
            self.assertEqual(json.loads(got[2]), answer)
            self.assertEqual(self.up.calls[0]["path"], there)
            self.assertEqual(self.up.calls[0]["body"], wanted)
            self.assertEqual(self.up.calls[0]["headers"]["Authorization"], "Bearer up-secret-key")

    def test_answers_unchanged(self):
        odd = b'{ "choices": [ ],\n "x" : 1.50, "\xc3\xa9": "\\u00e9" }'
        self.up.script = [("raw", odd)]
        self.assertEqual(self.post()[2], odd)
        got = self.post(body=infer(stream=True, provider="secondary", maxTokens=5))
        self.assertEqual((got[0], got[2]), (200, b"".join(CHAT_EVENTS)))
        self.assertTrue(got[1]["content-type"].startswith("text/event-stream"))
        self.assertEqual(self.second.calls[0]["body"], ask(
            max_tokens=5, stream=True, messages=[{"role": "user", "content": "hi there"}]))

    def test_inputs(self):
        for number, path, bodies in (
                (1000, INFER, (infer(""), infer(" \n"), infer("a Forbidden-Test-Phrase"),
                               infer("word " * 1100, model="tiny-1k"))),
                (1001, INFER, (infer(model="no-such"), infer(model="rerank-v3"))),
                (1001, EMBED, (embed(model="fast"),)), (1001, RERANK, (rank(model="fast"),)),
                (1004, INFER, (infer(useCase="cooking"), infer(useCase=""))),
                (1100, EMBED, (embed("word " * 8193), embed(["a", "word " * 8193]))),
                (1101, EMBED, (embed(["a"] * 101),)),
                (1200, RERANK, (rank(query=" "), rank(query=None), rank(query=1),
                                rank(documents=[]), rank(documents="a"), rank(documents=[1]),
                                {"model": "rerank-v3"})),
                (1300, INFER, (infer(provider="nobody"), infer(provider=""))),
                (1601, INFER, (infer(5), infer(["a"]), infer(model=1), infer(useCase=[]),
                               infer(provider=5), infer(stream="yes"), infer(maxTokens=0),
                               infer(maxTokens=1.5), infer(maxTokens="9"), infer(maxTokens=True))),
                (1601, EMBED, (embed([]), embed(1), embed([1, 2]), embed([["a"]]), embed(""),
                               embed(["a", None]), embed(model=1))),
                (1601, RERANK, (rank(model=1),)),
                (1601, RENDER, ({"templateId": 5}, {"templateId": "welcome", "variables": []},
                                {"templateId": "translate", "variables": {"language": [],
                                                                          "text": "a"}})),
                (1602, INFER, tuple(without(infer(), n) for n in ("useCase", "model", "prompt"))
                 + (infer(None), infer(useCase=None), infer(model=None), {})),
                (1602, EMBED, (without(embed(), "model"), without(embed(), "input"), {})),
                (1602, RERANK, (without(rank(), "model"),)),
                (1602, RENDER, ({}, {"templateId": None, "variables": {}})),
                (1602, LOOKUP, ({}, {"key": None})),
                (1700, LOOKUP, tuple({"key": key} for key in (
                    "", "bad", "chat:xyz", "chat:123", "cooking:0123abcd", "chat:0123ABCD",
                    "chat:0123abcd\n", 1, [], {}, True))),
                (1701, LOOKUP, ({"key": "chat:0123abcd"},)),
                (1800, RENDER, ({"templateId": "nope", "variables": {}}, {"templateId": ""},
                                {"templateId": "\ud800"})),
                (1801, RENDER, ({"templateId": "tpl-welcome", "variables": {"name": "A"}},
                                {"templateId": "welcome"},
                                {"templateId": "translate", "variables": {"language": None,
                                                                          "text": "a"}}))):
            for body in bodies:
                with self.subTest(number, path=path, body=str(body)[:80]):
                    self.refused(self.post(path, body), number)
        for path in (INFER, EMBED, RERANK, LOOKUP, RENDER):
            for body in (b"", b"{", b"[]", b"null", b"\xff", b'{"a":NaN}', b"[" * 100000):
                self.refused(self.post(path, body), 1600)
        for path, make in ((INFER, infer), (EMBED, embed), (RERANK, rank)):
            for value in (0, -1, "1", True, [], 0.0, -1e400):
                raw = json.dumps(make(timeoutSeconds=value)).replace("Infinity", "1e400")
                self.refused(self.post(path, raw.encode()), 1601)
        self.assertEqual(self.sent(), (0, 0))

    def test_long_prompts(self):
        for model in [m.name for m in MODELS.values() if m.task == "chat"] + list(VARIANTS):
            for word in ("a ", "word "):
                self.refused(self.post(body=infer(word * 180000, model=model),
                                       tier="enterprise"), 1000)
        self.refused(self.post(body=infer("uncommonlylongerword " * 180000)), 1000)
        self.refused(self.post(CHATS, ask("max", messages=[
            {"role": "user", "content": "a " * 180000}]), tier="enterprise"), 1000)
        self.assertEqual(self.sent(), (0, 0))
        self.assertEqual(self.post(body=infer("a " * 100000))[0], 200)

    def test_own_timeout(self):
        self.gate = self.start("--deadline", "5", "--breaker-failures", "1")
        self.addCleanup(self.gate.close)
        for path, make in ((INFER, infer), (EMBED, embed), (RERANK, rank)):
            for step in (("stall", 1.0), ("slow", 1.0)):
                for seconds in (0.2, 1e-300):
                    self.up.always, began = step, time.time()
                    self.refused(self.post(path, make(timeoutSeconds=seconds)), 2002)
                    self.assertLess(time.time() - began, 0.8)
        self.up.always = None
        for seconds in (3, 0.9, 10 ** 400, 900):
            self.assertEqual(self.post(body=infer(timeoutSeconds=seconds))[0], 200)
        self.assertEqual(self.breaker()["status"], "healthy")  # not the provider's fault
        self.assertEqual(self.sent()[1], 0)
        tenant = self.operate("GET", "state")["tenants"]["acme"]
        self.assertEqual((tenant["held"], tenant["quota_used"]), (0, 4))

    def test_own_timeout_covers_the_failover(self):
        self.gate = self.start("--deadline", "5")
        self.addCleanup(self.gate.close)
        self.up.always = self.second.always = ("slow", 0.3)
        self.up.script = [("reset",)]
        self.assertEqual(self.post(body=infer(timeoutSeconds=1.5))[0], 200)
        self.second.always = ("slow", 1.0)
        self.up.script = [("reset",)]
        self.refused(self.post(body=infer(timeoutSeconds=0.3)), 2002)

    def test_own_timeout_frees_the_probe(self):
        self.gate = self.start("--deadline", "5")
        self.addCleanup(self.gate.close)
        self.operate("PUT", "breakers/primary", {"state": "half-open"})
        self.up.script = [("slow", 0.5)]
        self.refused(self.post(body=infer(provider="primary", timeoutSeconds=0.1)), 2002)
        self.assertEqual(self.breaker()["status"], "degraded")
        self.assertEqual(self.post(body=infer(provider="primary"))[0], 200)
        self.assertEqual(self.breaker()["status"], "healthy")

    def test_own_timeout_in_streams(self):
        self.gate = self.start("--deadline", "5")
        self.addCleanup(self.gate.close)
        steady = [part for n in range(8) for part in (delta(f"{n} "), 0.1)]
        for events in ([delta("0 "), 1.0], steady):
            self.up.script = [("events", events)]
            began = time.time()
            got = self.post(body=infer(stream=True, timeoutSeconds=0.35))
            self.assertLess(time.time() - began, 0.8)
            parts = got[2].strip().split(b"\n\n")
            self.assertEqual((got[0], parts[0] + b"\n\n"), (200, delta("0 ")))
            self.assertEqual(json.loads(parts[-1][6:])["error"]["code"], "LLM_2002")
            self.assertNotIn(b"[DONE]", got[2])
        self.assertEqual(self.operate("GET", "state")["tenants"]["acme"]["held"], 0)
        self.up.script = [("slow", 0.5)]
        self.refused(self.post(body=infer(stream=True, timeoutSeconds=0.2)), 2002)

    def test_service_timeouts_stay(self):
        for path, make, number in ((INFER, infer, 1003), (EMBED, embed, 2002),
                                   (RERANK, rank, 2002)):
            self.up.script = [("stall", 0.9)]
            self.refused(self.post(path, make(timeoutSeconds=50)), number)

    def test_callers(self):
        for path in (INFER, EMBED, RERANK, LOOKUP, RENDER):
            self.refused(self.gate.call("POST", path, {}), 1500)
            self.refused(self.post(path, {}, exp=time.time() - 1), 1502)
            self.refused(self.post(path, {}, nbf=time.time() + 60), 1502)
            self.refused(self.post(path, {}, exp=10 ** 400), 1502)
            self.refused(self.post(path, {}, roles=[]), 1501)
            got = self.call("GET", path)
            self.refused(got, 1600)
            self.assertEqual(got[1]["allow"], "POST")
        for path in (INFER, EMBED, RERANK):
            self.refused(self.post(path, roles=["viewer"]), 1501)
            self.assertEqual(self.post(path, tier="enterprise")[0], 200)
            self.assertEqual(self.post(path, roles=["admin"])[0], 200)
        self.refused(self.post(RERANK, tier="free"), 1503)
        for model, tier in (("gpt-4o", "free"), ("quality", "free"), ("max", "pro")):
            self.refused(self.post(body=infer(model=model), tier=tier), 1503)
        self.assertEqual(self.post(tier="free")[0], 200)

    def test_limits(self):
        for path in (INFER, EMBED, RERANK):
            self.operate("POST", "reset")
            for tenant, number in (("penniless", 1401), ("overdrawn", 1401), ("quota-spent", 1403)):
                self.refused(self.post(path, tenant=tenant), number)
            got = [self.post(path, tenant="slow-user") for _ in range(4)]
            self.assertEqual([g[0] for g in got], [200] * 3 + [429])
            self.refused(got[-1], 1400)
            self.assertIn("retry-after", got[-1][1])
            got = [self.post(path, tenant="slow-tenant", sub=f"u{n}") for n in range(6)]
            self.refused(got[-1], 1400)
            self.refused(self.post(path, headers={"x-budget-max-usd": "0.0000000001"}), 1402)
            self.assertEqual(self.post(path, headers={"x-budget-max-usd": "1"})[0], 200)
        self.refused(self.post(body=infer(maxTokens=100000), tenant="nearly-broke"), 1401)

    def test_provider_faults(self):
        for path, number in ((INFER, 1002), (EMBED, 1102), (RERANK, 1201)):
            for step in (("status", 500), ("status", 429), ("reset",), ("cut",), ("noise",),
                         ("raw", b"{}"), ("status", 400)):
                self.operate("POST", "reset")
                self.up.always = self.second.always = step
                # The chain has two.
                self.refused(self.post(path), number if step == ("status", 400) else 1302)
            self.up.clear()
            self.second.clear()
            self.up.script = [("status", 503)]
            self.assertEqual((self.post(path)[0], self.sent()), (200, (1, 1)))
            self.second.clear()
        for switch, number in (("maintenance", 2001), ("crash", 2000), ("database", 1900)):
            self.operate("POST", "switches", {switch: True})
            for path in (INFER, EMBED, RERANK):
                self.refused(self.post(path), number)
            self.operate("POST", "switches", {switch: False})
        self.up.script = [("events-cut", [delta("a")])]
        self.assertIn(b"LLM_1002", self.post(body=infer(stream=True))[2])

    def test_breaker_and_health(self):
        fine = {"name": "primary", "status": "healthy", "enabled": True, "state": "closed",
                "failures": 0, "halfOpenInSeconds": None}
        got = json.loads(self.call("GET", "/providers/health", roles=["viewer"])[2])
        self.assertEqual(got, [fine, {**fine, "name": "secondary"}])
        self.up.always = ("status", 500)
        for _ in range(5):
            self.refused(self.post(body=infer(provider="primary")), 1002)
        got = self.post(body=infer(provider="primary"))
        self.refused(got, 1301)
        self.assertIn(int(got[1]["retry-after"]), (29, 30))
        self.assertEqual(self.breaker()["status"], "unhealthy")
        self.assertEqual(self.post()[0], 200)
        self.operate("PUT", "breakers/secondary", {"state": "open"})
        for path in (INFER, EMBED, RERANK):
            self.refused(self.post(path), 1302)
        self.call("PUT", "/providers/secondary", {"enabled": False}, roles=["admin"])
        self.assertEqual(self.breaker("secondary")["status"], "disabled")

    def test_half_open_fraction(self):
        self.gate = self.start("--half-open-after", "0.3", "--breaker-failures", "1")
        self.addCleanup(self.gate.close)
        body = infer(provider="primary")
        self.up.script = [("status", 500)]
        self.refused(self.post(body=body), 1002)
        got = self.post(body=body)
        self.refused(got, 1301)
        self.assertEqual(got[1]["retry-after"], "1")
        time.sleep(0.35)
        self.assertEqual(self.breaker()["status"], "degraded")
        self.assertEqual(self.post(body=body)[0], 200)
        self.assertEqual(self.breaker()["status"], "healthy")
        for _ in range(50):
            self.operate("PUT", "breakers/primary", {"state": "half-open"})
            self.assertEqual(self.breaker()["state"], "half-open")

    def test_no_breaker(self):
        self.gate = self.start("--breaker-failures", "0")
        self.addCleanup(self.gate.close)
        self.up.always = ("status", 500)
        for _ in range(12):
            self.refused(self.post(body=infer(provider="primary")), 1002)
        self.assertEqual(len(self.up.calls), 12)
        self.assertEqual((self.breaker()["status"], self.breaker()["failures"]), ("healthy", 0))
        got = self.gate.call("PUT", "/__admin/breakers/primary", {"state": "open"},
                             {"X-Admin-Token": "adm"})
        self.refused(got, 1601)
        self.up.always = None
        self.assertEqual(self.post(body=infer(provider="primary"))[0], 200)

    def test_lookup_and_render(self):
        key = "chat:0123abcd"
        self.post(CHATS, ask(cacheKey=key))
        for roles in (["user"], ["viewer"], ["admin"]):
            got = self.post(LOOKUP, {"key": key, "other": 1}, roles=roles)
            self.assertEqual((got[0], json.loads(got[2])), (200, {"key": key, "response": CHAT}))
        self.refused(self.post(LOOKUP, {"key": key}, tenant="globex"), 1701)
        for name in ("tpl-welcome", "welcome"):
            got = self.post(RENDER, {"templateId": name, "variables": {"name": "A", "event": "B"}})
            self.assertEqual((got[0], json.loads(got[2])), (200, {
                "templateId": "tpl-welcome", "text": "Welcome A to B in a warm tone."}))
        self.refused(self.post(RENDER, {"templateId": "welcome"}, roles=["viewer"]), 1501)
        self.refused(self.post("/templates", {"name": "render", "template": "x"},
                               roles=["admin"]), 1601)

    def test_lists(self):
        variants = json.loads(self.call("GET", "/variants")[2])["variants"]
        self.assertEqual({v["variant"] for v in variants}, {*MODELS, *VARIANTS})
        rows = json.loads(self.call("GET", "/providers")[2])["providers"]
        self.assertEqual([row["name"] for row in rows], ["primary", "secondary"])
        self.assertEqual(json.loads(self.call("GET", "/providers/primary")[2])["name"], "primary")
        self.refused(self.call("GET", "/providers/nobody"), 1300)
        new = {"name": "third", "baseUrl": self.second.url}
        self.refused(self.post("/providers", new), 1501)
        self.refused(self.post("/providers", {"name": "third"}, roles=["admin"]), 1602)
        self.assertEqual(self.post("/providers", new, roles=["admin"])[0], 201)
        self.refused(self.post("/providers", new, roles=["admin"]), 1303)
        self.refused(self.post("/providers", {**new, "name": "primary"}, roles=["admin"]), 1303)
        self.assertEqual(self.post(body=infer(provider="third"))[0], 200)
        self.assertEqual(self.sent(), (0, 1))

    def test_mixed_crowd(self):
        self.up.always = ("slow", 0.1)
        got = together(30, lambda: [self.post(path)[0] for path in (INFER, EMBED, RERANK)])
        self.assertEqual(got, [[200] * 3] * 30)


class Minting(NativeBase):
    def mint(self, claims, *more):
        done = subprocess.run(
            [sys.executable, str(HERE / "gateway.py"), "--mint", json.dumps(claims), *more],
            env={**os.environ, "ORCH_JWT_SECRET": "s3cret"}, capture_output=True, text=True)
        return done.returncode, done.stdout.strip()

    def call(self, method, path, body=None, headers=None, token=None, **claims):
        if token is None:
            return super().call(method, path, body, headers, **claims)
        return self.gate.call(method, path, body, {"Authorization": "Bearer " + token})

    def test_minted(self):
        now = int(time.time())
        for claims, more, number in (
                ({}, (), 200), ({}, ("--mint-expires", "5"), 200),
                ({}, ("--mint-expires", "-60"), 1502), ({}, ("--mint-expires=-60",), 1502),
                ({"exp": now - 60}, (), 1502), ({"exp": now + 60}, ("--mint-expires", "-60"), 200),
                ({"nbf": now + 60}, (), 1502), ({"nbf": now - 60}, (), 200),
                ({"tier": "enterprise", "roles": ["user"], "tenant": "acme"}, (), 200),
                ({"roles": ["viewer"]}, (), 1501), ({"tenant": "overdrawn"}, (), 1401)):
            code, token = self.mint(claims, *more)
            self.assertEqual(code, 0)
            got = self.post(token=token)
            self.assertEqual(got[0], 200) if number == 200 else self.refused(got, number)

    def test_bad_orders(self):
        self.assertNotEqual(self.mint([])[0], 0)
        self.assertNotEqual(self.mint({}, "--mint-expires", "nan")[0], 0)
        self.assertNotEqual(self.mint({}, "--jwt-secret-env", "NOT_SET_AT_ALL")[0], 0)


class Flags(unittest.TestCase):
    def test_values(self):
        chosen = read(["--upstream", "http://a", "--half-open-after", "0.25",
                       "--breaker-failures", "0"])
        self.assertEqual((chosen.half_open_after, chosen.breaker_failures), (0.25, 0))


if __name__ == "__main__":
    unittest.main()
