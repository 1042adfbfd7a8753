"""Scenarios of the mock, opened and closed over its control API."""

import asyncio
import json
import os
import re
import urllib.request
from email.utils import formatdate
from itertools import count
from time import time

CONTROL = os.environ["MOCK_CONTROL"] + "/v1"
TOKEN = os.environ["MOCK_TOKEN"]
PROVIDERS = json.loads(os.environ["MOCK_PROVIDERS"])

_numbers = count()


def fresh_marker(lane: str) -> str:
    """A word of this run: `lane` is a letter that no other program uses."""
    number, word = next(_numbers), ""
    for _ in range(11):
        number, digit = divmod(number, 26)
        word += chr(ord("a") + digit)
    return f"zuqi{lane}{word}"


def dated(turns: list) -> list:
    """The turns with `$(date+N)` replaced by the HTTP date N seconds from now."""
    def date(found: re.Match) -> str:
        return formatdate(time() + int(found[1]), usegmt=True)

    return json.loads(re.sub(r"\$\(date\+(\d+)\)", date, json.dumps(turns)))


class Scenario:
    """What answers the requests that carry `marker`."""

    def __init__(self, id: str, marker: str) -> None:
        self.id, self.marker = id, marker

    @classmethod
    async def open(cls, name: str, lane: str, turns: list) -> "Scenario":
        marker = fresh_marker(lane)
        script = {"turns": dated(turns), "then": "repeat"}
        marked = {"markers": [{"word": marker, "send": 1}], "scripts": [{"script": script}]}
        asked = {"name": name, "ttl_ms": 60_000} | marked
        opened = await asyncio.to_thread(_call, "POST", "/scenarios", asked)
        return cls(opened["id"], marker)

    async def close(self) -> list:
        """Ends it; the journal of what arrived."""
        # The SDK may know the end of an exchange a moment before the mock has noted it.
        await asyncio.to_thread(_call, "GET", f"/scenarios/{self.id}/progress?idle=true&wait_ms=10000")
        closed = await asyncio.to_thread(_call, "DELETE", f"/scenarios/{self.id}")
        if closed["dropped"]:
            raise RuntimeError(f"the journal dropped {closed['dropped']} entries")
        return closed["journal"]


def _call(method: str, path: str, body: dict | None = None) -> dict:
    data = None if body is None else json.dumps(body).encode()
    headers = {"authorization": f"Bearer {TOKEN}"}
    request = urllib.request.Request(CONTROL + path, data=data, method=method, headers=headers)
    with _opener.open(request, timeout=20) as answer:
        return json.load(answer)


# Proxies of the environment are for other hosts than the mock's.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
