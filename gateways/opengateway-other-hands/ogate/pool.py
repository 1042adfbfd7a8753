"""The providers: which one serves, and when a call moves on to the next."""
import asyncio
import random

from gatewire.httpc import UpstreamFault
from .normalizer import offline, problem, said


class Provider:
    def __init__(self, name, endpoint):
        self.name, self.endpoint, self.offline = name, endpoint, False


class Pool:
    def __init__(self, options, providers, flaw):
        self.options, self.flaw = options, flaw
        self.providers = {p.name: p for p in providers}
        self.models_offline = set()

    def reset(self):
        self.models_offline.clear()
        for provider in self.providers.values():
            provider.offline = False

    def line_up(self, model, policy):
        """Providers in the order they are tried; a plain id insists on its first one."""
        names = [n for n in model.offers if n in self.providers]
        if policy == "fastest" and not self.flaw("fastest-is-cheapest"):
            names.sort(key=lambda n: -model.offers[n][0])
        elif policy is not None:
            names.sort(key=lambda n: model.offers[n][1])
        first = self.providers[names[0]]
        blind = policy == "cheapest" and self.flaw("cheapest-dead")
        live = [self.providers[n] for n in names if not self.providers[n].offline]
        if model.name in self.models_offline or not live:
            raise offline(self.flaw, first.name)
        if (policy is None or blind) and first.offline:
            raise offline(self.flaw, first.name)
        return live

    def _again(self, status, raw):
        """The status alone decides whether another try makes sense."""
        if status == 402:
            return self.flaw("failover-402")
        if status == 422:
            return self.flaw("retry-422")
        if status == 429:
            return not self.flaw("429-final")
        if status == 400:
            return self.flaw("body-decides") and "overload" in said(raw).lower()
        return status >= 500

    async def call(self, line, path, make_headers, body):
        """A (provider, Answer, until) with status 200, or Problem."""
        loop = asyncio.get_running_loop()
        for number in range(max(1, self.options.tries)):
            if number:
                pause = self.options.backoff * 2 ** (number - 1)
                await asyncio.sleep(pause * random.uniform(0.5, 1.0))
            at = 0 if self.flaw("same-provider") else number % len(line)
            provider = line[at]
            until = loop.time() + self.options.deadline
            answer = None
            try:
                headers = make_headers(provider.endpoint.key)
                answer = await provider.endpoint.post(path, headers, body, until)
                if answer.status == 200:
                    return provider, answer, until
                raw = await answer.read_all(until)
            except UpstreamFault:
                if answer is None:  # no status at all counts as a 5xx
                    last = offline(self.flaw, provider.name)
                    continue
                raw = b""
            status = answer.status if answer.status >= 400 else 502
            last = problem(status, raw, answer.header("retry-after"), self.flaw, provider.name)
            if not self._again(status, raw):
                raise last
        raise last
