"""Inference, embeddings and reranking: from a checked job to a settled bill."""
import asyncio
import math

from gatewire import jsonbody

from . import codes, intake
from .chain import SLOW, ProviderBad, post, translate
from .codes import Err
from gatewire.httpc import UpstreamFault
from gatewire.httpd import Reply
from .prompts import fingerprint
from gatewire.relay import relay
from gatewire.sse import ChatJudge, StreamError, count

PATHS = {"chat": "/v1/chat/completions", "embedding": "/v1/embeddings", "rerank": "/v1/rerank"}
MEMBERS = {"chat": "choices", "embedding": "data", "rerank": "results"}


class Services:
    def __init__(self, options, tenants, store, chain, cache, flaw):
        self.options, self.tenants, self.store = options, tenants, store
        self.chain, self.cache, self.flaw = chain, cache, flaw

    def job(self, request, caller, task, own):
        if task == "chat":
            return intake.chat(request, own, caller, self.store, self.flaw)
        if task == "embedding":
            return intake.embeddings(request, own, caller, self.options, self.flaw)
        return intake.rerank(request, own, caller, self.flaw)

    async def serve(self, request, out, caller, task, own, base):
        """`own`: see intake.Job; `base`: headers every answer carries."""
        began = asyncio.get_running_loop().time()
        caller.need_role("user")
        self.tenants.admit(caller)
        job = self.job(request, caller, task, own)
        rows = self.chain.rows(job.provider)
        headers, mark = list(base), None
        if job.cache_key and not job.streaming:
            mark = fingerprint(job.model.name, job.text)
            try:
                kept = self.cache.get(caller.tenant, job.cache_key, mark)
                return await out.send(Reply(200, kept, headers + [("x-cache", "HIT")]))
            except Err as miss:
                headers += [("x-cache", "MISS"), ("x-cache-code", f"LLM_{miss.number}")]
        if job.budget is not None and job.estimate > job.budget:
            raise Err(1402, f"The request may cost ${job.estimate:.6f}, more than its budget.")
        ticket = self.tenants.charge(caller, job.estimate)
        try:
            attempt = self._streamed if job.streaming else self._whole

            async def one(endpoint, until):
                return await attempt(job, out, headers, ticket, endpoint, until)

            answer = await self._in_time(job, out, began, rows, one)
            if answer is not None:
                if mark is not None:
                    self.cache.put(caller.tenant, job.cache_key, mark, answer)
                await out.send(Reply(200, answer, headers))
        finally:
            ticket.settle(0.0, False)

    async def _in_time(self, job, out, began, rows, attempt):
        """Runs the chain, within the caller's own time limit where that is the shorter one."""
        limit, until, slow = None, began + self.options.deadline, SLOW[job.task]
        if job.timeout is not None and job.timeout < self.options.deadline:
            limit = began + job.timeout
            until, slow = limit + 0.1, 2002  # for a connection that misses its cancellation
        try:
            async with asyncio.timeout_at(limit) as timer:
                return await self.chain.run(rows, job.provider is not None, job.task, attempt,
                                            until, slow)
        except TimeoutError:
            if not timer.expired():
                raise
            late = Err(2002, "The request's own time limit has passed.")
            if not out.begun:
                raise late from None
            if not out.ended:
                out.keep = False
                await out.piece(codes.event(late, self.flaw))
                await out.finish()

    def _cost(self, job, usage, characters=0):
        usage = usage if isinstance(usage, dict) else {}
        used_in, used_out = count(usage.get("prompt_tokens")), count(usage.get("completion_tokens"))
        used_in = job.tokens_in if used_in is None else used_in
        used_out = math.ceil(characters / 4) if used_out is None else used_out
        return job.model.cost(used_in, used_out)

    async def _whole(self, job, out, headers, ticket, endpoint, until):
        answer = await post(endpoint, PATHS[job.task], job.raw, until)
        try:
            raw = await answer.read_all(until)
            document = jsonbody.parse(raw)
        except UpstreamFault as fault:
            raise translate(fault) from fault
        except jsonbody.BadJson:
            document = None
        finally:
            answer.close()
        if (not isinstance(document, dict) or document.get("error") is not None
                or not isinstance(document.get(MEMBERS[job.task]), list)):
            raise ProviderBad("failed", "The provider's answer makes no sense.")
        ticket.settle(self._cost(job, document.get("usage")), True)
        return raw, True

    async def _streamed(self, job, out, headers, ticket, endpoint, until):
        answer = await post(endpoint, PATHS["chat"], job.raw, until, True)
        judge = ChatJudge()

        async def begin():
            await out.start(200, headers + [("Content-Type", "text/event-stream; charset=utf-8"),
                                            ("Cache-Control", "no-store")])

        def farewell(fault):
            slow = isinstance(fault, UpstreamFault) and fault.kind == "timeout"
            if self.flaw("done-forged") and not slow:
                return b"data: [DONE]\n\n"
            if slow and not self.flaw("stall-as-provider-error"):
                return codes.event(Err(1003, "The provider fell silent."), self.flaw)
            return codes.event(Err(1002, "The provider's stream broke."), self.flaw)

        try:
            well = await relay(answer, judge, out, until, self.options.deadline, begin, farewell)
            return None, well
        except UpstreamFault as fault:
            raise translate(fault) from fault
        except StreamError as error:
            raise ProviderBad("failed", "The provider failed before it began.") from error
        finally:
            if out.begun:
                ticket.settle(self._cost(job, judge.usage, judge.characters), True)
