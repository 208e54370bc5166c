"""A filter as a condition of SQL over the tables of the index.

Must never mean anything else than `Filter.matches` says, nor put a text into SQL.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from sockguard.audit.event import Kind
from sockguard.policy.question import Effect
from sockguard.review.index_schema import SHAPE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sockguard.review.filters import Condition, Filter, Value, Word
    from sockguard.review.marks import Reviewed

_SHAPES = "shape IN (SELECT id FROM shapes WHERE {})"
_PLACES = {
    "target": "target IN (SELECT id FROM targets WHERE {0}(target))",
    "caller": "caller IN (SELECT id FROM texts WHERE {0}(text))",
    "id": "{0}(entries.id)",
    "status": "{0}(status)",
    "ended": "{0}(ended)",
}
_OF_ENTRIES = ("status", "ended")
_FEW = 1000
_OPEN = (
    "(awaited IS NOT NULL AND place > {place} AND "
    + _SHAPES.format(f"streams AND decision NOT IN ('', '{Effect.DENY}')")
    + ")"
)
_ACKNOWLEDGED = _SHAPES.format(f"kind = '{Kind.ACKNOWLEDGED}'")


@dataclass(slots=True)
class Clause:
    """Parts that all have to hold, the values of their question marks, and functions they call."""

    running_since: int
    """The place after which a request without an outcome still runs."""
    parts: list[str] = field(default_factory=list)
    values: list[object] = field(default_factory=list)
    functions: dict[str, Callable[[str], bool]] = field(default_factory=dict)

    @property
    def sql(self) -> str:
        """The whole condition."""
        return " AND ".join(self.parts) or "1"

    def add(self, part: str, *values: object) -> None:
        """Ask for one thing more."""
        self.parts.append(part)
        self.values += values

    def function(self, test: Callable[[str], bool]) -> str:
        """Name a function for SQL that tells of a text whether it passes."""
        name = f"passes_{len(self.functions)}"
        self.functions[name] = test
        return name

    def within(self) -> Clause:
        """Begin a condition that shares the functions of this one."""
        return Clause(self.running_since, functions=self.functions)


def clause_of(wanted: Filter, reviewed: Reviewed, running_since: int = 0) -> Clause:
    """Write a filter as SQL."""
    clause = Clause(running_since)
    _add_filter(clause, wanted)
    if wanted.unreviewed:
        _add_unreviewed(clause, reviewed)
    return clause


def seen_clause(reviewed: Reviewed) -> Clause:
    """Write what has been reviewed as SQL."""
    clause = Clause(0)
    unseen = clause.within()
    _add_unreviewed(unseen, reviewed)
    clause.add(f"NOT ({unseen.sql})", *unseen.values)
    return clause


def _add_filter(clause: Clause, wanted: Filter) -> None:
    for condition in wanted.conditions:
        _add_condition(clause, condition)
    for word in wanted.words:
        _add_word(clause, word)
    if wanted.since:
        clause.add("(time >= ? OR time = '')", wanted.since)
    if wanted.until:
        clause.add("(time < ? OR time = '')", wanted.until)


def _add_condition(clause: Clause, condition: Condition) -> None:
    name = condition.name
    if name == "open":
        clause.add(_open(clause, condition))
        return
    if name == "id" and not condition.negated and all(map(_is_exact, condition.values)):
        clause.add(
            f"entries.id IN ({', '.join('?' * len(condition.values))})",
            *(value.text for value in condition.values),
        )
        return
    # Of these there are a few values in very many entries.
    holds = lru_cache(_FEW)(condition.holds) if name in _OF_ENTRIES else condition.holds
    function = clause.function(holds)
    if name in SHAPE:
        # With the plus SQLite goes by place: what is left out is nearly never most of a log.
        clause.add("+" * condition.negated + _SHAPES.format(f'{function}("{name}")'))
    else:
        clause.add(_PLACES[name].format(function))


def _is_exact(value: Value) -> bool:
    return value.quoted or "*" not in value.text


def _open(clause: Clause, condition: Condition) -> str:
    still_open = _OPEN.format(place=clause.running_since)
    kept = [
        part
        for part, value in ((still_open, "yes"), (f"NOT {still_open}", "no"))
        if condition.holds(value)
    ]
    return f"({' OR '.join(kept) or '0'})"


def _add_word(clause: Clause, word: Word) -> None:
    function = clause.function(word.found)
    texts = f"text IN (SELECT id FROM texts WHERE {function}(text))"
    targets = f"target IN (SELECT id FROM targets WHERE {function}(target))"
    clause.add(f"{'NOT ' * word.negated}({texts} OR {targets})")


def _add_unreviewed(clause: Clause, reviewed: Reviewed) -> None:
    clause.add("seq > ?", reviewed.up_to)
    clause.add(f"NOT {_ACKNOWLEDGED}")
    for mark in reviewed.marks:
        within = clause.within()
        within.add("seq <= ?", mark.up_to)
        _add_filter(within, mark.of)
        clause.add(f"NOT ({within.sql})", *within.values)


def names(columns: Iterable[str]) -> str:
    """Write columns for SQL."""
    return ", ".join(f'"{name}"' for name in columns)
