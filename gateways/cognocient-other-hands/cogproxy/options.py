"""Command line of the gateway."""
import argparse

from .flawlist import CATALOGUE


def read(argv=None):
    cli = argparse.ArgumentParser(description="A budget-keeping LLM proxy.")
    cli.add_argument("--host", default="127.0.0.1")
    cli.add_argument("--port", type=int, default=8080)
    cli.add_argument("--upstream", default="")
    cli.add_argument("--upstream-key-env", default="UPSTREAM_KEY")
    cli.add_argument("--admin-token-env", default="COG_OPS_TOKEN")
    cli.add_argument("--deadline", type=float, default=60.0, help="seconds the provider may take")
    cli.add_argument("--trial-days", type=float, default=10.0)
    cli.add_argument("--velocity-window", type=float, default=60.0)
    cli.add_argument("--degrade-at", type=float, default=0.8, help="share of a budget")
    cli.add_argument("--run-idle", type=float, default=300.0,
                     help="seconds without a call after which a run is over")
    cli.add_argument("--cache-threshold", type=float, default=0.95)
    cli.add_argument("--cache-ttl", type=float, default=3600.0)
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
