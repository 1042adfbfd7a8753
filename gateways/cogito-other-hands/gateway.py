"""A gateway that keeps the Cogito error contract, written from the vendor's page alone.

    COGITO_BACKEND_KEY=... python3 gateway.py --port 0 --upstream http://127.0.0.1:9000 --deadline 2
"""

import argparse
import asyncio
import email.utils
import json
import math
import os
import re
import signal
import time

from cogito.accounts import MODELS, Account, Ledger
from cogito.contract import Failure, RequestIds, check_chat, check_embeddings, invalid, parse_body
from cogito.flaws import FLAWS, activate, flawed
from cogito.http1 import Channel, Request
from cogito.streams import Broken, relay, unusable
from cogito.upstream import Answer, Cluster

JSON = "application/json;charset=UTF-8"
LANES = {"/v1/chat/completions": "chat", "/v1/embeddings": "embeddings"}


def main() -> None:
    options = parse()
    activate(options.flaw)
    asyncio.run(serve(options))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="a Cogito-compatible gateway")
    parser.add_argument("--port", type=int, default=0, help="0 takes any free port")
    parser.add_argument("--upstream", required=True, help="origin of the inference cluster, without /v1")
    parser.add_argument("--upstream-key-env", default="COGITO_BACKEND_KEY", metavar="VAR")
    parser.add_argument("--deadline", type=float, default=30.0, help="seconds the cluster has for an answer")
    parser.add_argument("--flaw", choices=["", *FLAWS], default="", help=argparse.SUPPRESS)
    parser.add_argument("--list-flaws", action=ListFlaws, nargs=0, help=argparse.SUPPRESS)
    return parser.parse_args()


class ListFlaws(argparse.Action):
    def __call__(self, parser, namespace, values, option_string=None):
        print("".join(f"{name}\t{what}\n" for name, what in FLAWS.items()), end="")
        parser.exit()


async def serve(options: argparse.Namespace) -> None:
    gateway = Gateway(Cluster(options.upstream, os.environ.get(options.upstream_key_env, "")), options.deadline)
    server = await asyncio.start_server(gateway.connection, "127.0.0.1", options.port, backlog=512)
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await stop.wait()
    server.close()


class Gateway:
    """Everything a running gateway knows."""

    def __init__(self, cluster: Cluster, deadline: float) -> None:
        self._cluster = cluster
        self._deadline = deadline
        self._ledger = Ledger()
        self._ids = RequestIds()
        self._billing = True
        self._backend = True
        self._ops_token = os.environ.get("COGITO_OPS_TOKEN", "other-hands")

    async def connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serves the requests of one client connection, one after the other."""
        channel = Channel(reader, writer)
        try:
            while await self._exchange(channel):
                pass
        except (OSError, asyncio.CancelledError):
            # The client left, or the process is about to.
            pass
        finally:
            channel.close()

    async def _exchange(self, channel: Channel) -> bool:
        request_id = self._ids.fresh()
        request = None
        try:
            request = await channel.next()
            if request is None:
                return False
            return await self._dispatch(request, channel, request_id)
        except Failure as raised:
            failure = raised
            keep = request is not None and request.keep_alive
        except Broken:
            channel.sever()
            return False
        except (OSError, asyncio.CancelledError):
            raise
        except Exception:
            failure = Failure(500, "internal_error", "Something broke on our side.")
            keep = False
        return await self._fail(channel, failure, request_id, keep, _wants_stream(request))

    async def _fail(self, channel: Channel, failure: Failure, request_id: str, keep: bool, stream: bool) -> bool:
        body = failure.envelope(self._ids.of_failure(request_id))
        if channel.streaming:
            await channel.chunk(b"event: error\ndata: " + body + b"\n\n")
            await channel.finish()
            return False
        headers = []
        if failure.wait is not None and not (stream and flawed("stream-drops-wait")):
            headers.append(("retry-AFTER", _seconds(failure.wait)))
        headers += [("content-Type", JSON), ("X-Served-By", "other-hands")]
        await channel.answer(failure.status, headers, body, keep)
        if not keep:
            await channel.linger()
        return keep

    async def _dispatch(self, request: Request, channel: Channel, request_id: str) -> bool:
        if request.path.startswith("/ops/"):
            return await self._send(channel, request, request_id, self._operate(request))
        if request.path == "/livez":
            return await self._send(channel, request, request_id, {"alive": True})
        if request.path == "/v1/models" or request.path.startswith("/v1/models/"):
            _method(request, "GET")
            self._ledger.authenticate(request.headers)
            return await self._send(channel, request, request_id, _models(request.path))
        lane = LANES.get(request.path)
        if lane is None:
            raise Failure(404, "not_found", "There is nothing at this address.")
        _method(request, "POST")
        return await self._infer(request, channel, request_id, lane)

    async def _send(self, channel: Channel, request: Request, request_id: str, value: object) -> bool:
        headers = [("x-Cogito-Trace", request_id), ("Content-type", JSON)]
        await channel.answer(200, headers, json.dumps(value).encode(), request.keep_alive)
        return request.keep_alive

    async def _infer(self, request: Request, channel: Channel, request_id: str, lane: str) -> bool:
        account = self._ledger.authenticate(request.headers)
        body = parse_body(request.body)
        (check_chat if lane == "chat" else check_embeddings)(body)
        self._ledger.permit(account, lane, body)
        if not self._billing and not flawed("late-billing-check"):
            raise _no_billing()
        self._ledger.admit(account, len(request.body) // 4 + 1)
        try:
            return await self._call(request, channel, request_id, body)
        except BaseException:
            self._ledger.refund(account)
            raise

    async def _call(self, request: Request, channel: Channel, request_id: str, body: dict) -> bool:
        if not self._backend or not self._cluster.key:
            raise Failure(500, "backend_unavailable", "This gateway has no credentials for the inference cluster.")
        stream = body.get("stream") is True
        slug = body["model"]
        payload = json.dumps({**body, "model": MODELS[slug][1]}, sort_keys=True).encode()
        started = time.monotonic()
        answer = None
        try:
            async with asyncio.timeout(self._deadline):
                answer = await self._cluster.post(request.path, payload, stream)
            if not self._billing and flawed("late-billing-check"):
                raise _no_billing()
            if answer.status != 200:
                return await self._upstream_failed(answer, channel, request.keep_alive)
            left = self._deadline - (time.monotonic() - started)
            head = [("x-Cogito-Trace", request_id), ("Cache-Control", "no-store")]
            if stream:
                events = [*head, ("Content-Type", "text/event-stream")]
                await relay(answer, channel, events, slug, self._deadline, left)
                return False
            whole = json.dumps({**_usable(await _whole(answer, left), request.path), "model": slug}).encode()
            await channel.answer(200, [*head, ("Content-type", JSON)], whole, request.keep_alive)
            return request.keep_alive
        except TimeoutError:
            raise Failure(500, "deadline_exceeded", "The inference cluster took longer than we wait.") from None
        finally:
            if answer is not None:
                answer.close()

    async def _upstream_failed(self, answer: Answer, channel: Channel, keep: bool) -> bool:
        """Turns an error of the cluster into the page's; its body is read to leave the connection in good order."""
        body = b""
        try:
            body = await _whole(answer, min(1.0, self._deadline))
        except (Failure, TimeoutError):
            # The status has come through and says enough.
            pass
        if flawed("long-errors-verbatim") and len(body) > 2048:
            await channel.answer(answer.status, [("Content-Type", answer.header("content-type"))], body, keep)
            return keep
        raise _translated(answer)

    def _operate(self, request: Request) -> dict:
        if request.header("x-ops-token") != self._ops_token:
            raise Failure(403, "ops_forbidden", "The switches are not yours to use.")
        match request.method, request.path:
            case "PUT", "/ops/switches/billing":
                self._billing = parse_body(request.body).get("configured") is True
            case "PUT", "/ops/switches/backend":
                self._backend = parse_body(request.body).get("credentials") == "present"
            case "POST", "/ops/rewind":
                self._ledger.rewind()
                self._billing = self._backend = True
            case "GET", "/ops/switches":
                pass
            case _:
                raise Failure(404, "not_found", "There is no such switch.")
        credentials = "present" if self._backend else "absent"
        return {"billing": {"configured": self._billing}, "backend": {"credentials": credentials}}


