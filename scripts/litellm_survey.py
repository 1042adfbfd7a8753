"""Surveys LiteLLM's proxy twice, compares the tables, and holds a third survey against the bytes on either side of the proxy."""

import argparse
import json
import os
import re
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = "specs/targets/litellm.yaml"
# One process serves its clients one by one while it works on a huge answer, so that each row needs one to itself.
APART = ["--apart", "--instances", "8"]
# Families that a listener in between does not change, and that are soon over.
LISTENED = ["not_json", "wrong_shape", "truncated", "malformed", "stream_cut", "stream_error", "stream_unfinished",
            "stream_unmarked", "stream_malformed"]
KEY = "sk-upstream-of-the-survey"
ATTACHED = """
target: litellm-listened-to
contract: openai
configurations:
  default: {{ attach: "{gateway}", providers: [first], limits: {{ upstream: 2s }} }}
credentials: {{ valid: sk-litellm-master }}
models: {{ chat: gpt-4o-mini, embeddings: text-embedding-3-small, unknown: no-such-model }}
upstream: {{ first: {{ listen: "127.0.0.1:{mock}", key: {key} }} }}
"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/litellm-survey", description=__doc__)
    parser.add_argument("program", help="the binary")
    parser.add_argument("--keep", type=Path, help="keep the surveys in this folder")
    options, own = parser.parse_known_args()
    os.chdir(ROOT)
    with tempfile.TemporaryDirectory(prefix="litellm-survey-") as scratch:
        folder = options.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        files = [folder / "first.json", folder / "second.json"]
        tables = [survey(options.program, ["--target", TARGET, "--output", str(file), *APART, *own]) for file in files]
        print(tables[0], flush=True)
        different = compare(options.program, tables, files)
        disagreeing = listened(options.program, folder)
    if different or disagreeing:
        sys.exit("litellm-survey: " + " and ".join(filter(None, [different, disagreeing])))
    print("litellm-survey: both surveys gave the same table, and the bytes on either side of the proxy say what the rows say")


def survey(program: str, arguments: list[str]) -> str:
    begun = time.monotonic()
    ended = subprocess.run([program, "survey", "--quiet", "--no-color", *arguments], capture_output=True, text=True, check=False)
    print(f"survey took {time.monotonic() - begun:.0f} s, exit {ended.returncode}", flush=True)
    if ended.returncode != 0:
        sys.exit(f"{ended.stdout}{ended.stderr}litellm-survey: the survey was not whole")
    return ended.stdout


def compare(program: str, tables: list[str], files: list[Path]) -> str:
    print(subprocess.run([program, "survey", "--compare", *map(str, files)], capture_output=True, text=True, check=True).stdout, flush=True)
    return "" if tables[0] == tables[1] else "the two tables differ"


class Listener:
    """Passes the bytes of every connection on, both ways, and keeps them with how the far side ended."""

    def __init__(self, to: int):
        self.to = to
        self.connections: list[dict] = []
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self) -> None:
        while True:
            near, _ = self.socket.accept()
            threading.Thread(target=self.serve, args=(near,), daemon=True).start()

    def serve(self, near: socket.socket) -> None:
        seen = {"asked": bytearray(), "answered": bytearray(), "reset": False}
        self.connections.append(seen)
        try:
            far = socket.create_connection(("127.0.0.1", self.to))
        except OSError:
            near.close()
            return
        back = threading.Thread(target=self.copy, args=(far, near, seen["answered"], seen), daemon=True)
        back.start()
        self.copy(near, far, seen["asked"], {})
        back.join()
        near.close()
        far.close()

    @staticmethod
    def copy(source: socket.socket, sink: socket.socket, kept: bytearray, seen: dict) -> None:
        try:
            while data := source.recv(65536):
                kept.extend(data)
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            seen["reset"] = True
            # What was reset on one side is reset on the other.
            for end in (source, sink):
                try:
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass


def listened(program: str, folder: Path) -> str:
    """Surveys a proxy between two listeners; what does not agree, in words."""
    mock, port = free_port(), free_port()
    upstream = Listener(mock)
    gateway = Listener(port)
    environment = {**os.environ, "LITELLM_UPSTREAM_KEY": KEY}
    proxy = subprocess.Popen(["scripts/litellm", "serve", "--port", str(port), "--upstream", f"http://127.0.0.1:{upstream.port}",
                              "--upstream-key-env", "LITELLM_UPSTREAM_KEY", "--timeout", "2"], env=environment,
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        ready(port, proxy)
        target, file = folder / "listened.yaml", folder / "listened.json"
        target.write_text(ATTACHED.format(gateway=f"http://127.0.0.1:{gateway.port}", mock=mock, key=KEY), encoding="utf-8")
        families = [word for family in LISTENED for word in ("--family", family)]
        survey(program, ["--target", str(target), "--output", str(file), "--deadline", "20", *families])
    finally:
        end(proxy)
    rows = json.loads(file.read_text(encoding="utf-8"))["rows"]
    wrong = [told for row in rows if (told := disagreement(row, upstream, gateway))]
    print(f"{len(rows) - len(wrong)} of {len(rows)} rows agree with the bytes on either side of the proxy")
    print("".join(f"  {told}\n" for told in wrong), end="", flush=True)
    return f"{len(wrong)} rows disagree with the bytes" if wrong else ""


def disagreement(row: dict, upstream: Listener, gateway: Listener) -> str:
    marker = row["marker"].encode()
    arrived = sum(seen["asked"].count(marker) for seen in upstream.connections)
    answers = [seen for seen in gateway.connections if marker in seen["asked"]]
    ended = ending(answers[-1], row["lane"] == "stream") if answers else "no connection"
    if (arrived, ended) == (row["attempts"], row["ending"]):
        return ""
    return f"{row['fault']} {row['lane']}: {row['attempts']} attempts and {row['ending']}, but {arrived} and {ended} in the bytes"


def ending(seen: dict, asked_for_stream: bool) -> str:
    """How an answer ended, from its bytes alone."""
    head, _, body = bytes(seen["answered"]).partition(b"\r\n\r\n")
    length = re.search(rb"\r\ncontent-length: *(\d+)", head.lower())
    whole = len(body) == int(length[1]) if length else body.endswith(b"0\r\n\r\n")
    if not head:
        return "open" if not seen["reset"] else "none"
    stream = asked_for_stream and re.search(rb"\r\ncontent-type: *text/event-stream", head.lower())
    if not whole and not seen["reset"] and b"[DONE]" not in body:
        return "open"
    if stream and re.search(rb"data: *\{\"error\"", body):
        return "error_event"
    if not whole:
        return "reset" if seen["reset"] else "cut"
    return "complete" if not stream or b"data: [DONE]" in body else "unmarked"


def ready(port: int, proxy: subprocess.Popen) -> None:
    until = time.monotonic() + 90
    while proxy.poll() is None and time.monotonic() < until:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health/liveliness", timeout=5).close()
            return
        except OSError:
            time.sleep(0.2)
    sys.exit("litellm-survey: the proxy did not come up")


def end(proxy: subprocess.Popen) -> None:
    proxy.terminate()
    try:
        proxy.wait(timeout=5)
    except subprocess.TimeoutExpired:
        # It waits for a request that it never answers.
        proxy.kill()
        proxy.wait()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


if __name__ == "__main__":
    main()
