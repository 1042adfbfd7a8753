"""Plays every case with one SDK and writes what came of each as a line of JSON: drive.py SDK CASES."""

import asyncio
import json
import sys
from importlib.metadata import version
from pathlib import Path
from time import monotonic

import anthropic_calls
import mock
import observe
import openai_calls

# For SDK: its package, its calls, the letter of its markers.
SDKS = {
    "openai-python": ("openai", openai_calls, "a"),
    "anthropic-python": ("anthropic", anthropic_calls, "b"),
}
AT_ONCE = 12
# No call may take longer, unless the case says how long one looks.
PATIENCE_MS = 20_000


async def main() -> None:
    sdk, cases = sys.argv[1], json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))
    package, _, _ = SDKS[sdk]
    print(json.dumps({"sdk": sdk, "version": version(package), "runtime": sys.version.split()[0]}), flush=True)
    room = asyncio.Semaphore(AT_ONCE)
    chosen = [case for case in cases if case["api"] == package]
    await asyncio.gather(*(played(sdk, case, room) for case in chosen))


async def played(sdk: str, case: dict, room: asyncio.Semaphore) -> None:
    async with room:
        print(json.dumps({"case": case["id"], "observed": await observed(sdk, case)}), flush=True)


async def observed(sdk: str, case: dict) -> dict:
    package, calls, lane = SDKS[sdk]
    scenario = await mock.Scenario.open(f"{sdk} {case['id']}", lane, case["turns"])
    client = calls.client(mock.PROVIDERS[case.get("at", package)], scenario.marker, case.get("options", {}))
    got, error, waiting, outcome = {}, None, False, {}
    begun = monotonic()
    try:
        async with asyncio.timeout(case.get("patience_ms", PATIENCE_MS) / 1000) as looking:
            outcome = await getattr(calls, case["call"])(client, scenario.marker, got)
    except TimeoutError as caught:
        waiting, error = looking.expired(), None if looking.expired() else caught
    except Exception as caught:  # whatever it is, its name is what is asked for
        error = caught
    elapsed = round((monotonic() - begun) * 1000)
    journal = await scenario.close()
    await client.close()
    raised = observe.of_error(error, journal) if error else {"raised": None}
    return got | outcome | raised | observe.of_journal(journal) | {"waiting": waiting, "elapsed": elapsed}


asyncio.run(main())
