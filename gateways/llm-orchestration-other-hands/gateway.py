#!/usr/bin/env python3
"""Starts the service, or makes a token for it; see README.md."""
import asyncio
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "other-hands-wire"))

from orchestra import app, options, tokens


def main():
    chosen = options.read()
    if chosen.list_flaws:
        options.print_flaws()
        return
    if chosen.mint is not None:
        claims = {"sub": "someone", "tenant": "acme", "roles": ["user"], "tier": "pro",
                  "exp": int(time.time() + chosen.mint_expires), **chosen.mint}
        print(tokens.sign(claims, os.environ[chosen.jwt_secret_env].encode()))
        return
    try:
        asyncio.run(app.run(chosen))
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
