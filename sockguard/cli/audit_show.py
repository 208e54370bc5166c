"""`sockguard audit show`: all that is known of one request, and what would allow it.

Must never show what is stored of another event whose id only looks alike.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sockguard.audit.sink import AuditError
from sockguard.audit.text import page_of
from sockguard.cli.audit_log import as_json, colour, folder_of, opened
from sockguard.cli.say import put
from sockguard.review.granted import beside

if TYPE_CHECKING:
    import argparse

    from sockguard.review.find_store import Event, Finder

_ID = re.compile(r"[0-9A-HJKMNP-TV-Z]{1,26}")
_SHOWN_IDS = 5


def run(arguments: argparse.Namespace) -> int:
    """Print the event; return 0. AuditError: there is none, or several begin so."""
    found = find(arguments)
    if arguments.json:
        put("\n".join(map(as_json, found)))
    else:
        put(page_of(found, colour=colour(), beside=beside))
    return 0


def find(arguments: argparse.Namespace) -> list[Event]:
    """Return all that has an id which begins as asked. AuditError: none does, or several ids."""
    with opened(arguments) as (finder, _, _):
        found = _found(finder, arguments.id)
    if not found:
        raise AuditError(f"no event {arguments.id} in {folder_of(arguments)}")
    return found


def _found(finder: Finder, text: str) -> list[Event]:
    prefix = text.upper()
    if not _ID.fullmatch(prefix):
        raise AuditError(f"{text!r} is not the beginning of an event id")
    ids = finder.with_id(prefix)
    if len(ids) > 1:
        more = ", …" if len(ids) > _SHOWN_IDS else ""
        raise AuditError(f"several events begin so: {', '.join(ids[:_SHOWN_IDS])}{more}")
    return list(finder.events(finder.of_id(ids[0]))) if ids else []
