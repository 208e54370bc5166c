"""Asks the index for a summary.

Must never count an event twice, nor leave out one that the filter lets in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sockguard.audit.event import Kind
from sockguard.policy.question import Effect
from sockguard.review.filters import Condition, Filter, Value
from sockguard.review.summary import (
    MOST_OBJECTS,
    Alike,
    BusyObject,
    Summary,
    clients_of,
    earlier,
    happenings,
    missing_events,
    most,
    new_operations,
    refusals_of,
)

if TYPE_CHECKING:
    from sockguard.review.find_store import Finder
    from sockguard.review.index_query import Clause
    from sockguard.review.marks import Reviewed
    from sockguard.review.summary import NewOperation

_ALIKE = """SELECT shape, count(*), ifnull(sum(count), 0), ifnull(min(nullif(time, '')), ''),
  max(time) FROM entries WHERE {where} GROUP BY shape"""
_SHAPES = """SELECT id FROM shapes
  WHERE EXISTS (SELECT 1 FROM entries WHERE shape = shapes.id AND {where})"""
_BUSY = f"""SELECT object, targets.target, n, w, r FROM targets JOIN (
  SELECT entries.target AS of, count(*) AS n,
    sum(write = 'yes' AND decision != '{Effect.DENY}') AS w,
    sum(decision = '{Effect.DENY}') AS r
  FROM entries JOIN shapes ON shapes.id = shape
  WHERE kind = '{Kind.DECISION}' AND entries.target NOT IN
    (SELECT id FROM targets WHERE target = '') AND {{where}}
  GROUP BY entries.target ORDER BY n DESC LIMIT {MOST_OBJECTS}
) ON targets.id = of ORDER BY n DESC, object, targets.target"""
_OPEN = Condition("open", (Value("yes"),))


def summarise(finder: Finder, wanted: Filter) -> Summary:
    """Sum up what a filter matches; what is new and what is open is told for all."""
    reviewed = finder.reviewed()
    clause = finder.clause(wanted, reviewed)
    shapes = finder.shapes()
    alike = _alike(finder, clause, shapes)
    groups, more_groups, more_refusals = most(refusals_of(alike))
    first = ""
    for each in alike:
        first = earlier(first, each.first)
    return Summary(
        clients_of(alike, _new(finder, reviewed, shapes)),
        groups,
        more_groups,
        more_refusals,
        _busy(finder, clause),
        tuple(finder.requests(finder.find(Filter((_OPEN,)), reviewed))),
        reviewed.last,
        happenings(alike),
        missing_events(alike),
        first,
        max((each.last for each in alike), default=""),
        finder.last_seq,
    )


def _alike(finder: Finder, clause: Clause, shapes: dict[int, dict[str, str]]) -> list[Alike]:
    return [
        Alike(shapes[_int(shape)], _int(events), _int(counted), str(first), str(last))
        for shape, events, counted, first, last in finder.rows(_ALIKE, clause)
    ]


def _new(
    finder: Finder, reviewed: Reviewed, shapes: dict[int, dict[str, str]]
) -> dict[str, tuple[NewOperation, ...]]:
    unseen = finder.clause(Filter(unreviewed=True), reviewed)
    seen = finder.seen_clause(reviewed)
    return new_operations(
        [shapes[_int(shape)] for (shape,) in finder.rows(_SHAPES, seen)],
        [shapes[_int(shape)] for (shape,) in finder.rows(_SHAPES, unseen)],
    )


def _busy(finder: Finder, clause: Clause) -> tuple[BusyObject, ...]:
    return tuple(
        BusyObject(str(kind), str(name), _int(requests), _int(writes), _int(refused))
        for kind, name, requests, writes, refused in finder.rows(_BUSY, clause)
    )


def _int(value: object) -> int:
    return value if isinstance(value, int) else 0
