"""Runs the harness against LiteLLM's proxy and replays every finding by the command that the report prints for it.

Starting a proxy is most of a replay. So the first case of each kind (the same checks of the same claims broken) is replayed
alone, by its command as it is printed, and the others of that kind by that command with several `--case`, each command against
proxies of its own. `--each` replays every case alone.
"""

import argparse
import concurrent.futures
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = "specs/targets/litellm.yaml"
REPLAY_BOUND = 600
# Cases of one command.
TOGETHER = 24

# What differs from one start of the proxy, or one request, to the next: ids, ports, moments, durations.
VARYING = [
    (re.compile(r"(127\.0\.0\.1|localhost):\d+"), r"\1:PORT"),
    (re.compile(r"\b\d+(\.\d+)? ?(ms|s)\b"), "DURATION"),
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"), "UUID"),
    (re.compile(r"\b(chatcmpl|req|upstream)-[A-Za-z0-9-]+"), r"\1-ID"),
    (re.compile(r"\b0x[0-9a-f]+\b"), "ADDRESS"),
    (re.compile(r"\b1[6-9]\d{8}\b"), "UNIX-TIME"),
    (re.compile(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT"), "DATE"),
]


@dataclass
class Replayed:
    """What came of one case's command."""

    case: str
    command: str
    wanted: list[tuple[str, ...]]
    got: list[tuple[str, ...]] = field(default_factory=list)
    problem: str = ""
    seconds: float = 0.0

    def same(self) -> bool:
        return not self.problem and self.wanted == self.got


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/litellm-verify", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs", help="folder of the binary")
    parser.add_argument("--at-once", type=int, default=2, help="replays at once, a proxy or two each (default: %(default)s)")
    parser.add_argument("--each", action="store_true", help="replay every case alone")
    parser.add_argument("--report", type=Path, help="keep the report here")
    parser.add_argument("--replay-only", action="store_true", help="replay the findings of the report that --report names")
    options = parser.parse_args()
    # The commands name the program without its folder.
    os.environ["PATH"] = f"{(ROOT / options.programs).resolve()}{os.pathsep}{os.environ['PATH']}"
    os.chdir(ROOT)
    with tempfile.TemporaryDirectory(prefix="litellm-verify-") as scratch:
        folder = (options.report or Path(scratch) / "report").resolve()
        if not options.replay_only:
            judge(folder)
        verify(folder, Path(scratch), options)


def judge(folder: Path) -> None:
    begun = time.monotonic()
    command = ["gateway-conformance", "run", "--quiet", "--no-color", "--target", TARGET, "--fuzz", "0", "--report", str(folder)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    print(ended.stdout[ended.stdout.rfind("\nSummary"):].strip() or ended.stderr.strip())
    print(f"the run took {time.monotonic() - begun:.0f} s\n", flush=True)
    if ended.returncode not in (0, 1, 3) or not (folder / "report.json").exists():
        sys.exit(f"litellm-verify: the run ended with exit {ended.returncode}")


def verify(folder: Path, scratch: Path, options: argparse.Namespace) -> None:
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    cases = [case for case in report["cases"] if case["findings"]]
    batches = [[case] for case in cases] if options.each else batched(cases)
    print(f"{sum(len(case['findings']) for case in cases)} findings in {len(cases)} cases to replay by {len(batches)} commands, "
          f"{options.at_once} at once", flush=True)
    print(f"{'':>9} {'':<9} {'took':>6}  findings", flush=True)
    done: list[Replayed] = []
    with concurrent.futures.ThreadPoolExecutor(options.at_once) as pool:
        pending = [pool.submit(replay, batch, scratch / f"replay-{number}") for number, batch in enumerate(batches)]
        for number, future in enumerate(pending, 1):
            for replayed in future.result():
                done.append(replayed)
                verdict = "same" if replayed.same() else "DIFFERENT"
                print(f"{number:>4}/{len(batches):<4} {verdict:<9} {replayed.seconds:>5.1f}s  {len(replayed.wanted):>8}  {replayed.case}",
                      flush=True)
                if not replayed.same():
                    explain(replayed)
    bad = [replayed for replayed in done if not replayed.same()]
    findings = sum(len(replayed.wanted) for replayed in done)
    if bad:
        sys.exit(f"litellm-verify: {len(bad)} of {len(done)} cases with findings were not the same again")
    print(f"litellm-verify: all {findings} findings of {len(done)} cases were the same again, {len(batches)} commands")


def batched(cases: list[dict]) -> list[list[dict]]:
    """The first case of each kind alone, the others together."""
    kinds = set()
    alone, others = [], []
    for case in cases:
        kind = tuple((check, level, claim) for check, level, claim, *_ in seen(case))
        (others if kind in kinds else alone).append(case)
        kinds.add(kind)
    return [[case] for case in alone] + [others[at:at + TOGETHER] for at in range(0, len(others), TOGETHER)]


def replay(batch: list[dict], folder: Path) -> list[Replayed]:
    command = batch[0]["replay"] + "".join(f" --case {shlex.quote(case['id'])}" for case in batch[1:])
    all_replayed = [Replayed(case["id"], case["replay"], seen(case)) for case in batch]
    begun = time.monotonic()
    cases: dict[str, dict] = {}
    problem = ""
    try:
        ended = subprocess.run(["bash", "-c", f"{command} --quiet --report {folder}"], capture_output=True, text=True,
                               timeout=REPLAY_BOUND, check=False)
        report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
        cases = {case["id"]: case for case in report["cases"]}
        if len(cases) != len(batch):
            problem = f"the command ran {len(cases)} cases, not {len(batch)}"
    except FileNotFoundError:
        problem = f"no report, exit {ended.returncode}: {ended.stderr.strip()[-600:]}"
    except subprocess.TimeoutExpired:
        problem = f"not ended after {REPLAY_BOUND} s"
    for replayed in all_replayed:
        replayed.seconds = time.monotonic() - begun
        again = cases.get(replayed.case)
        replayed.problem = problem
        if again is not None:
            replayed.got = seen(again)
            if not replayed.got:
                replayed.problem = f"{again['outcome']}: {again.get('why') or ''}"
    return all_replayed


def seen(case: dict) -> list[tuple[str, ...]]:
    """The findings of a case without what varies."""
    keys = ("check", "level", "claim", "exchange", "expected", "observed")
    return sorted(tuple(steady(str(finding.get(key, ""))) for key in keys) for finding in case["findings"])


def steady(text: str) -> str:
    for pattern, shown in VARYING:
        text = pattern.sub(shown, text)
    return text


def explain(replayed: Replayed) -> None:
    print(f"         {replayed.command}")
    if replayed.problem:
        print(f"         {replayed.problem}")
    for sign, one, other in (("-", replayed.wanted, replayed.got), ("+", replayed.got, replayed.wanted)):
        for finding in one:
            if finding not in other:
                print(f"         {sign} {' | '.join(finding)}")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
