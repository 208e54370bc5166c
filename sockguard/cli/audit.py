"""`sockguard audit`: the audit folder in words; `audit_verify` has the verb that doubts it.

Must never write to the folder, and never to a terminal what a client could have chosen as it is.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import select
import sys
import time
from collections import deque
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sockguard.audit.event import format_time
from sockguard.audit.folder import default_audit_dir
from sockguard.audit.read_store import events, find, follow
from sockguard.audit.sink import AuditError
from sockguard.audit.text import line_of, may_colour, page_of
from sockguard.cli import audit_verify
from sockguard.cli.say import put

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Event = Mapping[str, object]
    Verb = Callable[[argparse.Namespace], int]

_GOOD = 0
_POLL_MS = 250
_REFUSED = ("deny", "would_deny")
_REFUSED_KINDS = ("refusals_counted", "connection_refused")
_AGO = re.compile(r"([0-9]{1,6})([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command `audit` with its verbs; each sets `run`."""
    audit = commands.add_parser("audit", help="what was asked, decided and done")
    verbs = audit.add_subparsers(metavar="VERB", required=True)

    query = verbs.add_parser("query", help="list events, oldest first")
    query.add_argument("--follow", action="store_true", help="go on with new events as they come")
    query.add_argument("--denied", action="store_true", help="only what was (or would be) refused")
    query.add_argument("--client", metavar="C", help="only events of this client")
    query.add_argument(
        "--since",
        type=_since,
        metavar="TIME",
        help="only from then on: 15m, 3h or 2d ago, or a time as in 2026-03-01T09:30 (UTC)",
    )
    query.add_argument("--limit", type=_number, metavar="N", help="only the last N")
    _add_reading(query, _query)

    show = verbs.add_parser("show", help="all that is known of one event")
    show.add_argument("id", metavar="ID", help="an event id, or as much of it as is unique")
    _add_reading(show, _show)

    audit_verify.register(verbs)


def _add_reading(parser: argparse.ArgumentParser, verb: Verb) -> None:
    parser.add_argument(
        "--dir", type=Path, metavar="DIR", help="the audit folder [SOCKGUARD_AUDIT_DIR]"
    )
    parser.add_argument("--json", action="store_true", help="events as JSON lines")
    parser.set_defaults(run=verb)


def _since(text: str) -> str:
    """Read a time, or how long ago it was, as the text that events of then have."""
    ago = _AGO.fullmatch(text)
    if ago:
        return format_time(max(0.0, time.time() - int(ago[1]) * _SECONDS[ago[2]]))
    try:
        moment = datetime.fromisoformat(text)
        seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no time: write 15m, 3h or 2d, or one as in 2026-03-01T09:30"
        ) from None
    return format_time(max(0.0, seconds))


def _number(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 on")
    return int(text)


class _Tail:
    """Holds all but the last events back until those that there were have been read."""

    def __init__(self, most: int | None, show: Callable[[Event], None]) -> None:
        self._held: deque[Event] | None = None if most is None else deque(maxlen=most)
        self._show = show

    def add(self, event: Event) -> None:
        """Show an event, or hold it until it is known to be one of the last."""
        if self._held is None:
            self._show(event)
        else:
            self._held.append(event)

    def release(self) -> None:
        """Show what is held; from now on each event is shown at once."""
        held, self._held = self._held or (), None
        for event in held:
            self._show(event)


def _query(arguments: argparse.Namespace) -> int:
    folder, colour = _folder(arguments), _colour()
    tail = _Tail(
        arguments.limit,
        lambda event: put(_json(event) if arguments.json else line_of(event, colour=colour)),
    )

    def wait() -> bool:
        tail.release()
        return _wait()

    for event in follow(folder, wait) if arguments.follow else events(folder):
        if _matches(event, arguments):
            tail.add(event)
    tail.release()
    return _GOOD


def _show(arguments: argparse.Namespace) -> int:
    folder = _folder(arguments)
    found = find(folder, arguments.id)
    if not found:
        raise AuditError(f"no event {arguments.id} in {folder}")
    put("\n".join(map(_json, found)) if arguments.json else page_of(found, colour=_colour()))
    return _GOOD


def _folder(arguments: argparse.Namespace) -> Path:
    return arguments.dir or default_audit_dir(os.environ, os.geteuid())


def _matches(event: Event, arguments: argparse.Namespace) -> bool:
    if arguments.client is not None and event.get("client") != arguments.client:
        return False
    # Fixed in width, times sort as text; what is unreadable has none and is never passed over.
    when = str(event.get("time") or "")
    if arguments.since and when and when < arguments.since:
        return False
    return not arguments.denied or _is_refusal(event)


def _is_refusal(event: Event) -> bool:
    return event.get("decision") in _REFUSED or event.get("kind") in _REFUSED_KINDS


def _json(event: Event) -> str:
    return json.dumps(event, separators=(",", ":"))


def _colour() -> bool:
    return may_colour(os.environ, terminal=sys.stdout.isatty())


def _wait() -> bool:
    """Show what there is and wait a moment; False when nobody reads the output any more."""
    sys.stdout.flush()
    poll = select.poll()
    poll.register(sys.stdout.fileno(), 0)
    return not any(event & select.POLLERR for _, event in poll.poll(_POLL_MS))
