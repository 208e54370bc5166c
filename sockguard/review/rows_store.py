"""Lines of the log as rows of the index: an outcome joins the decision of its request.

Must never grow with the log: what it remembers is bounded, what it has made goes to the database.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sockguard.audit.event import Kind
from sockguard.audit.read_store import parse_line
from sockguard.review.index_schema import (
    SHAPE,
    SHAPED_BY,
    STREAMS,
    awaits_outcome,
    counted_in,
    number_in,
    number_of,
    object_of,
    shape_of,
    texts_in,
)

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

_BATCH = 10_000
_MOST_SHAPES = 10_000
_MOST_LETTERS = 8 << 20

_ENTRY = """INSERT OR REPLACE INTO entries
  (place, seq, time, id, shape, target, text, caller, count, awaited, outcome, status, ended)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_TOLD = ("time", "id", "operation", "target", "text", "caller", "status", "ended")
_ENDED = ("id", "status", "ended")
_AWAITED, _OUTCOME = 9, 10
_OPERATION = SHAPE.index("operation")
_PLAIN_OUTCOME = re.compile(
    rb'\{"v":1,"seq":([1-9][0-9]{0,14}),"time":"[0-9:.TZ-]+","id":"([0-9A-Z]{26})",'
    rb'"kind":"outcome"(?:,"(?:host|engine_id|client|role|caller|listener|operation|policy)":'
    rb'"[ !#-\[\]-~]*")*,"status":([0-9]{1,9}),"bytes_in":[0-9]+,"bytes_out":[0-9]+,"ms":[0-9.]+,'
    rb'(?:"masked":"[ !#-\[\]-~]*",)?"ended":"([a-z_]+)","prev":"[0-9a-f]{64}"\}\n'
)
"""Nearly every outcome, of which half of a log is: read so, it takes a fifth of the time."""
_TEXTS = "INSERT OR IGNORE INTO texts VALUES (?, ?)"
_TARGETS = "INSERT OR IGNORE INTO targets VALUES (?, ?, ?)"
_SHAPES = f"INSERT OR IGNORE INTO shapes VALUES ({', '.join('?' * (len(SHAPE) + 2))})"
_JOIN = """UPDATE entries SET outcome = ?, status = ?, ended = ?, awaited = NULL
  WHERE place = (SELECT place FROM entries WHERE awaited = ? ORDER BY place DESC LIMIT 1)"""


class Rows:
    """Collects rows until `flush`, within one transaction: it remembers what it has stored."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self._rows: list[list[object]] = []
        self._shared: dict[str, list[tuple[object, ...]]] = {}
        self._waiting: dict[str, list[list[object]]] = {}
        self._shapes: dict[tuple[object, ...], int] = {}
        self._seen: dict[tuple[str, tuple[str, ...]], int] = {}
        self._letters = 0

    def add(self, place: int, line: bytes, seq: int) -> int:
        """Take one line; `seq` is the number of the event before it. Return the number of this.

        A line without one, which cannot be read, counts as a part of the event before it.
        """
        plain = _PLAIN_OUTCOME.fullmatch(line)
        if plain and self._joined(place, *(text.decode() for text in plain.group(2, 3, 4))):
            return int(plain[1])
        event = parse_line(line)
        seq = number_in(event, "seq") or seq
        if event.get("kind") == Kind.OUTCOME and self._joined(place, *texts_in(event, _ENDED)):
            return seq
        self._rows.append(self._row(place, seq, event))
        if len(self._rows) >= _BATCH:
            self.flush()
        return seq

    def flush(self) -> None:
        """Put all that is collected into the database."""
        for insert, values in self._shared.items():
            self._database.executemany(insert, values)
        self._database.executemany(_ENTRY, self._rows)
        self._rows = []
        self._shared = {}
        self._waiting = {}

    def _row(self, place: int, seq: int, event: Mapping[str, object]) -> list[object]:
        when, event_id, operation, target, text, caller, status, ended = texts_in(event, _TOLD)
        awaited = event_id if event_id and awaits_outcome(event) else None
        row: list[object] = [
            *(place, seq, when, event_id, self._shape(event)),
            *(self._target(object_of(operation), target), self._text(text), self._text(caller)),
            *(counted_in(event), awaited, None, status, ended),
        ]
        if awaited:
            self._waiting.setdefault(event_id, []).append(row)
        return row

    def _joined(self, place: int, event_id: str, status: str, ended: str) -> bool:
        """Add an outcome to its decision, the last that has none; False when there is none."""
        told: list[object] = [place, status, ended]
        waiting = self._waiting.get(event_id)
        if waiting:
            row = waiting.pop()
            row[_AWAITED] = None
            row[_OUTCOME:] = told
            return True
        return self._database.execute(_JOIN, (*told, event_id)).rowcount > 0

    def _shape(self, event: Mapping[str, object]) -> int:
        raw = tuple([event.get(name) for name in SHAPED_BY])
        try:
            found = self._shapes.get(raw)
        except TypeError:  # a list or an object, which no writer writes
            return self._new_shape(event)
        if found is None:
            if len(self._shapes) >= _MOST_SHAPES:
                self._shapes.clear()
            found = self._shapes[raw] = self._new_shape(event)
        return found

    def _new_shape(self, event: Mapping[str, object]) -> int:
        values = shape_of(event)
        streams = values[_OPERATION] in STREAMS
        return self._stored(_SHAPES, values, (streams, *values))

    def _text(self, text: str) -> int:
        return self._stored(_TEXTS, (text,), (text,))

    def _target(self, kind: str, target: str) -> int:
        return self._stored(_TARGETS, (kind, target), (kind, target))

    def _stored(self, insert: str, key: tuple[str, ...], values: tuple[object, ...]) -> int:
        """Return the number of these values, and store them unless they were just now."""
        found = self._seen.get((insert, key))
        if found is None:
            self._letters += sum(map(len, key))
            if self._letters > _MOST_LETTERS:
                self._letters = 0
                self._seen.clear()
            found = self._seen[insert, key] = number_of(key)
            self._shared.setdefault(insert, []).append((found, *values))
        return found
