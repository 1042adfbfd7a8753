"""Routes, error answers, and the wiring of the parts."""
import asyncio
import os
import secrets
import sys
import traceback
import uuid

from gatewire import jsonbody

from . import codes
from .admin import Admin
from .chain import Chain
from .codes import Err
from .flawlist import CATALOGUE
from gatewire.httpd import ClientGone, Reply, Server
from gatewire.kit import Clock, Flaws
from .promptcache import PromptCache
from .registry import Registry
from .services import Services
from .store import Store
from .tenants import Tenants
from .tokens import Verifier

# Each: the task, and whether the body is of the service's own form.
TASKS = {"/v1/chat/completions": ("chat", False), "/inference": ("chat", True),
         "/v1/embeddings": ("embedding", False), "/embeddings": ("embedding", True),
         "/v1/rerank": ("rerank", False), "/rerank": ("rerank", True)}


def request_id():
    return "x-request-id", uuid.uuid4().hex


class App:
    def __init__(self, options):
        self.flaw = Flaws(options.flaw, CATALOGUE)
        self.options, self.clock, self.in_flight = options, Clock(), 0
        secret = os.environ.get(options.jwt_secret_env, "").encode() or secrets.token_bytes(32)
        key = os.environ.get(options.upstream_key_env, "")
        urls = {"primary": options.upstream, "secondary": options.second_upstream}
        self.store = Store([(n, url, key) for n, url in urls.items() if url], self.flaw)
        self.tenants = Tenants(options, self.clock, self.flaw)
        self.chain = Chain(options, self.clock, self.store, self.flaw)
        self.cache = PromptCache(options, self.clock, self.flaw)
        self.verifier = Verifier(secret, self.clock, self.flaw)
        self.services = Services(options, self.tenants, self.store, self.chain, self.cache,
                                 self.flaw)
        self.registry = Registry(self.store, self.chain, self.cache, self.flaw)
        self.admin = Admin(os.environ.get(options.admin_token_env, ""), secret, self.clock,
                           self.tenants, self.store, self.chain, self.cache)
        self.server = Server(self, options.max_body)

    def reply(self, err, base):
        return Reply(err.status, codes.body(err, self.flaw), base + err.headers)

    def protocol_reply(self, status, reason, request):
        number = 2002 if status == 408 else 1600
        return self.reply(Err(number, f"The request is not valid: {reason}."), [request_id()])

    async def serve(self, request, out):
        base = [request_id()]
        try:
            reply = await self._route(request, out, base)
        except ClientGone:
            out.abort()
            return
        except Err as err:
            reply = self.reply(err, base)
        except Exception:  # the last line of defence
            traceback.print_exc(file=sys.stderr)
            if out.begun:
                out.abort()
                return
            reply = self.reply(Err(2000, "The service failed; mention the x-request-id."), base)
        if reply is not None:
            await out.send(reply)

    def _only(self, request, methods):
        wanted = set(methods) | ({"HEAD"} if "GET" in methods else set())
        if request.method not in wanted:
            raise Err(1600, "This route does not take that method.",
                      [("Allow", ", ".join(sorted(wanted)))])

    async def _route(self, request, out, base):
        path = request.path
        if path.startswith("/__admin/"):
            return Reply(200, jsonbody.dump(self.admin.serve(request)), base)
        if path == "/healthz":
            self._only(request, ("GET",))
            return Reply(200, b'{"status":"ok"}', base)
        found = None
        if path in TASKS:
            self._only(request, ("POST",))
        else:
            found = self.registry.find(path)
            if found is None:
                raise Err(1600, "There is no such route.")
            self._only(request, tuple(found[0]))
        caller = self.verifier.caller(request)
        self.tenants.of(caller)
        if self.admin.switches["maintenance"] or self.in_flight >= self.options.max_in_flight:
            raise Err(2001, "The service is not available at the moment.", [("Retry-After", "1")])
        if self.admin.switches["crash"]:
            raise RuntimeError("switched on by an admin")
        if found is not None:
            status, document = self.registry.serve(caller, request, *found)
            return Reply(status, jsonbody.dump(document), base)
        self.in_flight += 1
        try:
            return await self.services.serve(request, out, caller, *TASKS[path], base)
        finally:
            self.in_flight -= 1


async def run(options):
    app = App(options)
    port = await app.server.listen(options.host, options.port)
    print(f"listening on {options.host}:{port}", flush=True)
    await asyncio.Event().wait()
