"""Routes, error answers, and the wiring of the parts."""
import asyncio
import os
import sys
import traceback
import uuid

from gatewire import jsonbody

from . import faults
from .books import MODELS, Books
from .calls import ACTIONS, Calls, token_of
from .control import Control
from .faults import Fault
from .flawlist import CATALOGUE
from gatewire.httpc import Endpoint
from gatewire.httpd import ClientGone, Reply, Server
from gatewire.kit import Clock, Flaws
from .upstream import Upstream

LISTS = ("/v1/models", "/anthropic/v1/models")


def generation_header():
    return "x-chuizi-generation-id", "gen-" + uuid.uuid4().hex


class App:
    def __init__(self, options):
        self.flaw = Flaws(options.flaw, CATALOGUE)
        self.options, self.clock = options, Clock()
        endpoint = Endpoint(options.upstream, os.environ.get(options.upstream_key_env, ""))
        self.books = Books(options, self.clock, self.flaw)
        self.calls = Calls(options, self.books, Upstream(endpoint, options, self.flaw), self.flaw)
        self.control = Control(os.environ.get(options.control_token_env, ""), self.clock,
                               self.books, self.calls)
        self.server = Server(self, options.max_body)

    def reply(self, fault, path, generation):
        body = jsonbody.dump(faults.document(fault, faults.is_anthropic(path), self.flaw))
        return Reply(fault.status, body, fault.headers + [generation])

    def protocol_reply(self, status, reason, request):
        # The table has no other rows for what is wrong about the HTTP itself.
        status = 400 if status < 500 else 500
        return self.reply(Fault(status, f"Malformed request: {reason}."),
                          request.path if request else "", generation_header())

    async def serve(self, request, out):
        generation = generation_header()
        try:
            reply = await self._route(request, out, generation)
        except ClientGone:
            out.abort()
            return
        except Fault as fault:
            reply = self.reply(fault, request.path, generation)
        except Exception:  # the last line of defence
            traceback.print_exc(file=sys.stderr)
            if out.begun:
                out.abort()
                return
            reply = self.reply(Fault(500, "The gateway failed."), request.path, generation)
        if reply is not None:
            await out.send(reply)

    async def _route(self, request, out, generation):
        path = request.path
        if path.startswith("/-/control/"):
            return Reply(200, jsonbody.dump(self.control.serve(request)), [generation])
        if path in ACTIONS:
            self._only(request, "POST")
            return await self.calls.serve(request, out, generation)
        if path == "/healthz":
            self._only(request, "GET", "HEAD")
            return Reply(200, b'{"alive":true}', [generation])
        base = next((b for b in LISTS if path == b or path.startswith(b + "/")), None)
        if base is None:
            raise Fault(404, "There is no such route.")
        self._only(request, "GET", "HEAD")
        self.books.authenticate(token_of(request), listing=True)
        found = self._models(faults.is_anthropic(path))
        if path != base:
            name = path[len(base) + 1:]
            found = next((m for m in found["data"] if m["id"] == name), None)
            if found is None:
                raise Fault(404, "There is no model of that name.")
        return Reply(200, jsonbody.dump(found), [generation])

    def _only(self, request, *methods):
        if request.method not in methods:
            raise Fault(404, "This route does not take that method.",
                        [("Allow", ", ".join(methods))])

    def _models(self, anthropic):
        names = [n for n, up in self.books.available.items() if up]
        if not anthropic:
            return {"object": "list", "data": [
                {"id": n, "object": "model", "created": 0, "owned_by": "chuizi"} for n in names]}
        names = [n for n in names if MODELS[n][2] == "claude"]
        return {"data": [{"type": "model", "id": n, "display_name": n,
                          "created_at": "2025-01-01T00:00:00Z"} for n in names],
                "has_more": False, "first_id": names[0] if names else None,
                "last_id": names[-1] if names else None}


async def run(options):
    app = App(options)
    port = await app.server.listen(options.host, options.port)
    print(f"listening on {options.host}:{port}", flush=True)
    await asyncio.Event().wait()
