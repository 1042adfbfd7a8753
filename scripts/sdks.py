"""Starts the mock, lets each SDK play every case against it, and holds what came of it against what is expected."""

import argparse
import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CASES = ROOT / "sdks/cases"
SDKS = {
    "openai-python": "python",
    "openai-node": "node",
    "openai-node-6": "node",
    "anthropic-python": "python",
    "anthropic-node": "node",
}
# A whole run takes seconds; what takes minutes hangs.
DEADLINE_S = 110


def main() -> int:
    flags = argparse.ArgumentParser(prog="scripts/sdks run")
    flags.add_argument("mock")
    flags.add_argument("home", type=Path)
    flags.add_argument("--output", type=Path, help="where the report is written (default: report.json beside the SDKs)")
    flags.add_argument("--sdk", choices=SDKS, action="append", help="only this SDK")
    flags.add_argument("--case", default="", help="only cases whose id contains this")
    given = flags.parse_args()
    begun = time.monotonic()
    cases = [case for case in written() if given.case in case["id"]]
    sdks = given.sdk or list(SDKS)
    with tempfile.TemporaryDirectory(prefix="sdks-") as folder, serving(given.mock, Path(folder)) as environment:
        file = Path(folder, "cases.json")
        file.write_text(json.dumps(cases), encoding="utf-8")
        with ThreadPoolExecutor() as pool:
            played = dict(zip(sdks, pool.map(lambda sdk: drive(sdk, file, given.home, environment), sdks)))
    results = [judged(sdk, case, played[sdk]["observed"]) for sdk in sdks for case in cases
               if case["api"] == sdk.split("-")[0]]
    seconds = round(time.monotonic() - begun, 1)
    report = {"sdks": {sdk: played[sdk]["versions"] for sdk in sdks}, "seconds": seconds, "checks": results}
    output = given.output or given.home / "report.json"
    output.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    shown(report, sdks)
    print(f"written to {output}")
    # Nothing asked is no answer.
    return 1 if not results or any(result["outcome"] == "failed" for result in results) else 0


def written() -> list[dict]:
    """Every case of every file, one for each variation of it."""
    cases = []
    for file in sorted(CASES.glob("*.json")):
        for case in json.loads(file.read_text(encoding="utf-8")):
            for variation in case.pop("over"):
                one = merged(case, variation)
                one["id"] = f"{file.stem}: {case['id']}: {variation['id']}"
                cases.append(one)
    ids = [case["id"] for case in cases]
    if len(set(ids)) < len(ids):
        sys.exit(f"sdks: not unique: {sorted({one for one in ids if ids.count(one) > 1})}")
    return cases


def merged(case: dict, variation: dict) -> dict:
    both = case | variation
    for table in ("expect", "expect_of", "differs"):
        both[table] = case.get(table, {}) | variation.get(table, {})
    return both


@contextmanager
def serving(mock: str, folder: Path):
    """The mock with a provider of each kind, one of which refuses; yields what the programs need to know."""
    token = secrets.token_urlsafe(32)
    file = folder / "token"
    file.touch(mode=0o600)
    file.write_text(token, encoding="utf-8")
    command = [mock, "serve", "--format", "json", "--control", "127.0.0.1:0", "--token-file", str(file),
               "--provider", "openai=openai", "--provider", "anthropic=anthropic", "--provider", "refusing=openai"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        running = json.loads(process.stdout.readline())
        urls = {provider["name"]: provider["url"] for provider in running["providers"]}
        refuse(running["control"], token)
        yield surroundings() | {"MOCK_CONTROL": running["control"], "MOCK_TOKEN": token, "MOCK_PROVIDERS": json.dumps(urls)}
    finally:
        process.terminate()
        process.wait(timeout=10)


def surroundings() -> dict:
    """The environment without what the SDKs would read of it, above all somebody's real keys."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OPENAI_", "ANTHROPIC_"))}
    return kept | {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}


def refuse(control: str, token: str) -> None:
    url = f"{control}/v1/providers/refusing/impositions"
    request = urllib.request.Request(url, b'{"fault": "refused"}', {"authorization": f"Bearer {token}"})
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10).close()


def drive(sdk: str, cases: Path, home: Path, environment: dict) -> dict:
    """Lets the SDK's program play the cases."""
    if SDKS[sdk] == "python":
        command = [home / "venv/bin/python", ROOT / "sdks/python/drive.py", sdk, cases]
    else:
        command = ["node", ROOT / "sdks/node/drive.mjs", sdk, cases, home / "node/node_modules"]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, timeout=DEADLINE_S, check=True)
    versions, *lines = [json.loads(line) for line in done.stdout.splitlines()]
    return {"versions": versions, "observed": {line["case"]: line["observed"] for line in lines}}


