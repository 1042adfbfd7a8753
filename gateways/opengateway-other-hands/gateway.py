#!/usr/bin/env python3
"""Starts the gateway; see README.md."""
import asyncio
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "other-hands-wire"))

from ogate import app, options


def main():
    chosen = options.read()
    if chosen.list_flaws:
        options.print_flaws()
        return
    try:
        asyncio.run(app.run(chosen))
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
