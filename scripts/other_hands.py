"""Runs the harness against the gateways by other hands, sound and with each of their flaws, and says what was found, and by which case."""

import argparse
import concurrent.futures
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# What a flaw breaks: claims of which one has to be found violated. A flaw may break more: what is wrong about a finding is no
# finding. `key` is the rule that no key of the upstream ever shows. `implied` breaks what the page implies and does not say,
# which makes a gateway nonconforming at that level; of what `silent` breaks the page says nothing, so nothing may be found.
KNOWN = json.loads((ROOT / "scripts/other_hands.json").read_text(encoding="utf-8"))

# One has two cores at least; a run waits more than it computes, but its deadlines are short.
AT_ONCE = 2
PATIENCE = 900


@dataclass
class Found:
    """What a run ended with."""

    contract: str
    flaw: str
    exit: int
    standing: str
    seconds: float
    output: str
    # The findings of level must by the claim that they break, and those of claims that only a should breaks.
    must: dict[str, list[dict]] = field(default_factory=dict)
    should: dict[str, list[dict]] = field(default_factory=dict)


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/other-hands", description=__doc__)
    parser.add_argument("program", help="the binary")
    parser.add_argument("--sound", action="store_true", help="only the gateways without a flaw")
    parser.add_argument("--whole", action="store_true", help="every case against every flaw, not only those that ask for its claims")
    parser.add_argument("wanted", nargs="*", default=[], metavar="CONTRACT[:FLAW]", help="only these; all where nothing is said")
    options = parser.parse_intermixed_args()
    asked = list(chosen(options.wanted, options.sound))
    # What has to conform is not disturbed by a neighbour.
    with concurrent.futures.ThreadPoolExecutor(1 if options.sound else AT_ONCE) as pool:
        found = list(pool.map(lambda one: met(options.program, *one, options.whole), asked))
    problems = [problem for one in found if (problem := wrong(one))]
    print(f"\n{'gateway':<20} {'flaw':<24} {'exit':>4} {'time':>7}  found")
    for one in found:
        print(f"{one.contract:<20} {one.flaw or '-':<24} {one.exit:>4} {one.seconds:>6.1f}s  {summary(one)}")
    if problems:
        sys.exit("\n" + "\n".join(problems))
    silent = [one for one in found if one.flaw in KNOWN[one.contract]["silent"]]
    sound = [one for one in found if not one.flaw]
    print(f"\nother-hands: {len(sound)} sound gateways conform; {len(found) - len(sound) - len(silent)} flaws were found, each by a check of a "
          f"claim that it breaks; {len(silent)} of which their pages say nothing were not")


def chosen(wanted: list[str], sound: bool):
    for contract in KNOWN:
        offered(contract)
    for word in wanted or KNOWN:
        contract, _, flaw = word.partition(":")
        if contract not in KNOWN:
            sys.exit(f"other-hands: no such gateway: {contract} (there are {', '.join(KNOWN)})")
        flaws = sorted(KNOWN[contract]["flaws"]) + sorted(KNOWN[contract]["silent"])
        if flaw and flaw not in flaws:
            sys.exit(f"other-hands: {contract} has no such flaw: {flaw}")
        yield from ((contract, one) for one in ([flaw] if flaw else [""] if sound else ["", *flaws]))


def offered(contract: str) -> None:
    """Each flaw that a gateway has needs an entry, and no other is there."""
    gateway = ROOT / f"gateways/{contract}-other-hands"
    listed = subprocess.run([sys.executable, "gateway.py", "--list-flaws"], cwd=gateway, capture_output=True, text=True, check=True)
    flaws = {line.split("\t")[0] for line in listed.stdout.splitlines() if line}
    known = set(KNOWN[contract]["flaws"]) | set(KNOWN[contract]["silent"])
    if flaws != known:
        sys.exit(f"other-hands: {contract}: nothing is written for {sorted(flaws ^ known)}")


