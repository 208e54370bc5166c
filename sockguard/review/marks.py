"""What has been reviewed: the acknowledgments of the log, and which events they cover.

Must never count as seen what nobody acknowledged, nor what an acknowledgment cannot be read of.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sockguard.audit.event import Kind
from sockguard.review.fields import text_of
from sockguard.review.filters import Filter, FilterError, parse_filter

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    Event = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Mark:
    """Events up to this number are reviewed, of those that the filter matches."""

    up_to: int
    of: Filter


@dataclass(frozen=True, slots=True)
class Reviewed:
    """All events up to `up_to`, and what the marks say beyond that; `last` is the last event."""

    up_to: int = 0
    marks: tuple[Mark, ...] = ()
    last: Event | None = None

    def covers(self, event: Event) -> bool:
        """Tell whether an event has been reviewed; an acknowledgment needs no review itself."""
        if event.get("kind") == Kind.ACKNOWLEDGED:
            return True
        seq = event.get("seq")
        if not isinstance(seq, int):
            return False
        if seq <= self.up_to:
            return True
        return any(seq <= mark.up_to and mark.of.matches(event) for mark in self.marks)


def reviewed_by(acknowledgments: Iterable[Event]) -> Reviewed:
    """Gather what the `acknowledged` events, oldest first, say together."""
    up_to, marks, last = 0, [], None
    for event in acknowledgments:
        mark = _mark(event)
        if mark is None:
            continue
        last = event
        if mark.of == Filter():
            up_to = max(up_to, mark.up_to)
        else:
            marks.append(mark)
    return Reviewed(up_to, tuple(one for one in marks if one.up_to > up_to), last)


def _mark(event: Event) -> Mark | None:
    up_to = event.get("up_to")
    seq = event.get("seq")
    if type(up_to) is not int or type(seq) is not int or up_to >= seq:
        return None
    try:
        return Mark(up_to, parse_filter(text_of(event.get("filter")), 0.0))
    except FilterError:
        return None
