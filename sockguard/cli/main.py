"""The `sockguard` command: verbs in, exit code out.

Must never do a verb's work itself.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING

from sockguard import __version__
from sockguard.cli.say import UsageError, tell
from sockguard.errors import SockguardError
from sockguard.settings import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_INTERRUPTED = 130
_FINDING = 1
_USAGE = 2
VERBS = ("serve", "health", "doctor", "policy", "audit", "certs", "completion")
"""Each is a module of this package; `register` adds it."""

_OF_ALL = "completion"


def build_parser(verbs: Sequence[str] = VERBS) -> argparse.ArgumentParser:
    """Return the parser with every verb, or with some."""
    parser = argparse.ArgumentParser(
        prog="sockguard",
        description="A firewall for the Docker Engine's socket.",
        epilog="Exit codes: 0 good, 1 finding or error, 2 usage, 3 refused, 130 interrupted.",
    )
    parser.add_argument("--version", action="version", version=f"sockguard {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for verb in verbs:
        import_module(f"sockguard.cli.{verb}").register(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code: 0 good, 1 finding, 2 usage, 3 refused, 130 stopped."""
    words = sys.argv[1:] if arguments is None else arguments
    with _nothing_collected():
        parser = build_parser(_verbs_for(words))
    parsed = parser.parse_args(words)
    try:
        code: int = parsed.run(parsed)
        sys.stdout.flush()
    except (SettingsError, UsageError) as error:
        tell(error)
        return _USAGE
    except SockguardError as error:
        tell(error)
        return _FINDING
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        # The reader has gone (`| head`): nobody is left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """Load modules without looking for garbage among them: that took a seventh of the start."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _verbs_for(words: Sequence[str]) -> Sequence[str]:
    """Return the one verb that is asked for, else all.

    A server that loads those that it has no use for takes 6 MB more and starts 0.1 s later.
    """
    named = words[0] if words else ""
    return (named,) if named in VERBS and named != _OF_ALL else VERBS
