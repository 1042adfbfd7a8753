"""Command line of the gateway."""
import argparse

from .flawlist import CATALOGUE


def read(argv=None):
    cli = argparse.ArgumentParser(description="A prepaid gateway with two protocols.")
    cli.add_argument("--host", default="127.0.0.1")
    cli.add_argument("--port", type=int, default=8080)
    cli.add_argument("--upstream", default="")
    cli.add_argument("--upstream-key-env", default="UPSTREAM_KEY")
    cli.add_argument("--control-token-env", default="CHUIZI_CONTROL_TOKEN")
    cli.add_argument("--deadline", type=float, default=120.0, help="seconds the upstream may take")
    cli.add_argument("--rpm", type=int, default=60, help="default requests a minute for a key")
    cli.add_argument("--rate-window", type=float, default=60.0, help="length of that minute")
    cli.add_argument("--max-in-flight", type=int, default=256)
    cli.add_argument("--max-body", type=int, default=10 * 1024 * 1024)
    cli.add_argument("--flaw", default=None)
    cli.add_argument("--list-flaws", action="store_true")
    options = cli.parse_args(argv)
    if not options.list_flaws and not options.upstream:
        cli.error("--upstream is needed")
    return options


def print_flaws():
    for name, wrong in CATALOGUE.items():
        print(f"{name}\t{wrong}")
