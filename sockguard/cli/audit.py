"""`sockguard audit`: its verbs and their flags.

Must never do a verb's work itself.
"""

from __future__ import annotations

import argparse
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

from sockguard.cli import (
    audit_ack,
    audit_play,
    audit_query,
    audit_show,
    audit_summary,
    audit_verify,
)
from sockguard.cli.audit_said import add_socket_dir
from sockguard.review.event_schema import schema_text
from sockguard.review.times import moment

if TYPE_CHECKING:
    from collections.abc import Callable

    Verb = Callable[[argparse.Namespace], int]
    # The name that argparse has for what `add_subparsers` returns; it has no public one.
    Verbs = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001

_FILTER = 'such as: client:ci decision:deny since:2d -reason:rate_limited "some words"'
_NEGATED = re.compile(r'-[a-z_]+:.*|-".*|-\d+$', re.DOTALL)


def register(commands: Verbs) -> None:
    """Add the command `audit` with its verbs; each sets `run`."""
    audit = commands.add_parser("audit", help="what was asked, decided and done")
    verbs = audit.add_subparsers(metavar="VERB", required=True)
    _add_query(verbs)
    _add_summary(verbs)
    show = verbs.add_parser("show", help="all that is known of one event")
    show.add_argument("id", metavar="ID", help="an event id, or as much of it as is unique")
    _add_reading(show, audit_show.run)
    _add_ack(verbs)
    audit_play.register(verbs)
    schema = verbs.add_parser("schema", help="print the JSON Schema of events")
    schema.set_defaults(run=lambda _: print(schema_text(), end="") or 0)
    audit_verify.register(verbs)


def _add_query(verbs: Verbs) -> None:
    query = verbs.add_parser("query", help="list requests, oldest first")
    _add_filter(query)
    query.add_argument("--denied", action="store_true", help="short for refused:yes")
    query.add_argument("--client", metavar="C", help="short for client:C")
    query.add_argument("--follow", action="store_true", help="go on with new events as they come")
    query.add_argument("--limit", type=_number, metavar="N", help="only the last N")
    query.add_argument(
        "--events", action="store_true", help="decisions and outcomes, each event by itself"
    )
    forms = query.add_mutually_exclusive_group()
    forms.add_argument("--csv", action="store_true", help="as a table for other programs")
    _add_reading(query, audit_query.run, forms)


def _add_summary(verbs: Verbs) -> None:
    summary = verbs.add_parser("summary", help="who did what, what was refused, what is open")
    _add_filter(summary)
    _add_reading(summary, audit_summary.run)


def _add_ack(verbs: Verbs) -> None:
    ack = verbs.add_parser("ack", help="mark what has been reviewed")
    _add_filter(ack, since=False)
    ack.add_argument("--note", default="", metavar="TEXT", help="what came of it")
    ack.add_argument("--by", default="", metavar="NAME", help="who reviewed [your login]")
    ack.add_argument(
        "--up-to", type=_number, metavar="SEQ", help="up to this event [the last there is]"
    )
    add_socket_dir(ack)
    _add_reading(ack, audit_ack.run)


def _add_filter(parser: argparse.ArgumentParser, *, since: bool = True) -> None:
    # What begins with a dash is a flag to argparse unless it looks like a number, which is the
    # one thing that it can be told about.
    parser._negative_number_matcher = _NEGATED  # noqa: SLF001
    parser.add_argument("filter", nargs="*", metavar="FILTER", help=_FILTER)
    if since:
        parser.add_argument(
            "--since",
            metavar="TIME",
            type=_since,
            help="short for since:TIME: 15m, 3h or 2d ago, a time as in 2026-03-01T09:30 (UTC), "
            "or review",
        )


def _add_reading(
    parser: argparse.ArgumentParser,
    verb: Verb,
    forms: argparse._MutuallyExclusiveGroup | None = None,
) -> None:
    parser.add_argument(
        "--dir", type=Path, metavar="DIR", help="the audit folder [SOCKGUARD_AUDIT_DIR]"
    )
    (forms or parser).add_argument("--json", action="store_true", help="as JSON")
    parser.set_defaults(run=verb)


def _since(text: str) -> str:
    if text != "review":
        try:
            moment(text, time.time())
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None
    return text


def _number(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,15}", text) or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 on")
    return int(text)
