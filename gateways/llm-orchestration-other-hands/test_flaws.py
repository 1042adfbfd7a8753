import json
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "other-hands-wire"))

from orchestra.flawlist import CATALOGUE
from testkit import delta, together
from test_gateway import VECTORS, Base, ask, embed


class Flawed(Base):
    def bearer(self, token):
        return self.gate.call("POST", "/v1/chat/completions", ask(), {
            "Authorization": "Bearer " + token})[0]

    def test_alg_none(self):
        self.flawed("alg-none")
        self.assertEqual(self.bearer(self.unsigned()), 200)

    def test_exp_grace(self):
        self.flawed("exp-grace")
        self.assertEqual([self.post(exp=time.time() - ago)[0] for ago in (100, 400)], [200, 401])

    def test_delete_unguarded(self):
        self.flawed("delete-unguarded")
        self.assertEqual(self.call("DELETE", "/providers/secondary")[0], 200)

    def test_variant_free(self):
        self.flawed("variant-free")
        self.assertEqual([self.post(body=ask(m), tier="free")[0] for m in ("quality", "gpt-4o")],
                         [200, 403])

    def test_breaker_early(self):
        self.flawed("breaker-early")
        self.fail(4)
        self.assertEqual(self.breaker()["state"], "open")

    def test_half_open_flood(self):
        self.flawed("half-open-flood")
        self.operate("PUT", "breakers/primary", {"state": "half-open"})
        self.up.always = ("slow", 0.2)
        got = together(4, lambda: self.post(body=ask(provider="primary"))[0])
        self.assertEqual(got, [200] * 4)

    def test_breaker_counts_4xx(self):
        self.flawed("breaker-counts-4xx")
        self.fail(5, ("status", 400))
        self.assertEqual(self.breaker()["state"], "open")

    def test_failover_on_4xx(self):
        self.flawed("failover-on-4xx")
        self.up.script = [("status", 400)]
        self.assertEqual((self.post()[0], self.sent()), (200, (1, 1)))

    def test_embedding_budget_open(self):
        self.flawed("embedding-budget-open")
        tight = {"x-budget-max-usd": "0.0000000001"}
        self.assertEqual([self.post(VECTORS, headers=tight)[0], self.post(headers=tight)[0]],
                         [200, 402])

    def test_wallet_race(self):
        self.flawed("wallet-race")
        self.up.always = ("slow", 0.2)
        body = ask(max_tokens=4000)
        got = together(12, lambda: self.post(tenant="nearly-broke", body=body)[0])
        self.assertEqual(got, [200] * 12)

    def test_quota_counts_failures(self):
        self.flawed("quota-counts-failures")
        self.up.always = ("status", 400)
        got = [self.post(tenant="small-quota")[0] for _ in range(4)]
        self.assertEqual(got, [502] * 3 + [429])

    def test_one_user_window(self):
        self.flawed("one-user-window")
        got = [self.post(tenant="slow-user", sub=f"u{n}")[0] for n in range(4)]
        self.assertEqual(got, [200] * 3 + [429])

    def test_cache_all_tenants(self):
        self.flawed("cache-all-tenants")
        got = [self.post(body=ask(cacheKey="chat:0123abcd"), tenant=t)[1]["x-cache"]
               for t in ("acme", "globex")]
        self.assertEqual(got, ["MISS", "HIT"])

    def test_blank_variable(self):
        self.flawed("blank-variable")
        got = self.call("POST", "/templates/welcome/render", {"variables": {"name": "A"}})
        self.assertEqual(json.loads(got[2])["prompt"], "Welcome A to  in a warm tone.")

    def test_batch_plus_one(self):
        self.flawed("batch-plus-one")
        self.assertEqual([self.post(VECTORS, embed(["a"] * n))[0] for n in (101, 102)], [200, 400])

    def test_http_field_off(self):
        self.flawed("http-field-off")
        self.up.script = [("status", 400)]
        got = self.post()
        self.assertEqual((got[0], json.loads(got[2])["error"]["http"]), (502, 500))

    def test_no_retry_after(self):
        self.flawed("no-retry-after")
        for tenant, count, there in (("slow-user", 4, False), ("slow-tenant", 6, True)):
            got = [self.post(tenant=tenant) for _ in range(count)][-1]
            self.assertEqual((got[0], "retry-after" in got[1]), (429, there))

    def test_half_transaction(self):
        self.flawed("half-transaction")
        self.operate("POST", "switches", {"transaction": True})
        row = {"name": "n", "template": "t"}
        self.assertEqual(self.call("POST", "/templates", row, roles=["admin"])[0], 500)
        self.assertEqual(self.call("GET", "/templates/n")[0], 200)

    def test_stall_as_provider_error(self):
        self.flawed("stall-as-provider-error")
        self.up.script = [("events", [delta("a"), 1.0])]
        self.assertIn(b"LLM_1002", self.post(body=ask(stream=True))[2])

    def test_done_forged(self):
        self.flawed("done-forged")
        self.up.script = [("events-cut", [delta("a")])]
        self.assertTrue(self.post(body=ask(stream=True))[2].endswith(b"[DONE]\n\n"))

    def test_health_shows_address(self):
        self.flawed("health-shows-address")
        self.assertIn(self.up.url.encode(), self.call("GET", "/providers/health")[2])

    def test_every_flaw_is_tested(self):
        for name in CATALOGUE:
            self.assertTrue(hasattr(self, "test_" + name.replace("-", "_")), name)




if __name__ == "__main__":
    unittest.main()
