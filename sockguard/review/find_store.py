"""What the index knows of the log: which requests a filter matches, and where they stand.

Must never show what the index says: each event is read from the log, and has to be the one meant.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sockguard.audit.event import Kind
from sockguard.audit.sink import AuditError
from sockguard.review.fields import FIELDS
from sockguard.review.index_query import clause_of, names, seen_clause
from sockguard.review.index_schema import OFFSET_BITS, OFFSETS, SHAPE
from sockguard.review.marks import Reviewed, reviewed_by

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Mapping

    from sockguard.review.filters import Filter
    from sockguard.review.index_query import Clause
    from sockguard.review.log_store import Log

    Event = dict[str, object]

OUTCOME_FIELDS = ("status", "bytes_in", "bytes_out", "ms", "masked", "ended", "recording")
"""What an outcome adds to the decision of its request."""
_NONE = -1
_MOST_VALUES = 20


@dataclass(frozen=True, slots=True)
class Places:
    """Where requests stand: place, number and the place of the outcome of each."""

    places: array[int] = field(default_factory=lambda: array("q"))
    seqs: array[int] = field(default_factory=lambda: array("q"))
    outcomes: array[int] = field(default_factory=lambda: array("q"))

    def add(self, place: int, seq: int, outcome: int) -> None:
        """Add one at the end."""
        self.places.append(place)
        self.seqs.append(seq)
        self.outcomes.append(outcome)

    def rows(self) -> Iterator[tuple[int, int, int]]:
        """Yield each, as `add` takes it."""
        return zip(self.places, self.seqs, self.outcomes, strict=True)


def joined(decision: Mapping[str, object], outcome: Mapping[str, object]) -> Event:
    """Make one event of a decision and how it ended."""
    return {**decision, **{name: outcome[name] for name in OUTCOME_FIELDS if name in outcome}}


class Finder:
    """Answers from one index, which is as the log was when it was opened."""

    def __init__(self, database: sqlite3.Connection, log: Log) -> None:
        self._database = database
        self._log = log
        self._names: dict[int, str] = {}
        self.look_again()

    def look_again(self) -> None:
        """Learn what the files are called after the index was filled again."""
        self._names = dict(self._database.execute("SELECT number, name FROM segments"))

    @property
    def last_seq(self) -> int:
        """The number of the last event, 0 when there is none."""
        found = self._database.execute("SELECT seq FROM segments ORDER BY number DESC LIMIT 1")
        return int((found.fetchone() or (0,))[0])

    @property
    def last_place(self) -> int:
        """Where the last event stands."""
        (place,) = self._database.execute(
            "SELECT max(ifnull(max(place), 0), ifnull(max(outcome), 0)) FROM entries"
        ).fetchone()
        return int(place)

    def reviewed(self) -> Reviewed:
        """Read all acknowledgments."""
        found = self._database.execute(
            "SELECT place, seq, NULL FROM entries WHERE shape IN"
            " (SELECT id FROM shapes WHERE kind = ?) ORDER BY place",
            (Kind.ACKNOWLEDGED,),
        )
        return reviewed_by(list(self.requests(_places(found))))

    def find(self, wanted: Filter, reviewed: Reviewed, limit: int | None = None) -> Places:
        """Find what a filter matches, oldest first; with a limit, the last so many."""
        clause = self.clause(wanted, reviewed)
        order = "" if limit is None else f"DESC LIMIT {limit}"
        found = self._run(
            f"SELECT place, seq, outcome FROM entries WHERE {clause.sql} ORDER BY place {order}",
            clause,
        )
        return _places(found) if limit is None else _places(reversed(found.fetchall()))

    def since(self, place: int) -> Places:
        """Find what came behind this place, and earlier requests whose outcome did."""
        found = self._database.execute(
            "SELECT place, seq, outcome FROM entries WHERE place > ?1"
            " UNION SELECT place, seq, outcome FROM entries WHERE outcome > ?1 ORDER BY place",
            (place,),
        )
        return _places(found)

    def with_id(self, prefix: str) -> list[str]:
        """Return the ids that begin so, a few of them."""
        found = self._database.execute(
            "SELECT DISTINCT id FROM entries WHERE id >= ? AND id < ? ORDER BY id LIMIT 6",
            (prefix, f"{prefix}~"),
        )
        return [event_id for (event_id,) in found]

    def of_id(self, event_id: str) -> Places:
        """Find all that has this id."""
        found = self._database.execute(
            "SELECT place, seq, outcome FROM entries WHERE id = ? ORDER BY place", (event_id,)
        )
        return _places(found)

    def requests(self, places: Places) -> Iterator[Event]:
        """Read each with its outcome; what has made room meanwhile is left out."""
        for row in places.rows():
            event = self.request(*row)
            if event is not None:
                yield event

    def request(self, place: int, seq: int, outcome: int) -> Event | None:
        """Read one with its outcome; None when it has made room meanwhile."""
        event = self._event(place, seq)
        end = self._event(outcome, 0) if event is not None and outcome != _NONE else None
        if event is None or end is None:
            return event
        if end.get("id") != event.get("id"):
            self._doubt(outcome)
        return joined(event, end)

    def events(self, places: Places, *, limit: int = 0, after: int = 0) -> Iterator[Event]:
        """Read decisions and outcomes, each by itself, in the order of the log.

        Only the last `limit` of them, unless it is 0, and only those behind the place `after`.
        """
        seqs = {place: seq for place, seq, _ in places.rows()}
        ends = {outcome for outcome in places.outcomes if outcome != _NONE}
        for place in sorted(one for one in seqs.keys() | ends if one > after)[-limit:]:
            event = self._event(place, seqs.get(place, 0))
            if event is not None:
                yield event

    def values(self, name: str) -> list[str]:
        """Return some of the values that a field has in the log, for those that are shared."""
        if name not in SHAPE or FIELDS[name].known:
            return []
        found = self._database.execute(
            f"SELECT DISTINCT {names([name])} FROM shapes WHERE {names([name])} != ''"
            f" ORDER BY 1 LIMIT {_MOST_VALUES}"
        )
        return [value for (value,) in found]

    def shapes(self) -> dict[int, dict[str, str]]:
        """Return what shapes there are, by their number."""
        found = self._database.execute(f"SELECT id, {names(SHAPE)} FROM shapes")
        return {row[0]: dict(zip(SHAPE, row[1:], strict=True)) for row in found}

    def rows(self, sql: str, clause: Clause) -> list[tuple[object, ...]]:
        """Ask the tables of the index; `{where}` in the question stands for the clause."""
        return self._run(sql.replace("{where}", clause.sql), clause).fetchall()

    def clause(self, wanted: Filter, reviewed: Reviewed) -> Clause:
        """Write a filter for `rows`."""
        return clause_of(wanted, reviewed, self._running_since())

    def seen_clause(self, reviewed: Reviewed) -> Clause:
        """Write what was reviewed for `rows`."""
        return seen_clause(reviewed)

    def _running_since(self) -> int:
        (place,) = self._database.execute(
            "SELECT ifnull(max(place), 0) FROM entries WHERE shape IN"
            " (SELECT id FROM shapes WHERE kind IN (?, ?))",
            (Kind.START, Kind.STOP),
        ).fetchone()
        return int(place)

    def _run(self, sql: str, clause: Clause) -> sqlite3.Cursor:
        for name, test in clause.functions.items():
            self._database.create_function(name, 1, test, deterministic=True)
        return self._database.execute(sql, clause.values)

    def _event(self, place: int, seq: int) -> Event | None:
        name = self._names.get(place >> OFFSET_BITS)
        event = self._log.event(name, place & OFFSETS) if name else None
        if event is not None and seq and event.get("seq", seq) != seq:
            self._doubt(place)
        return event

    def _doubt(self, place: int) -> None:
        """Let the segment be held against the index line by line the next time."""
        self._database.execute(
            "UPDATE segments SET inode = -1 WHERE number = ?", (place >> OFFSET_BITS,)
        )
        raise AuditError("the log is not what it was a moment ago: ask again")


def _places(rows: Iterable[tuple[int, int, int | None]]) -> Places:
    found = Places()
    for place, seq, outcome in rows:
        found.add(place, seq, _NONE if outcome is None else outcome)
    return found
