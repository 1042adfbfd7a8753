"""Routes, error answers, and the wiring of the parts."""
import asyncio
import os
import sys
import traceback

from gatewire import jsonbody
from .admin import Admin
from .flawlist import CATALOGUE
from gatewire.httpc import Endpoint
from gatewire.httpd import ClientGone, Reply, Server
from gatewire.kit import Clock, Flaws
from .ledger import PRICES, Ledger
from .provider import Provider, ProviderFailure
from .proxy import Call, Proxy, Refusal, error_body
from .simcache import SimilarityCache

ROUTES = {"/v1/chat/completions": ("POST",), "/v1/embeddings": ("POST",),
          "/v1/models": ("GET", "HEAD"), "/health": ("GET", "HEAD")}
PROTOCOL_KINDS = {413: "request_too_large", 408: "request_timeout", 431: "request_too_large"}


class App:
    def __init__(self, options):
        self.flaw = Flaws(options.flaw, CATALOGUE)
        self.options, self.clock, self.bad_keys = options, Clock(), 0
        endpoint = Endpoint(options.upstream, os.environ.get(options.upstream_key_env, ""))
        self.ledger = Ledger(options, self.clock, self.flaw)
        self.cache = SimilarityCache(options, self.clock, self.flaw)
        provider = Provider(endpoint, options, self.flaw)
        self.proxy = Proxy(options, self.ledger, self.cache, provider, self.flaw)
        self.admin = Admin(os.environ.get(options.admin_token_env, ""), self.clock,
                           self.ledger, self.cache)
        self.server = Server(self, options.max_body)

    def error(self, status, kind, message, context=None, headers=()):
        return Reply(status, jsonbody.dump(error_body(kind, message, context or {})), headers)

    def protocol_reply(self, status, reason, request):
        kind = PROTOCOL_KINDS.get(status, "invalid_request")
        return self.error(status, kind, reason, {}, Call("").headers(self.flaw))

    async def serve(self, request, out):
        call = Call(request.path)
        try:
            reply = await self._route(request, out, call)
        except ClientGone:
            out.abort()
            return
        except Refusal as no:
            reply = self.error(no.status, no.kind, no.message, no.context,
                               no.headers + call.headers(self.flaw))
            if no.status == 401:
                self.bad_keys += 1
                if self.flaw("tenth-401-text") and self.bad_keys % 10 == 0:
                    reply.content_type = "text/plain"
        except ProviderFailure as bad:
            bare = bad.status == 500 and self.flaw("plain-500")
            reply = self.error(bad.status, bad.kind, bad.message, bad.context,
                               [] if bare else call.headers(self.flaw))
        except Exception:  # the last line of defence: the client still gets JSON
            traceback.print_exc(file=sys.stderr)
            if out.begun:
                out.abort()
                return
            reply = self.error(500, "internal_error", "the proxy failed on this call", {},
                               call.headers(self.flaw))
        if reply is not None:
            await out.send(reply)

    async def _route(self, request, out, call):
        if request.path.startswith("/_ops/"):
            return self.admin.serve(request)
        methods = ROUTES.get(request.path)
        if methods is None:
            raise Refusal(404, "not_found", "no such route")
        if request.method not in methods:
            raise Refusal(405, "method_not_allowed", "this route does not take that method",
                          {"allowed": list(methods)}, [("Allow", ", ".join(methods))])
        if request.path == "/health":
            return Reply(200, b'{"status":"up"}')
        if request.path == "/v1/models":
            self.proxy.identify(request, call)
            models = [{"id": name, "object": "model", "created": 0, "owned_by": "cognocient"}
                      for name in PRICES]
            return Reply(200, jsonbody.dump({"object": "list", "data": models}),
                         call.headers(self.flaw))
        return await self.proxy.serve(request, out, call)


async def run(options):
    app = App(options)
    port = await app.server.listen(options.host, options.port)
    print(f"listening on {options.host}:{port}", flush=True)
    await asyncio.Event().wait()
