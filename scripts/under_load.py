"""Runs the harness many times beside busy loops, one a core, and compares what each run says."""

import difflib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def main() -> None:
    program, runs, *arguments = sys.argv[1:]
    cores = len(os.sched_getaffinity(0))
    # Each ends with its parent: its input is a pipe from here.
    loop = "import os, select, sys\nwhile not select.select([0], [], [], 0)[0]: sum(range(100000))"
    loops = [subprocess.Popen([sys.executable, "-c", loop], stdin=subprocess.PIPE) for _ in range(cores)]
    try:
        compare(program, int(runs), arguments, cores)
    finally:
        for one in loops:
            one.kill()
            one.wait()


def compare(program: str, runs: int, arguments: list[str], cores: int) -> None:
    print(f"{runs} runs of {program} {' '.join(arguments)}, {cores} of {cores} cores busy", flush=True)
    first: list[str] = []
    differing = 0
    for number in range(1, runs + 1):
        begun = time.monotonic()
        code, summary, lines = said(program, arguments)
        same = number == 1 or lines == first
        words = "" if number == 1 else "  the same" if same else "  DIFFERENT"
        print(f"run {number:>2}  exit {code}  {time.monotonic() - begun:>5.1f}s  {summary}{words}", flush=True)
        if number == 1:
            first = lines
        elif not same:
            differing += 1
            for line in difflib.unified_diff(first, lines, "run 1", f"run {number}", n=0, lineterm=""):
                print(f"    {line}")
    if differing:
        sys.exit(f"under-load: {differing} of {runs} runs differ from the first")
    print(f"under-load: {runs} runs, identical outcomes, findings and claims")


def said(program: str, arguments: list[str]) -> tuple[int, str, list[str]]:
    """The exit code, the numbers, and everything that has to be the same, a line each."""
    with tempfile.TemporaryDirectory(prefix="under-load-") as folder:
        command = [program, "run", "--quiet", "--no-color", "--fuzz", "0", "--report", folder, *arguments]
        code = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False).returncode
        lines = [f"exit {code}"]
        counts: dict[str, int] = {}
        for file in sorted(Path(folder).rglob("report.json")):
            report = json.loads(file.read_text(encoding="utf-8"))
            lines.append(f"standing {report['contract']} {json.dumps(report['standing'])}")
            lines += [f"claim {claim['id']} {claim['standing']} {claim.get('why') or ''}" for claim in report["claims"]]
            for case in report["cases"]:
                counts[case["outcome"]] = counts.get(case["outcome"], 0) + 1
                lines.append(f"case {case['id']} {case['outcome']} {case.get('why') or ''}")
                findings = ({key: finding.get(key) for key in ("check", "claim", "claims", "expected", "observed")}
                            for finding in case["findings"])
                lines += [f"finding {case['id']} {json.dumps(finding)}" for finding in findings]
        summary = ", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items())) or "no report"
        return code, summary, lines


if __name__ == "__main__":
    main()
