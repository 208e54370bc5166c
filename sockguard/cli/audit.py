"""`sockguard audit query` and `audit show`: the audit folder in words.

Must never write to the folder, and never to a terminal what a client could have chosen as it is.
"""

from __future__ import annotations

import json
import os
import select
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sockguard.audit.folder import default_audit_dir
from sockguard.audit.read_store import events, find, follow
from sockguard.audit.sink import AuditError
from sockguard.audit.text import line_of, may_colour, page_of
from sockguard.cli.say import put

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Mapping

    Event = Mapping[str, object]
    Verb = Callable[[argparse.Namespace], int]

_GOOD = 0
_POLL_MS = 250
_REFUSED = ("deny", "would_deny")
_REFUSED_KINDS = ("refusals_counted", "connection_refused")


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command `audit` with its verbs; each sets `run`."""
    audit = commands.add_parser("audit", help="what was asked, decided and done")
    verbs = audit.add_subparsers(metavar="VERB", required=True)

    query = verbs.add_parser("query", help="list events, oldest first")
    query.add_argument("--follow", action="store_true", help="go on with new events as they come")
    query.add_argument("--denied", action="store_true", help="only what was (or would be) refused")
    query.add_argument("--client", metavar="C", help="only events of this client")
    _add_reading(query, _query)

    show = verbs.add_parser("show", help="all that is known of one event")
    show.add_argument("id", metavar="ID", help="an event id, or as much of it as is unique")
    _add_reading(show, _show)


def _add_reading(parser: argparse.ArgumentParser, verb: Verb) -> None:
    parser.add_argument(
        "--dir", type=Path, metavar="DIR", help="the audit folder [SOCKGUARD_AUDIT_DIR]"
    )
    parser.add_argument("--json", action="store_true", help="events as JSON lines")
    parser.set_defaults(run=verb)


def _query(arguments: argparse.Namespace) -> int:
    folder = _folder(arguments)
    for event in follow(folder, _wait) if arguments.follow else events(folder):
        if _matches(event, arguments):
            put(_json(event) if arguments.json else line_of(event, colour=_colour()))
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