def met(program: str, contract: str, flaw: str, whole: bool) -> Found:
    """The cases that ask for what the flaw breaks; all of them where it is not found by these, or breaks nothing that is asked for."""
    claims = set(KNOWN[contract]["flaws"].get(flaw, []))
    with tempfile.TemporaryDirectory(prefix="other-hands-") as folder:
        target = Path(folder) / "target.yaml"
        text = (ROOT / f"specs/targets/other-hands-{contract}.yaml").read_text(encoding="utf-8")
        if flaw:
            assert "--port, $(port)" in text, "the target's launch has changed"
            text = text.replace("--port, $(port)", f"--flaw, {flaw}, --port, $(port)")
        # What it names beside itself stays where it is.
        target.write_text(text.replace("../../gateways/", f"{ROOT}/gateways/"), encoding="utf-8")
        its = [] if whole else asking(program, target, claims)
        found = run(program, contract, flaw, target, its)
        return run(program, contract, flaw, target, []) if its and wrong(found) else found


def asking(program: str, target: Path, claims: set[str]) -> list[str]:
    listed = subprocess.run([program, "list", "--target", str(target), "--format", "json"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [case["id"] for case in json.loads(listed.stdout) if claims & set(case["claims"])]


def run(program: str, contract: str, flaw: str, target: Path, cases: list[str]) -> Found:
    report = target.parent / f"report-{len(cases)}"
    command = [program, "run", "--quiet", "--no-color", "--target", str(target), "--fuzz", "0", "--report", str(report)]
    if flaw in KNOWN[contract]["implied"]:
        command += ["--level", "should"]
    command += [word for case in cases for word in ("--case", case)]
    begun = time.monotonic()
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False)
    found = Found(contract, flaw, ended.returncode, "no report", time.monotonic() - begun, ended.stdout + ended.stderr)
    try:
        written = json.loads((report / "report.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return found
    found.standing = str(written["standing"])
    for case in written["cases"]:
        for finding in case["findings"]:
            side = found.must if finding["level"] == "must" else found.should
            for claim in finding.get("claims") or [finding.get("claim") or "key"]:
                side.setdefault(claim, []).append({"case": case["id"], "check": finding["check"]})
    return found


def seen(found: Found) -> dict[str, list[dict]]:
    """The findings that count."""
    implied = found.flaw in KNOWN[found.contract]["implied"]
    return {**found.should, **found.must} if implied else found.must


def wrong(found: Found) -> str | None:
    known = KNOWN[found.contract]
    wanted = set(known["flaws"].get(found.flaw, []))
    if wanted:
        fine, words = found.exit == 1 and bool(wanted & set(seen(found))), f"exit 1 and a finding of {' or '.join(sorted(wanted))}"
    else:
        fine, words = found.exit == 0, "exit 0"
    if fine:
        return None
    return f"other-hands: {found.contract} {found.flaw or 'sound'}: wanted {words}, got exit {found.exit}\n{findings(found.output)}"


def findings(output: str) -> str:
    """What the run found, and what it came to: behind the claims, before what is only advised."""
    lines = output.splitlines()
    begins = [at for at, line in enumerate(lines) if line.startswith("Findings")]
    ends = [at for at, line in enumerate(lines) if line.startswith(("Advice", "Readings in force", "Summary"))]
    first = min(begins, default=max(len(lines) - 60, 0))
    last = min((at for at in ends if at > first), default=len(lines))
    return "\n".join(lines[first:last] + lines[-5:])


def summary(found: Found) -> str:
    """The claim, how many cases show it, the first of them, and by which checks."""
    known = KNOWN[found.contract]
    parts = []
    for claim in known["flaws"].get(found.flaw) or sorted(found.must):
        findings = seen(found).get(claim, [])
        if findings:
            cases = list(dict.fromkeys(one["case"] for one in findings))
            first = min(cases, key=lambda case: ("::sweep::" in case, cases.index(case)))
            checks = dict.fromkeys(one["check"] for one in findings if one["case"] == first)
            more = f" and {len(cases) - 1} more" if cases[1:] else ""
            level = "" if found.must.get(claim) else " (should)"
            parts.append(f"{claim}{level}: {first}{more} by {', '.join(checks)}")
    silent = known["silent"].get(found.flaw)
    return "; ".join(parts) or found.standing + (f": {silent}" if silent else "")


if __name__ == "__main__":
    main()