def judged(sdk: str, case: dict, observed: dict) -> dict:
    """`confirmed`, `differs` when what is otherwise than the claim is written down, or `failed`."""
    seen = observed.get(case["id"])
    # In the order from the general to the particular.
    tables = [case["expect"], *(case["expect_of"].get(of, {}) for of in (SDKS[sdk], sdk))]
    expected = {"undelivered": [], "waiting": False}
    for table in tables:
        expected |= table
    wrong = ["the program did not play it"] if seen is None else [
        f"{name}: expected {json.dumps(want)}, observed {json.dumps(seen.get(name))}"
        for name, want in expected.items() if not holds(want, seen, name)]
    differs = case["differs"].get(SDKS[sdk]) or case["differs"].get(sdk)
    outcome = "failed" if wrong else "differs" if differs else "confirmed"
    return {"sdk": sdk, "case": case["id"], "outcome": outcome, "claim": case["claim"], "differs": differs,
            "wrong": wrong, "observed": seen}


def holds(want, seen: dict, name: str) -> bool:
    """Whether the observed value is the expected one, or of the expected kind."""
    got = seen.get(name)
    match want:
        case {"absent": True}:
            return name not in seen
        case {"any": True}:
            return name in seen
        case {"contains": text}:
            return isinstance(got, str) and text in got
        case {"between": [[_, _], *_] as bands}:
            return isinstance(got, list) and len(got) == len(bands) and all(
                low <= one <= high for one, (low, high) in zip(got, bands))
        case {"between": [low, high]}:
            return isinstance(got, (int, float)) and low <= got <= high
        case dict():
            return isinstance(got, dict) and want.items() <= got.items()
    return name in seen and got == want


def shown(report: dict, sdks: list[str]) -> None:
    """A row a case, a column an SDK."""
    marks = {"confirmed": "✓", "differs": "≠", "failed": "✗"}
    cells = {(result["case"], result["sdk"]): marks[result["outcome"]] for result in report["checks"]}
    rows = list(dict.fromkeys(result["case"] for result in report["checks"]))
    width = max(map(len, rows), default=0)
    print(f"{'':<{width}}  {'  '.join(sdks)}")
    for row in rows:
        marked = (cells.get((row, sdk), "").center(len(sdk)) for sdk in sdks)
        print(f"{row:<{width}}  {'  '.join(marked)}".rstrip())
    for result in report["checks"]:
        if result["outcome"] != "confirmed":
            print(f"\n{marks[result['outcome']]} {result['sdk']}  {result['case']}\n    claim    {result['claim']}")
            print("".join(f"    {line}\n" for line in result["wrong"]) if result["wrong"] else f"    differs  {result['differs']}")
    counts = {outcome: sum(result["outcome"] == outcome for result in report["checks"]) for outcome in marks}
    print("\n" + ", ".join(f"{one['sdk']} {one['version']} on {one['runtime']}" for one in report["sdks"].values()))
    print(f"{len(report['checks'])} checks: {', '.join(f'{count} {outcome}' for outcome, count in counts.items())}; "
          f"{report['seconds']} s")


if __name__ == "__main__":
    sys.exit(main())
