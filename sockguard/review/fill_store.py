"""Brings the index up to the log: reads what was added, forgets what is gone or in doubt.

Must never pass over a line, nor keep what was read of a file that is no longer the same.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sockguard.review.index_plan import next_step
from sockguard.review.index_schema import OFFSET_BITS, OFFSETS, Known, place_of
from sockguard.review.rows_store import Rows

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from sockguard.review.index_plan import Step
    from sockguard.review.log_store import Log, Seen

_KNOWN = "number, name, first, inode, size, changed, read, head, lines, whole, seq"


@dataclass(slots=True)
class _Reading:
    """How far a segment is read."""

    read: int = 0
    head: bytes = b""
    lines: bytes = b""
    seq: int = 0

    def add(self, line: bytes) -> None:
        if not self.read:
            self.head = hashlib.sha256(line).digest()
        self.lines = chained(self.lines, line)
        self.read += len(line)


def chained(before: bytes, line: bytes) -> bytes:
    """Hash one more line onto the hash of all before it."""
    return hashlib.sha256(before + line).digest()


def fill(database: sqlite3.Connection, log: Log) -> None:
    """Read all that the log has by now, a segment at a time.

    Two that do this at once take turns. OSError and AuditError: the log cannot be read.
    """
    while _one_step(database, log):
        pass


def unread_bytes(database: sqlite3.Connection, log: Log) -> int:
    """Return about how much of the log is not in the index yet."""
    read = {each.first: each.size for each in _known(database)}
    return sum(max(0, each.size - read.get(each.first, 0)) for each in log.look())


def _one_step(database: sqlite3.Connection, log: Log) -> bool:
    """Do the next thing there is to do; False when it was the last."""
    with database:
        database.execute("BEGIN IMMEDIATE")
        known = _known(database)
        step = next_step(
            known, log.look(), lambda old, new, is_last: _is_same(log, old, new, is_last=is_last)
        )
        if step.gone:
            _forget(database, log, step.gone, known)
            return True
        if step.segment is None:
            return False
        _read(database, log, step, step.segment)
        return not step.is_last


def _known(database: sqlite3.Connection) -> list[Known]:
    found = database.execute(f"SELECT {_KNOWN} FROM segments ORDER BY number")
    return [Known(*row) for row in found]


def _is_same(log: Log, known: Known, seen: Seen, *, is_last: bool) -> bool:
    """Compare the first line, and unless the file only grew, all lines that were read."""
    is_file = (known.name, known.inode) == (seen.name, seen.inode)
    if is_last and is_file and seen.size > known.size:
        head = log.line(seen.name, 0)
        return not known.read or hashlib.sha256(head).digest() == known.head
    reading = _Reading()
    for offset, line in log.lines(seen.name, 0):
        if offset >= known.read:
            break
        reading.add(line)
    return (reading.read, reading.lines) == (known.read, known.lines)


def _read(database: sqlite3.Connection, log: Log, step: Step, segment: Seen) -> None:
    known, rows = step.known, Rows(database)
    number = known.number if known else _next_number(database)
    reading = _Reading(seq=_last_seq(database))
    if known:
        reading = _Reading(known.read, known.head, known.lines, known.seq)
    for offset, line in log.lines(segment.name, reading.read):
        if step.is_last and not line.endswith(b"\n"):
            break  # it is being written
        reading.seq = rows.add(place_of(number, offset), line, reading.seq)
        reading.add(line)
    rows.flush()
    told = (number, segment.name, segment.first, segment.inode, segment.size, segment.changed)
    held = (reading.read, reading.head, reading.lines, not step.is_last, reading.seq)
    database.execute(
        f"INSERT OR REPLACE INTO segments ({_KNOWN}) VALUES ({', '.join('?' * 11)})",
        told + held,
    )


def _next_number(database: sqlite3.Connection) -> int:
    (number,) = database.execute("SELECT ifnull(max(number), 0) + 1 FROM segments").fetchone()
    return int(number)


def _last_seq(database: sqlite3.Connection) -> int:
    found = database.execute("SELECT seq FROM segments ORDER BY number DESC LIMIT 1").fetchone()
    return int(found[0]) if found else 0


def _forget(
    database: sqlite3.Connection,
    log: Log,
    gone: Sequence[Known],
    known: Sequence[Known],
) -> None:
    """Forget some segments; an outcome that is left alone stands for itself from then on."""
    names = {each.number: each.name for each in known if each not in gone}
    rows = Rows(database)
    for each in gone:
        ends = (place_of(each.number, 0), place_of(each.number, OFFSETS))
        alone = database.execute(
            "SELECT outcome, seq FROM entries WHERE place BETWEEN ? AND ? AND outcome > ?",
            (*ends, ends[1]),
        ).fetchall()
        database.execute("DELETE FROM entries WHERE place BETWEEN ? AND ?", ends)
        database.execute(
            "UPDATE entries SET outcome = NULL, status = '', ended = '', awaited = id"
            " WHERE outcome BETWEEN ? AND ?",
            ends,
        )
        database.execute("DELETE FROM segments WHERE number = ?", (each.number,))
        for place, seq in alone:
            number, offset = place >> OFFSET_BITS, place & OFFSETS
            if number in names and (line := log.line(names[number], offset)):
                rows.add(place, line, seq)
    rows.flush()
    for table, column in (("shapes", "shape"), ("targets", "target")):
        database.execute(f"DELETE FROM {table} WHERE id NOT IN (SELECT {column} FROM entries)")
    database.execute(
        "DELETE FROM texts WHERE id NOT IN"
        " (SELECT text FROM entries UNION SELECT caller FROM entries)"
    )
