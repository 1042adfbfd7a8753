"""Runs the harness against the gateway by other hands, sound and with each of its flaws, and says what was found."""

import concurrent.futures
import json
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "specs/targets/other-hands-cogito.yaml"

# The claims of which one has to be found violated. A flaw may break more: what is wrong about a finding is no finding.
CLAIMS = {
    "same-millisecond-ids": {"COG-02"},
    "fractional-wait": {"COG-17"},
    "late-billing-check": {"COG-12"},
    "zero-is-credit": {"COG-08"},
    "long-errors-verbatim": {"COG-01"},
    "patient-with-drips": {"COG-19"},
    "polite-goodbye": {"COG-19"},
    "embeddings-lane-code": {"COG-05"},
    "overload-type": {"COG-03"},
    "stream-drops-wait": {"COG-17"},
    "seventh-id": {"COG-02"},
}

# These break what the page implies and does not say: they make a gateway nonconforming at that level.
SHOULD = {"patient-with-drips"}

# One has two cores at least; a run waits more than it computes, but its deadlines are short.
AT_ONCE = 2


@dataclass
class Found:
    """What a run ended with."""

    flaw: str
    exit: int
    standing: str
    claims: dict[str, list[str]]
    weak: set[str]
    seconds: float
    output: str


def main() -> None:
    program, *wanted = sys.argv[1:]
    unknown = [flaw for flaw in wanted if flaw not in CLAIMS]
    if unknown:
        sys.exit(f"other-hands: no such flaw: {', '.join(unknown)}")
    flaws = wanted or ["", *sorted(offered())]
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        found = list(pool.map(lambda flaw: run(program, flaw), flaws))
    problems = [problem for one in found if (problem := wrong(one))]
    print(f"\n{'gateway':<24} {'exit':>4}  {'standing':<14} {'time':>6}  found")
    for one in found:
        print(f"{one.flaw or 'sound':<24} {one.exit:>4}  {one.standing:<14} {one.seconds:>5.1f}s  {summary(one)}")
    if problems:
        sys.exit("\n" + "\n".join(problems))
    flawed = sum(1 for one in found if one.flaw)
    print(f"\nother-hands: the sound gateway conforms and {flawed} of {flawed} flaws were found" if not wanted
          else f"\nother-hands: {flawed} of {flawed} flaws were found")


def offered() -> set[str]:
    """The flaws that the gateway has; each needs a claim above."""
    sys.path.insert(0, str(ROOT / "gateways/cogito-other-hands"))
    from cogito.flaws import FLAWS

    if set(FLAWS) != set(CLAIMS):
        sys.exit(f"other-hands: no claim is written for {sorted(set(FLAWS) ^ set(CLAIMS))}")
    return set(FLAWS)


def run(program: str, flaw: str) -> Found:
    with tempfile.TemporaryDirectory(prefix="other-hands-") as folder:
        target = Path(folder) / "target.yaml"
        text = TARGET.read_text(encoding="utf-8")
        if flaw:
            text, count = re.subn(r'(--deadline, "[0-9.]+")', rf'\1, --flaw, "{flaw}"', text)
            assert count, "the target's launch has changed"
        target.write_text(text, encoding="utf-8")
        report = Path(folder) / "report"
        command = [program, "run", "--quiet", "--no-color", "--target", str(target), "--report", str(report)]
        if flaw in SHOULD:
            command += ["--level", "should"]
        begun = time.monotonic()
        ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=170, check=False)
        seconds = time.monotonic() - begun
        output = ended.stdout + ended.stderr
        try:
            written = json.loads((report / "report.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return Found(flaw, ended.returncode, "no report", {}, set(), seconds, output)
    claims: dict[str, list[str]] = {}
    weak: set[str] = set()
    for case in written["cases"]:
        for finding in case["findings"]:
            cited = finding.get("claims") or [finding.get("claim")]
            if finding["level"] == "must":
                for claim in cited:
                    claims.setdefault(claim, []).append(finding["check"])
            else:
                weak.update(cited)
    standing = written["standing"]
    return Found(flaw, ended.returncode, standing if isinstance(standing, str) else str(standing), claims, weak, seconds, output)


def wrong(found: Found) -> str | None:
    wanted = CLAIMS.get(found.flaw)
    if wanted is None:
        fine, wanted_words = found.exit == 0, "exit 0"
    else:
        seen = set(found.claims) | (found.weak if found.flaw in SHOULD else set())
        fine = found.exit == 1 and bool(wanted & seen)
        wanted_words = f"exit 1 and a finding of {' or '.join(sorted(wanted))}"
    if fine:
        return None
    tail = "\n".join(found.output.splitlines()[-60:])
    return f"other-hands: {found.flaw or 'the sound gateway'}: wanted {wanted_words}, got exit {found.exit}\n{tail}"


def summary(found: Found) -> str:
    parts = [f"{claim}: {', '.join(dict.fromkeys(checks))}" for claim, checks in sorted(found.claims.items())]
    parts += [f"({claim}, should)" for claim in sorted(found.weak - set(found.claims))]
    return "; ".join(parts)


if __name__ == "__main__":
    main()
