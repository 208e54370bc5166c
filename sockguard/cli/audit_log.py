"""What all verbs of `sockguard audit` need: the folder, the filter, the index.

Must never write to a terminal what a client could have chosen as it is.
"""

from __future__ import annotations

import json
import os
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sockguard.audit.folder import default_audit_dir
from sockguard.audit.text import may_colour
from sockguard.cli.say import UsageError
from sockguard.proxy.own_log import note
from sockguard.review.filters import Filter, FilterError, parse_filter
from sockguard.review.find_store import Finder
from sockguard.review.index_store import opened_index

if TYPE_CHECKING:
    import argparse
    import sqlite3
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from sockguard.review.log_store import Log


def folder_of(arguments: argparse.Namespace) -> Path:
    """Return the audit folder that is meant."""
    folder: Path = arguments.dir or default_audit_dir(os.environ, os.geteuid())
    return folder


def filter_of(arguments: argparse.Namespace) -> Filter:
    """Read the filter and the flags that are short forms of it. UsageError: it cannot be."""
    words = list(arguments.filter)
    if getattr(arguments, "since", None):
        words.append(f'since:"{arguments.since}"')
    if getattr(arguments, "denied", False):
        words.append("refused:yes")
    try:
        wanted = parse_filter(" ".join(words), time.time())
    except FilterError as error:
        raise UsageError(str(error)) from error
    client = getattr(arguments, "client", None)
    return wanted if client is None else wanted.having("client", client)


@contextmanager
def opened(arguments: argparse.Namespace) -> Iterator[tuple[Finder, sqlite3.Connection, Log]]:
    """Open the log with its index. AuditError: it cannot be read."""
    with opened_index(folder_of(arguments), os.environ, note) as (database, log):
        yield Finder(database, log), database, log


def as_json(event: Mapping[str, object]) -> str:
    """Write an event as one line, as the log does."""
    return json.dumps(event, separators=(",", ":"))


def colour() -> bool:
    """Tell whether output may be coloured."""
    return may_colour(os.environ, terminal=sys.stdout.isatty())
