"""Runs `sockguard audit` alone, as its own process or in the process of a test.

Arguments: those behind `audit`.
"""

from __future__ import annotations

import argparse
import sys

from sockguard.cli.audit import register


def run(*words: str) -> int:
    parser = argparse.ArgumentParser(prog="sockguard")
    register(parser.add_subparsers(required=True))
    arguments = parser.parse_args(["audit", *words])
    code = arguments.run(arguments)
    assert isinstance(code, int)
    return code


if __name__ == "__main__":
    sys.exit(run(*sys.argv[1:]))
