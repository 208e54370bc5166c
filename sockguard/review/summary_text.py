"""A summary for people: a few tables of plain text.

Must never show a number without saying what it counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sockguard.review.fields import text_of
from sockguard.review.summary import client_in_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sockguard.review.summary import ClientSummary, RefusalGroup, Summary

_MOST_NEW = 6
_MOST_OPEN = 10
_LONGEST = 40


def lines_of(found: Summary) -> Iterator[str]:
    """Write it line by line; the texts of clients in it are not made safe here."""
    yield from _head(found)
    if found.clients:
        yield ""
        yield from _clients(found.clients)
    if found.refusals:
        yield ""
        yield from _refusals(found)
    if found.objects:
        yield ""
        yield from _objects(found)
    yield ""
    yield from _open(found)


def _head(found: Summary) -> Iterator[str]:
    span = f"from {_moment(found.first)} to {_moment(found.last)}" if found.last else "nothing"
    yield f"{span}; last event: seq {found.last_seq}"
    told = found.reviewed
    if told is None:
        yield "reviewed: never (`sockguard audit ack` marks what you have seen)"
    else:
        note = f": {told['note']}" if told.get("note") else ""
        yield f"reviewed: {_moment(text_of(told.get('time')))}, {text_of(told.get('text'))}{note}"
    if found.happened:
        yield "also: " + ", ".join(f"{kind} {number}" for kind, number in found.happened.items())
    if found.missing:
        yield f"missing: {found.missing} events, of which gaps tell (kind:gap)"


def _clients(clients: Sequence[ClientSummary]) -> Iterator[str]:
    yield from _table(
        ("client", "requests", "writes", "refused", "would refuse", "first seen", "last seen"),
        [
            (
                client_in_words(one.client),
                *map(_number, (one.requests, one.writes, one.refused, one.would_refuse)),
                *map(_moment, (one.first, one.last)),
            )
            for one in clients
        ],
    )
    for one in clients:
        if one.new:
            names = [f"{new.operation}{' (refused)' * new.refused}" for new in one.new]
            yield f"new of {client_in_words(one.client)}: {_listed(names)}"


def _refusals(found: Summary) -> Iterator[str]:
    yield from _table(
        ("refusals", "client", "operation", "reason", "field", "last", "group"),
        [
            (
                f"{_number(one.number)}{' (let through)' * one.would}",
                client_in_words(one.client),
                "(counted only)" if one.counted_only else one.operation or "-",
                one.reason or "-",
                _cut(one.detail) or "-",
                _moment(one.last),
                one.group,
            )
            for one in found.refusals
        ],
    )
    if found.more_groups:
        yield f"and {_number(found.more_refusals)} in {found.more_groups} more groups"
    yield f"each of them: {_query_of(found.refusals[0])}"


def _query_of(one: RefusalGroup) -> str:
    return f"sockguard audit query group:{one.group}"


def _objects(found: Summary) -> Iterator[str]:
    yield from _table(
        ("busiest", "object", "requests", "writes", "refused"),
        [
            (one.kind, _cut(one.name), *map(_number, (one.requests, one.writes, one.refused)))
            for one in found.objects
        ],
    )


def _open(found: Summary) -> Iterator[str]:
    if not found.open:
        yield "open now: no stream"
        return
    yield from _table(
        ("open since", "client", "operation", "object", "caller", "event"),
        [_opened(event) for event in found.open[:_MOST_OPEN]],
    )
    more = len(found.open) - _MOST_OPEN
    if more > 0:
        yield f"and {more} more (sockguard audit query open:yes)"


def _opened(event: Mapping[str, object]) -> tuple[str, ...]:
    names = ("client", "operation", "target", "caller", "id")
    told = [text_of(event.get(name)) or "-" for name in names]
    return (_moment(text_of(event.get("time"))), *map(_cut, told))


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(len(row[at]) for row in (head, *rows)) for at in range(len(head))]
    for row in (head, *rows):
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NEW
    return ", ".join(names[:_MOST_NEW]) + (f" and {more} more" if more > 0 else "")


def _number(value: int) -> str:
    return f"{value:,}"


def _moment(text: str) -> str:
    """Write a time to the second."""
    return f"{text[:19]}Z" if text else "-"


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
