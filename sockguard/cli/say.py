"""The one way from a command to its reader: lines of text on standard output and error.

Must never pass on a character that a terminal would act on.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from sockguard.audit.text import printable
from sockguard.errors import SockguardError
from sockguard.policy.complaints import PolicyError
from sockguard.proxy.own_log import note, put_error

if TYPE_CHECKING:
    from collections.abc import Iterable


class UsageError(SockguardError):
    """Words on the command line that each parse and together ask for nothing: exit code 2."""


def say(lines: Iterable[str]) -> None:
    """Print each as one line, whatever it holds."""
    for line in lines:
        put(printable(line))


def put(text: str) -> None:
    """Print what is printable already."""
    print(encodable(text))


def encodable(text: str) -> str:
    """Spell out what the encoding of standard output does not have."""
    encoding = sys.stdout.encoding
    return text.encode(encoding, "backslashreplace").decode(encoding)


def tell(error: SockguardError) -> None:
    """Print an error on standard error: a line for each complaint, or for each of its own lines."""
    complaints = error.complaints if isinstance(error, PolicyError) else str(error).split("\n")
    first, *others = map(str, complaints)
    note(first)
    for line in others:
        put_error(printable(line))


def show(text: str) -> None:
    """Print a text of several lines on standard error, in one piece and without our name."""
    put_error("\n".join(printable(line) for line in text.splitlines()))
