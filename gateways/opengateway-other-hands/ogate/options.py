"""Command line of the gateway."""
import argparse

from .flawlist import CATALOGUE


def read(argv=None):
    cli = argparse.ArgumentParser(description="A gateway with lanes, policies and failover.")
    cli.add_argument("--host", default="127.0.0.1")
    cli.add_argument("--port", type=int, default=8080)
    cli.add_argument("--upstream", default="")
    cli.add_argument("--second-upstream", default="")
    cli.add_argument("--upstream-key-env", default="UPSTREAM_KEY")
    cli.add_argument("--backstage-token-env", default="OPENGATEWAY_BACKSTAGE")
    cli.add_argument("--deadline", type=float, default=60.0,
                     help="seconds a provider may take, for each try")
    cli.add_argument("--tries", type=int, default=3, help="how often a call is sent at most")
    cli.add_argument("--backoff", type=float, default=0.2, help="seconds before the second try")
    cli.add_argument("--rate-window", type=float, default=60.0)
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
