import base64
import json
import os
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "other-hands-wire"))

from orchestra import tokens
from orchestra.app import App
from orchestra.codes import HTTP
from orchestra.options import read
from testkit import CHAT, CHAT_EVENTS, Bench, delta, together

os.environ.update(UPSTREAM_KEY="up-secret-key", ORCH_ADMIN_TOKEN="adm", ORCH_JWT_SECRET="s3cret")
CHATS, VECTORS, RANKS = "/v1/chat/completions", "/v1/embeddings", "/v1/rerank"


def ask(model="gpt-4o-mini", **more):
    return {"model": model, "messages": [{"role": "user", "content": "hi there"}], **more}


def embed(value="x", **more):
    return {"model": "text-embedding-3-small", "input": value, **more}


def rank(**more):
    return {"model": "rerank-v3", "query": "q", "documents": ["a", "b"], **more}


class Base(Bench):
    flags = ("--upstream", "--second-upstream")
    operator = ("/__admin/", {"X-Admin-Token": "adm"})

    @staticmethod
    def build(argv):
        return App(read(argv))

    def token(self, **claims):
        return tokens.sign({"sub": "u1", "tenant": "acme", "roles": ["user"], "tier": "pro",
                            "exp": time.time() + 600, **claims}, b"s3cret")

    def unsigned(self):
        head = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
        return head + "." + self.token().split(".")[1] + "."

    def call(self, method, path, body=None, headers=None, **claims):
        return self.gate.call(method, path, body, {
            "Authorization": "Bearer " + self.token(**claims), **(headers or {})})

    def post(self, path=CHATS, body=None, headers=None, **claims):
        if body is None:
            body = {CHATS: ask, VECTORS: embed, RANKS: rank}[path]()
        return self.call("POST", path, body, headers, **claims)

    def refused(self, got, number):
        document = json.loads(got[2])
        self.assertEqual(set(document["error"]), {"code", "message", "http"})
        self.assertEqual((document["error"]["code"], document["error"]["http"], got[0]),
                         (f"LLM_{number}", HTTP[number], HTTP[number]))
        self.assertIn("x-request-id", got[1])

    def sent(self):
        return len(self.up.calls), len(self.second.calls)

    def breaker(self, name="primary"):
        rows = json.loads(self.call("GET", "/providers/health")[2])
        return next(row for row in rows if row["name"] == name)

    def fail(self, count, step=("status", 500)):
        for _ in range(count):
            self.up.script = [step]
            self.refused(self.post(body=ask(provider="primary")), 1002)


