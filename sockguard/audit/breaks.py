"""What was done where a log does not hang together, told from the lines around and behind it.

Must never be asked where a log is sound: it only puts a name to a break.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from sockguard.audit.chain import NO_HASH

if TYPE_CHECKING:
    from collections.abc import Iterable


class Fault(StrEnum):
    """What was done to a log."""

    EDITED = "edited"
    REMOVED = "removed"
    INSERTED = "inserted"
    REORDERED = "reordered"
    CUT = "cut"
    UNSEALED = "unsealed"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a file, or what is left of one: its number in the file, its bytes.

    `damage` says why the file cannot be read from here on.
    """

    file: str
    number: int
    data: bytes
    damage: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """The first line that is wrong; `seq` is the number that it has or should have."""

    fault: Fault
    file: str
    line: int
    seq: int
    text: str


@dataclass(frozen=True, slots=True)
class Item:
    """A line with the place that it claims (`seq` 0: none) and its own hash."""

    line: Line
    seq: int
    prev: str
    digest: str

    def finding(self, fault: Fault, text: str, seq: int = 0) -> Finding:
        """Say that this line is wrong."""
        return Finding(fault, self.line.file, self.line.number, seq or self.seq, text)


_NOTHING = Item(Line("", 0, b""), 0, "", NO_HASH)


@dataclass(frozen=True, slots=True)
class Break:
    """A line that does not fit.

    `grand` and `before` are the two lines before it, `torn` what stands between and is no event.
    `tells_torn`: it tells that something is torn there; `torn_fits`: that is what stands there.
    `signed`: its own signature is good, or is not, or it has none to be. `counted` numbers before
    its own are told to be missing.
    """

    item: Item
    before: Item = _NOTHING
    grand: Item = _NOTHING
    torn: list[Item] = field(default_factory=list)
    tells_torn: bool = False
    torn_fits: bool = True
    counted: int = 0
    signed: bool | None = None


@dataclass(slots=True)
class _Behind:
    """What the lines behind a break say of it."""

    follows_before: bool = False
    follows_item: bool = False
    again: bool = False
    has_predecessor: bool = False
    ends: bool = True
    has_predecessor_of_before: bool = False
    before_again: bool = False


def explain(broken: Break, rest: Iterable[Item]) -> Finding:
    """Name the first wrong line and what was done; `rest` are all lines behind the break."""
    item, before, torn = broken.item, broken.before, broken.torn
    follows = item.prev == before.digest
    if torn and follows and not broken.tells_torn:
        return torn[0].finding(Fault.INSERTED, "this is no event", before.seq + 1)
    if torn and not broken.torn_fits:
        return torn[0].finding(Fault.EDITED, "this is not what was written", before.seq + 1)
    if follows and not broken.torn_fits:
        return item.finding(Fault.REMOVED, "what this tells to be torn before it is not there")
    behind = _look(item, before, rest)
    if follows:
        fault = Fault.INSERTED if behind.follows_before else Fault.EDITED
        return item.finding(fault, f"its number does not follow {before.seq}")
    return _unfollowing(broken, behind)


def _look(item: Item, before: Item, rest: Iterable[Item]) -> _Behind:
    behind = _Behind()
    for later in rest:
        behind.ends = False
        behind.follows_before |= later.prev == before.digest
        behind.follows_item |= later.prev == item.digest
        behind.again |= later.digest == item.digest
        behind.has_predecessor |= later.digest == item.prev
        behind.has_predecessor_of_before |= later.digest == before.prev
        behind.before_again |= later.digest == before.digest
    return behind


def _unfollowing(broken: Break, behind: _Behind) -> Finding:
    """Explain a line that names another one than the one before it."""
    item, before = broken.item, broken.before
    out_of_place = _out_of_place(broken, behind)
    if out_of_place is not None:
        return out_of_place
    if item.prev == broken.grand.digest and before is not _NOTHING:
        return before.finding(Fault.INSERTED, "what follows it follows the line before it")
    if item.seq - broken.counted > before.seq + 1:
        missing = f"the events {before.seq + 1} to {item.seq - 1} are missing before this line"
        return item.finding(Fault.REMOVED, missing, before.seq + 1)
    if item.seq <= before.seq and not behind.follows_item:
        return item.finding(Fault.INSERTED, f"its number does not follow {before.seq}")
    return _edited(broken, behind)


def _out_of_place(broken: Break, behind: _Behind) -> Finding | None:
    """Tell of a line whose place is elsewhere, or that is there twice."""
    item, before = broken.item, broken.before
    comes_first = broken.grand is _NOTHING  # nothing was there to hold it against
    if comes_first and (before.prev == item.digest or behind.has_predecessor_of_before):
        if behind.before_again:
            return before.finding(Fault.INSERTED, "it stands again in its own place")
        return before.finding(Fault.REORDERED, "it stands before the line that it follows")
    if behind.follows_before and behind.has_predecessor and not behind.again:
        return item.finding(Fault.REORDERED, "it stands before the line that it follows")
    if behind.follows_before or behind.again or item.digest == before.digest:
        return item.finding(Fault.INSERTED, f"what follows seq {before.seq} stands behind it")
    return None


def _edited(broken: Break, behind: _Behind) -> Finding:
    """Tell which of two lines was changed: not the one that something else vouches for."""
    vouched = behind.follows_item or broken.signed is True
    item_is_bad = broken.signed is False or not (vouched or behind.ends)
    if broken.before is _NOTHING or item_is_bad:
        return broken.item.finding(Fault.EDITED, "this is not what was written")
    text = "this is not what was written"
    if not vouched:
        text += ", or the line after it is not"
    return broken.before.finding(Fault.EDITED, text)
