"""Lanes and routes, error answers, and the wiring of the parts."""
import asyncio
import os
import sys
import traceback

from gatewire import jsonbody

from . import catalogue, problems
from .backstage import Backstage
from .calls import ENDPOINTS, Calls
from .flawlist import CATALOGUE
from .gate import Gate
from gatewire.httpc import Endpoint
from gatewire.httpd import ClientGone, Reply, Server
from gatewire.kit import Clock, Flaws
from .pool import Pool, Provider
from .problems import Problem


class App:
    def __init__(self, options):
        self.flaw = Flaws(options.flaw, CATALOGUE)
        self.options, self.clock = options, Clock()
        key = os.environ.get(options.upstream_key_env, "")
        urls = {"alpha": options.upstream, "beta": options.second_upstream}
        providers = [Provider(name, Endpoint(url, key)) for name, url in urls.items() if url]
        self.gate = Gate(options, self.clock, self.flaw)
        self.pool = Pool(options, providers, self.flaw)
        self.calls = Calls(options, self.gate, self.pool, self.flaw)
        self.backstage = Backstage(os.environ.get(options.backstage_token_env, ""), self.clock,
                                   self.gate, self.pool, self.calls)
        self.server = Server(self, options.max_body)

    def reply(self, problem, path):
        shape = problems.document(problem, problems.speaks_anthropic(path), self.flaw)
        return Reply(problem.status, jsonbody.dump(shape), problem.headers)

    def protocol_reply(self, status, reason, request):
        code = None if status == 413 else "invalid_request"
        return self.reply(Problem(status, f"Bad request: {reason}.", code),
                          request.path if request else "")

    async def serve(self, request, out):
        try:
            reply = await self._route(request, out)
        except ClientGone:
            out.abort()
            return
        except Problem as problem:
            reply = self.reply(problem, request.path)
        except Exception:  # the last line of defence
            traceback.print_exc(file=sys.stderr)
            if out.begun:
                out.abort()
                return
            reply = self.reply(Problem(500, "The gateway failed."), request.path)
        if reply is not None:
            await out.send(reply)

    def _only(self, request, *methods):
        if request.method not in methods:
            raise Problem(405, "This route does not take that method.",
                          headers=[("Allow", ", ".join(methods))])

    async def _route(self, request, out):
        path = request.path
        if path.startswith("/backstage/"):
            return Reply(200, jsonbody.dump(self.backstage.serve(request)))
        if path == "/healthz":
            self._only(request, "GET", "HEAD")
            return Reply(200, b'{"ok":true}')
        lane = next((name for name in catalogue.LANES if path.startswith(f"/{name}/")), None)
        rest = path[len(lane) + 1:] if lane else path
        lane = lane or "all"
        if rest in ENDPOINTS:
            self._only(request, "POST")
            return await self.calls.serve(request, out, lane, rest)
        if rest != "/v1/models" and not rest.startswith("/v1/models/"):
            raise Problem(404, "There is no such route.", "not_found")
        self._only(request, "GET", "HEAD")
        self.gate.look(request)
        models = catalogue.listing(lane)
        if rest == "/v1/models":
            return Reply(200, jsonbody.dump({"object": "list", "data": models, "has_more": False,
                                             "first_id": models[0]["id"],
                                             "last_id": models[-1]["id"]}))
        name = rest.removeprefix("/v1/models/")
        for model in models:
            if model["id"] == name:
                return Reply(200, jsonbody.dump(model))
        raise Problem(404, "No model on this lane has that id.")


async def run(options):
    app = App(options)
    port = await app.server.listen(options.host, options.port)
    print(f"listening on {options.host}:{port}", flush=True)
    await asyncio.Event().wait()
