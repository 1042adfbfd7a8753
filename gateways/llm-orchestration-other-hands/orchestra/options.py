"""Command line of the service."""
import argparse
import json
import math
import os

from .flawlist import CATALOGUE


def read(argv=None):
    cli = argparse.ArgumentParser(description="An LLM orchestration service.")
    cli.add_argument("--host", default="127.0.0.1")
    cli.add_argument("--port", type=int, default=8080)
    cli.add_argument("--upstream", default="")
    cli.add_argument("--second-upstream", default="")
    cli.add_argument("--upstream-key-env", default="UPSTREAM_KEY")
    cli.add_argument("--admin-token-env", default="ORCH_ADMIN_TOKEN")
    cli.add_argument("--jwt-secret-env", default="ORCH_JWT_SECRET")
    cli.add_argument("--mint", default=None, metavar="CLAIMS", help="print a token and exit")
    cli.add_argument("--mint-expires", type=float, default=3600.0, metavar="SECONDS",
                     help="seconds from now, may be negative; an exp among the claims goes first")
    cli.add_argument("--deadline", type=float, default=60.0, help="seconds for a whole request")
    cli.add_argument("--rate-window", type=float, default=60.0)
    cli.add_argument("--breaker-failures", type=int, default=5, help="0: no breakers")
    cli.add_argument("--half-open-after", type=float, default=30.0, help="seconds")
    cli.add_argument("--embedding-tokens", type=int, default=8192)
    cli.add_argument("--embedding-batch", type=int, default=100)
    cli.add_argument("--cache-ttl", type=float, default=3600.0)
    cli.add_argument("--max-in-flight", type=int, default=512)
    cli.add_argument("--max-body", type=int, default=10 * 1024 * 1024)
    cli.add_argument("--flaw", default=None)
    cli.add_argument("--list-flaws", action="store_true")
    options = cli.parse_args(argv)
    if not (options.list_flaws or options.mint is not None or options.upstream):
        cli.error("--upstream is needed")
    if options.breaker_failures < 0:
        cli.error("--breaker-failures must not be negative")
    for name in ("half_open_after", "deadline", "rate_window", "mint_expires"):
        value = getattr(options, name)
        if not math.isfinite(value) or (value < 0 and name != "mint_expires"):
            cli.error(f"--{name.replace('_', '-')} is out of range")
    if options.mint is not None:
        try:
            options.mint = json.loads(options.mint)
        except ValueError:
            cli.error("--mint needs claims as JSON")
        if not isinstance(options.mint, dict):
            cli.error("--mint needs a JSON object of claims")
        if not os.environ.get(options.jwt_secret_env):
            cli.error(f"--mint needs the secret in the variable {options.jwt_secret_env}")
    return options


def print_flaws():
    for name, wrong in CATALOGUE.items():
        print(f"{name}\t{wrong}")
