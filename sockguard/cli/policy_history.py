"""The past requests that `policy learn` and `policy compare` go by.

Must never count a request that is not in the log, nor keep each of many alike.
"""

from __future__ import annotations

import os
import time
from argparse import ArgumentTypeError
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from sockguard.audit.folder import default_audit_dir
from sockguard.audit.read_store import UNREADABLE, events
from sockguard.history.past import read_past
from sockguard.proxy.own_log import note
from sockguard.review.times import moment

if TYPE_CHECKING:
    import argparse

    from sockguard.history.past import Past


@dataclass(slots=True)
class History:
    """Past requests, each with how often it was made and an event that tells of it."""

    counts: Counter[Past] = field(default_factory=Counter)
    examples: dict[Past, str] = field(default_factory=dict)
    first: str = ""
    last: str = ""
    unreadable: int = 0


def add_history(parser: argparse.ArgumentParser, *, since: str) -> None:
    """Add the flags that say which part of which log is meant."""
    parser.add_argument("--since", type=_moment, metavar="TIME", help=since)
    parser.add_argument(
        "--until", type=_moment, metavar="TIME", help="only what was asked before [now]"
    )
    parser.add_argument(
        "--dir", type=Path, metavar="DIR", help="the audit folder [SOCKGUARD_AUDIT_DIR]"
    )


def read_history(arguments: argparse.Namespace, client: str | None = None) -> History:
    """Read the requests of the time that is meant. AuditError: the log cannot be read."""
    folder = arguments.dir or default_audit_dir(os.environ, os.geteuid())
    history = History()
    since, until = arguments.since or "", arguments.until or "~"
    for event in events(folder, containing=b'"kind":"decision"'):
        history.unreadable += event.get("kind") == UNREADABLE
        at = str(event.get("time", ""))
        past = read_past(event) if since <= at < until else None
        if past is None or client not in {None, past.client}:
            continue
        history.counts[past] += 1
        history.examples.setdefault(past, str(event.get("id", "")))
        history.first, history.last = history.first or at, at
    if history.unreadable:
        note(f"{history.unreadable} places of the log cannot be read: sockguard audit verify")
    return history


def _moment(text: str) -> str:
    try:
        return moment(text, time.time())
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from None