def _method(request: Request, method: str) -> None:
    # 405 is not in the page's table, which it calls complete.
    if request.method != method:
        raise invalid(f"Use {method} here.")


def _models(path: str) -> dict:
    entries = [{"id": name, "object": "model", "created": 1_700_000_000, "owned_by": "cogito"} for name in MODELS]
    if path == "/v1/models":
        return {"object": "list", "data": entries}
    for entry in entries:
        if path == f"/v1/models/{entry['id']}":
            return entry
    raise Failure(404, "model_not_found", "We serve no such model here.")


async def _whole(answer: Answer, left: float) -> bytes:
    body = b""
    pieces = answer.pieces()
    until = time.monotonic() + left
    while True:
        wait = left if flawed("patient-with-drips") else until - time.monotonic()
        async with asyncio.timeout(max(wait, 0)):
            piece = await anext(pieces, None)
        if piece is None:
            return body
        body += piece


def _usable(raw: bytes, path: str) -> dict:
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        raise unusable() from None
    items = value.get("choices" if LANES[path] == "chat" else "data") if isinstance(value, dict) else None
    if not isinstance(items, list) or not items or value.get("error"):
        raise unusable()
    return value


def _translated(answer: Answer) -> Failure:
    status = answer.status
    if status < 400 or status == 413:
        return Failure(502, "upstream_unexpected", "The inference cluster answered what it should not.")
    wait = None
    if status in (429, 503):
        wait = max(_upstream_wait(answer), 4.0 if status == 429 else 9.0)
        if flawed("fractional-wait") and answer.header("retry-after-ms"):
            wait = _upstream_wait(answer)
    return Failure(status, f"upstream_{status}", f"The inference cluster answered with status {status}.", wait)


def _upstream_wait(answer: Answer) -> float:
    """The longest delay that the cluster asked for, in seconds; 0 when it asked for none that makes sense."""
    waits = [0.0]
    for name, unit in (("retry-after", 1), ("retry-after-ms", 1000)):
        value = answer.header(name)
        if re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,9})?", value):
            waits.append(float(value) / unit)
        elif name == "retry-after" and value:
            try:
                waits.append(email.utils.parsedate_to_datetime(value).timestamp() - time.time())
            except (ValueError, TypeError, OverflowError):
                pass
    return max(waits)


def _seconds(wait: float) -> str:
    return str(wait) if flawed("fractional-wait") and wait != int(wait) else str(max(1, math.ceil(wait)))


def _no_billing() -> Failure:
    return Failure(503, "billing_not_configured", "Billing is not set up on our side yet.", 17)


def _wants_stream(request: Request | None) -> bool:
    return request is not None and b'"stream"' in request.body and b"true" in request.body


if __name__ == "__main__":
    main()
