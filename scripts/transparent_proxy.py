"""Fuzzes the ten-line proxy under the contract `openai`, and explains each finding by something that a transparent proxy does
wrong; what nothing here explains is a false positive, and ends with 1."""

import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent

# What a proxy without any code of its own does wrong: the reason, and the findings that it explains.
REASONS = []


def reason(words):
    def keep(fits):
        REASONS.append((words, fits))
        return fits

    return keep


@reason("it knows no method but POST, and says so in the library's markup")
def method(finding):
    return finding["label"].startswith("method(")


@reason("it reads bodies by their length alone, so that one without it ends it")
def chunks(finding):
    return "chunked" in finding["label"]


@reason("where its upstream breaks off, it answers nothing")
def broken(finding):
    return finding["label"].startswith("upstream(") and finding["status"] is None


@reason("it hands on whatever its upstream answers, usable or not")
def handed_on(finding):
    return finding["label"].startswith("upstream(")


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


TARGET = """
target: ten-line-proxy
contract: openai
configurations:
  default: {{ attach: "http://127.0.0.1:{proxy}", limits: {{ upstream: 2s }}, patience: 5s }}
upstream:
  first: {{ listen: "127.0.0.1:{mock}" }}
credentials: {{ valid: any-key }}
models: {{ chat: gpt-4o-mini, embeddings: text-embedding-3-small, unknown: no-such-model }}
"""


def main():
    proxy_port, mock_port = free_port(), free_port()
    proxy = subprocess.Popen(
        [sys.executable, ROOT / "gateways/ten-line-proxy/proxy.py", str(proxy_port), f"http://127.0.0.1:{mock_port}"],
        stderr=subprocess.DEVNULL,
    )
    try:
        time.sleep(1)
        with tempfile.TemporaryDirectory() as folder:
            target = pathlib.Path(folder) / "ten-line-proxy.yaml"
            target.write_text(TARGET.format(proxy=proxy_port, mock=mock_port))
            program = [os.environ.get("GATEWAY_CONFORMANCE", ROOT / "target/release/gateway-conformance"), "fuzz", "--target", target, "--format", "json"]
            said = subprocess.run([*program, *sys.argv[1:]], stdout=subprocess.PIPE, check=False)
    finally:
        proxy.terminate()
        proxy.wait()
    outcome = json.loads(said.stdout)
    explained, unexplained = {}, []
    for finding in outcome["findings"]:
        for words, fits in REASONS:
            if fits(finding):
                explained.setdefault(words, []).append(finding)
                break
        else:
            unexplained.append(finding)
    print(f"{outcome['cases']} cases, {len(outcome['findings'])} findings")
    for words, findings in explained.items():
        labels = sorted({finding["label"] for finding in findings})
        print(f"{len(findings):4} {words}: {', '.join(labels[:8])}{', …' if len(labels) > 8 else ''}")
    for finding in unexplained:
        print(f"unexplained: {finding['operation']} {finding['label']}: {finding['check']}: {finding['observed']} ({finding['seen']})")
    if outcome["stopped"] or outcome["cases"] == 0:
        sys.exit(f"stopped: {outcome['stopped']}")
    sys.exit(1 if unexplained else 0)


main()