class Healthy(Base):
    def test_whole_answers(self):
        raw = b'{"model":"gpt-4o-mini","messages":[{"role":"user","content":"a"}],"x":1.50}'
        got = self.post(body=raw)
        self.assertEqual((got[0], json.loads(got[2])), (200, CHAT))
        self.assertEqual(self.up.calls[0]["raw"], raw)
        self.assertEqual((self.post(VECTORS)[0], self.post(RANKS)[0]), (200, 200))
        self.post(body=ask("fast", useCase="chat", maxTokens=9, provider="secondary", seed=1))
        self.assertEqual(self.second.calls[0]["body"], ask(max_tokens=9, seed=1))
        self.up.script = [("gzip",)]
        self.assertEqual(json.loads(self.post()[2]), CHAT)
        self.assertEqual(len(HTTP), 34)

    def test_tokens(self):
        self.refused(self.gate.call("POST", CHATS, ask()), 1500)
        self.refused(self.gate.call("POST", CHATS, ask(), {"Authorization": "Basic eA=="}), 1500)
        for claims in ({"exp": time.time() - 1}, {"exp": None}, {"exp": "x"}, {"tier": "gold"},
                       {"tenant": "nobody"}, {"roles": "user"}, {"nbf": time.time() + 60}):
            self.refused(self.post(**claims), 1502)
        for bad in ("x", "a.b.c", self.token()[:-4] + "AAAA", self.token() + ".x", self.unsigned()):
            self.refused(self.gate.call("POST", CHATS, ask(), {"Authorization": "Bearer " + bad}), 1502)
        self.refused(self.post(roles=["viewer"]), 1501)
        self.operate("POST", "clock", {"advance": 700})
        self.refused(self.post(), 1502)
        minted = self.operate("POST", "tokens", {"tier": "free"})["token"]
        self.assertEqual(self.gate.call("POST", CHATS, ask(), {"Authorization": "Bearer " + minted})[0], 200)

    def test_tiers(self):
        self.refused(self.post(RANKS, tier="free"), 1503)
        for model in ("gpt-4o", "quality"):
            self.refused(self.post(body=ask(model), tier="free"), 1503)
            self.assertEqual(self.post(body=ask(model))[0], 200)
        self.refused(self.post(body=ask("max")), 1503)
        self.assertEqual(self.post(body=ask("max"), tier="enterprise")[0], 200)

    def test_inputs(self):
        for number, bodies in {
                1000: (ask(messages=[]), ask(messages=[{"role": "user", "content": " "}]),
                       ask(messages=[{"role": "user", "content": "a forbidden-test-phrase!"}]),
                       ask("tiny-1k", messages=[{"role": "user", "content": "word " * 1100}])),
                1001: (ask("no-such"), ask("rerank-v3")), 1004: (ask(useCase="cooking"),),
                1300: (ask(provider="nobody"), ask(provider="\ud800")),
                1600: (b"", b"{", b"[]", b"null", b"\xff", b'{"a":NaN}', b"[" * 100000),
                1601: (ask(temperature="1"), ask(temperature=3), ask(stream=1), ask(7), ask(n=0),
                       ask(maxTokens=0), ask(provider=5), ask(useCase=[]), ask(max_tokens=1.5)),
                1602: ({"model": "gpt-4o-mini"}, {"messages": []},
                       ask(messages=[{"role": "user"}])),
                1700: (ask(cacheKey="bad"), ask(cacheKey="chat:xyz"), ask(cacheKey=1),
                       ask(cacheKey="chat:0123abcd", useCase="search")),
                1800: (ask(templateId="nope"), ask(templateId="\ud800")),
                1801: (ask(templateId="welcome", variables={"name": "A"}),)}.items():
            for body in bodies:
                self.refused(self.post(body=body), number)
        for number, path, body in (
                (1100, VECTORS, embed("word " * 8193)), (1100, VECTORS, embed([1] * 8193)),
                (1101, VECTORS, embed(["a"] * 101)), (1601, VECTORS, embed([])),
                (1602, VECTORS, embed(None)), (1200, RANKS, rank(query=" ")),
                (1200, RANKS, rank(documents=[])), (1200, RANKS, rank(documents=[1])),
                (1200, RANKS, {"model": "rerank-v3"}), (1601, RANKS, rank(top_n=0))):
            self.refused(self.post(path, body), number)
        self.assertEqual(self.sent(), (0, 0))
        self.assertEqual(self.post(VECTORS, embed(["a"] * 100))[0], 200)

    def test_templates(self):
        self.assertEqual(self.post(body={"model": "fast", "templateId": "tpl-welcome", "variables": {
            "name": "{{event}}", "event": "Expo"}})[0], 200)
        self.assertEqual(self.up.calls[0]["body"], {"model": "gpt-4o-mini", "messages": [
            {"role": "user", "content": "Welcome {{event}} to Expo in a warm tone."}]})
        new = {"name": "mine", "template": "Say {{word}}"}
        self.refused(self.call("POST", "/templates", new), 1501)
        self.assertEqual(self.call("POST", "/templates", new, roles=["prompt-admin"])[0], 201)
        self.refused(self.call("POST", "/templates", {"name": "x"}, roles=["prompt-admin"]), 1602)
        got = self.call("POST", "/templates/mine/render", {"variables": {"word": "yes"}})
        self.assertEqual(json.loads(got[2])["prompt"], "Say yes")
        self.refused(self.call("POST", "/templates/mine/render", {}), 1801)
        self.assertEqual(self.call("DELETE", "/templates/mine", roles=["prompt-admin"])[0], 200)
        self.refused(self.call("GET", "/templates/mine"), 1800)

    def test_providers(self):
        boss, new = ["provider-admin"], {"name": "third", "baseUrl": self.second.url, "apiKey": "k3"}
        self.refused(self.call("POST", "/providers", new), 1501)
        self.assertEqual(self.call("POST", "/providers", new, roles=boss)[0], 201)
        self.refused(self.call("POST", "/providers", new, roles=boss), 1303)
        self.refused(self.call("POST", "/providers", {**new, "name": "x", "baseUrl": "ftp://a"}, roles=boss), 1601)
        self.assertEqual(self.post(body=ask(provider="third"))[0], 200)
        self.assertEqual(self.second.calls[0]["headers"]["Authorization"], "Bearer k3")
        self.assertEqual(self.call("PUT", "/providers/third", {"enabled": False}, roles=boss)[0], 200)
        self.refused(self.post(body=ask(provider="third")), 2001)
        self.assertEqual(self.call("DELETE", "/providers/third", roles=boss)[0], 200)
        self.refused(self.call("GET", "/providers/third"), 1300)
        for path in ("/providers", "/providers/health", "/providers/primary", "/variants"):
            got = self.call("GET", path, roles=["viewer"])
            self.assertEqual(got[0], 200)
            self.assertNotIn(b"127.0.0.1", got[2])
            self.assertNotIn(b"secret", got[2])

    def test_failover_and_errors(self):
        for step in (("status", 500), ("status", 429), ("reset",), ("cut",), ("noise",), ("raw", b"{}")):
            self.operate("POST", "reset")
            self.up.script = [step]
            self.assertEqual(self.post()[0], 200)
        self.assertEqual(self.sent(), (6, 6))
        self.up.script = [("status", 500)]
        self.assertEqual(self.post(body=ask(stream=True))[2], b"".join(CHAT_EVENTS))
        leak = {"error": {"message": f"up-secret-key {self.up.url}"}}
        self.up.always = self.second.always = ("status", 500, leak)
        for path in (CHATS, VECTORS, RANKS):
            self.operate("POST", "reset")
            got = self.post(path)
            self.refused(got, 1302)
            self.assertNotIn(b"secret", got[2])
        self.up.always = ("status", 400, leak)
        self.second.clear()
        self.refused(self.post(), 1002)
        self.assertEqual(self.sent()[1], 0)
        for path, number in ((CHATS, 1003), (VECTORS, 2002), (RANKS, 2002)):
            self.up.always = ("stall", 0.8)
            self.refused(self.post(path), number)
        self.gate = self.start(url="http://127.0.0.1:9")
        self.addCleanup(self.gate.close)
        self.refused(self.post(), 1302)
        self.refused(self.post(body=ask(provider="primary")), 1002)

    def test_breaker(self):
        self.fail(4)
        self.assertEqual(self.breaker()["state"], "closed")
        self.fail(1)
        self.assertEqual(self.breaker()["state"], "open")
        self.up.clear()
        self.refused(self.post(body=ask(provider="primary")), 1301)
        self.assertEqual((self.post()[0], self.sent()), (200, (0, 1)))
        self.operate("PUT", "breakers/secondary", {"state": "open"})
        self.refused(self.post(), 1302)
        self.operate("POST", "clock", {"advance": 31})
        self.up.always = ("slow", 0.2)
        got = together(4, lambda: self.post(body=ask(provider="primary"))[0])
        self.assertEqual(sorted(got), [200, 503, 503, 503])
        self.assertEqual(self.breaker()["state"], "closed")
        self.up.clear()
        self.fail(4, ("status", 400))
        self.fail(4)
        self.assertEqual(self.breaker()["state"], "closed")

    def test_rate(self):
        for tenant, count in (("slow-tenant", 5), ("slow-user", 3)):
            got = [self.post(tenant=tenant) for _ in range(count + 1)]
            self.assertEqual([g[0] for g in got], [200] * count + [429])
            self.refused(got[-1], 1400)
            self.assertIn(int(got[-1][1]["retry-after"]), range(50, 61))
        self.assertEqual(self.post(tenant="slow-user", sub="u2")[0], 200)
        self.operate("POST", "clock", {"advance": 61})
        self.assertEqual(self.post(tenant="slow-user")[0], 200)

    def test_money(self):
        self.refused(self.post(tenant="penniless"), 1401)
        self.refused(self.post(tenant="nearly-broke", body=ask(max_tokens=100000)), 1401)
        self.refused(self.post(tenant="quota-spent"), 1403)
        got = [self.post(tenant="small-quota")[0] for _ in range(4)]
        self.assertEqual(got, [200] * 3 + [429])
        for path in (CHATS, VECTORS, RANKS):
            self.refused(self.post(path, headers={"x-budget-max-usd": "0.0000000001"}), 1402)
            self.refused(self.post(path, headers={"x-budget-max-usd": "lots"}), 1601)
            self.assertEqual(self.post(path, headers={"x-budget-max-usd": "1"})[0], 200)
        before = self.operate("GET", "state")["tenants"]["globex"]["credits"]
        self.post(tenant="globex")
        after = self.operate("GET", "state")["tenants"]["globex"]
        self.assertAlmostEqual(before - after["credits"], (10 * .15 + 20 * .6) / 1e4, 6)
        self.assertEqual(after["held"], 0)

    def test_wallet_under_concurrency(self):
        self.up.always = ("slow", 0.2)
        body = ask(max_tokens=4000)  # 0.24 of 0.5 credits
        got = together(12, lambda: self.post(tenant="nearly-broke", body=body)[0])
        self.assertEqual((got.count(200), got.count(402)), (2, 10))

    def test_cache(self):
        key = "chat:0123abcd"
        self.refused(self.call("GET", "/cache/" + key), 1701)
        self.refused(self.call("GET", "/cache/nonsense"), 1700)
        body = ask(cacheKey=key)
        seen = [self.post(body=b, tenant=t)[1]["x-cache"] for b, t in (
            (body, "acme"), (body, "acme"), (body, "globex"), (ask("gpt-4o", cacheKey=key), "acme"))]
        self.assertEqual(seen, ["MISS", "HIT", "MISS", "MISS"])
        self.assertEqual(json.loads(self.call("GET", "/cache/" + key)[2])["response"], CHAT)
        self.operate("POST", "clock", {"advance": 3601})
        self.assertEqual(self.post(body=body, exp=time.time() + 9999)[1]["x-cache"], "MISS")

    def test_own_states(self):
        row = {"name": "n", "template": "t"}
        for switch, number in (("maintenance", 2001), ("crash", 2000), ("database", 1900)):
            self.operate("POST", "switches", {switch: True})
            self.refused(self.post(), number)
            self.refused(self.call("GET", "/providers"), number)
            self.operate("POST", "switches", {switch: False})
        self.operate("POST", "switches", {"transaction": True})
        self.refused(self.call("POST", "/templates", row, roles=["admin"]), 1901)
        self.refused(self.call("GET", "/templates/n"), 1800)
        self.operate("POST", "switches", {"transaction": False})
        self.assertEqual(self.call("POST", "/templates", row, roles=["admin"])[0], 201)

    def test_streams(self):
        got = self.post(body=ask(stream=True))
        self.assertEqual((got[0], got[2]), (200, b"".join(CHAT_EVENTS)))
        error = b'data: {"error":{"message":"at up-secret-key"}}\n\n'
        for step, code in ((("events-cut", [delta("a")]), 1002), (("events", [delta("a")]), 1002),
                           (("events", [delta("a"), b"data: {oops\n\n"]), 1002),
                           (("events", [delta("a"), error]), 1002),
                           (("events", [delta("a"), 1.0]), 1003)):
            self.operate("POST", "reset")
            self.up.script = [step]
            got = self.post(body=ask(stream=True))
            last = json.loads(got[2].strip().split(b"\n\n")[-1][6:])
            self.assertEqual(last["error"]["code"], f"LLM_{code}")
            self.assertNotIn(b"[DONE]", got[2])
            self.assertNotIn(b"secret", got[2])
        self.assertEqual(self.sent()[1], 0)

    def test_routes_and_bad_http(self):
        self.refused(self.gate.call("GET", "/nothing"), 1600)
        got = self.gate.call("PUT", CHATS)
        self.refused(got, 1600)
        self.assertEqual(got[1]["allow"], "POST")
        self.assertEqual(self.call("HEAD", "/variants")[::2], (200, b""))
        self.assertIn(b"LLM_1600", self.gate.raw(b"x\r\n\r\n"))
        self.assertIn(b"LLM_1600", self.gate.raw(
            b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n"))
        self.refused(self.gate.call("GET", "/__admin/state"), 1500)

    def test_sixty_clients(self):
        self.up.always = ("slow", 0.1)
        self.assertEqual({g[0] for g in together(60, self.post)}, {200})


if __name__ == "__main__":
    unittest.main()
