"""`sockguard audit query`: the requests that a filter matches, and new ones as they come.

Must never end quietly where nothing was found because a name was mistyped.
"""

from __future__ import annotations

import csv
import io
import select
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from sockguard.audit.event import Kind
from sockguard.audit.text import line_of, printable
from sockguard.cli.audit_log import as_json, colour, filter_of, opened
from sockguard.cli.say import UsageError, put
from sockguard.policy.complaints import did_you_mean
from sockguard.proxy.own_log import note
from sockguard.review.fields import text_of
from sockguard.review.fill_store import fill
from sockguard.review.filters import Condition, Value
from sockguard.review.live_store import new_events

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Mapping

    from sockguard.review.filters import Filter
    from sockguard.review.find_store import Finder

    Event = Mapping[str, object]

_GOOD = 0
_POLL_MS = 250
_COLUMNS = (
    *("time", "id", "kind", "client", "operation", "target", "read_only", "decision", "reason"),
    *("detail", "grant", "status", "ms", "ended", "count", "caller", "text"),
)
_NO_CHECKPOINTS = Condition("kind", (Value(Kind.CHECKPOINT),), negated=True)
_FORMULA = (*"=+-@\t\r", *"\uff1d\uff0b\uff0d\uff20")
"""What spreadsheets take for the beginning of a formula, also in wide letters (OWASP)."""


def run(arguments: argparse.Namespace) -> int:
    """Print a line for each; return 0."""
    wanted = _chosen(filter_of(arguments), events=arguments.events)
    if arguments.follow and any(one.name == "open" for one in wanted.conditions):
        raise UsageError("open is what runs now: it cannot be followed")
    show = _form(arguments)
    with opened(arguments) as (finder, database, log):
        reviewed = finder.reviewed()
        last = finder.last_place
        if arguments.events:
            found = finder.events(finder.find(wanted, reviewed), limit=arguments.limit or 0)
        else:
            found = finder.requests(finder.find(wanted, reviewed, arguments.limit))
        if not _show_all(found, show) and not arguments.follow:
            _wonder(finder, wanted)
        if arguments.follow:
            _follow(finder, wanted, last, lambda: fill(database, log), show)
    return _GOOD


def _chosen(wanted: Filter, *, events: bool) -> Filter:
    """Leave out what the log writes for itself each minute, unless somebody asks for it."""
    if events or any(one.name == "kind" for one in wanted.conditions):
        return wanted
    return replace(wanted, conditions=(*wanted.conditions, _NO_CHECKPOINTS))


def _show_all(found: Iterable[Event], show: Callable[[Event], None]) -> bool:
    any_shown = False
    for event in found:
        any_shown = True
        show(event)
    return any_shown


def _follow(
    finder: Finder,
    wanted: Filter,
    last: int,
    catch_up: Callable[[], None],
    show: Callable[[Event], None],
) -> None:
    while _wait():
        catch_up()
        finder.look_again()
        for event in new_events(finder, wanted, last):
            show(event)
        last = finder.last_place


def _form(arguments: argparse.Namespace) -> Callable[[Event], None]:
    if arguments.json:
        return lambda event: put(as_json(event))
    if arguments.csv:
        put(_row(_COLUMNS))
        return lambda event: put(_row([_cell(event.get(name)) for name in _COLUMNS]))
    coloured = colour()
    return lambda event: put(line_of(event, colour=coloured))


def _row(cells: Iterable[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(cells)
    return text.getvalue()


def _cell(value: object) -> str:
    text = printable(text_of(value))
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA) else text


def _wonder(finder: Finder, wanted: Filter) -> None:
    """Say which values the log does not have at all."""
    for one in wanted.conditions:
        known = finder.values(one.name)
        if known and not one.negated and not any(map(one.holds, known)):
            meant = ",".join(value.text for value in one.values)
            there = f"there are {', '.join(known)}"
            note(f"the log has no {one.name} {meant}{did_you_mean(meant, known)}; {there}")


def _wait() -> bool:
    """Show what there is and wait a moment; False when nobody reads the output any more."""
    sys.stdout.flush()
    poll = select.poll()
    poll.register(sys.stdout.fileno(), 0)
    return not any(event & select.POLLERR for _, event in poll.poll(_POLL_MS))
