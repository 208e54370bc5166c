"""Whether a log is what was written: numbers, hashes and signatures of its lines, one by one.

Must never take a line for good that nothing vouches for, nor read a file: lines come as bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sockguard.audit.breaks import Break, Fault, Finding, Item, Line, explain
from sockguard.audit.chain import (
    CHECKPOINT_EVERY,
    NO_HASH,
    digest_of,
    digest_of_remnant,
    event_of,
    link_of,
    signature_of,
    whole,
)
from sockguard.audit.event import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    Holds = Callable[[str, bytes, bytes], bool]
    """Says of the name of a key, a signature and what is signed whether they belong together."""

_GAP = f',"kind":"{Kind.GAP}",'.encode()
_CHECKPOINT = f',"kind":"{Kind.CHECKPOINT}",'.encode()
_SIGNATURE = b',"sig":"'
_SLACK = 100  # a checkpoint that could not be written is made again behind the gap that tells so


@dataclass(slots=True)
class Report:
    """What can be said of a log.

    `lines` of the chain were looked at, numbered from `first` to `last`; `unchained` ones are from
    before it and carry no hash. `signed` is the last number that a signature vouches for, `head`
    the hash of the last line. `lost` numbers are missing and told to be, `torn` lines are cut off
    and told to be. All before `removed_to` went for age or room, 0 if nothing did. So many
    `recordings` beside the log are what it says.
    """

    finding: Finding | None = None
    lines: int = 0
    unchained: int = 0
    first: int = 0
    last: int = 0
    checkpoints: int = 0
    signed: int = 0
    lost: int = 0
    torn: int = 0
    removed_to: int = 0
    head: str = ""
    recordings: int = 0


def verify(lines: Iterable[Line], holds: Holds, heads: Mapping[int, str]) -> Report:
    """Walk through a log and stop at the first line that is wrong.

    `heads` are hashes of lines by number, kept where who changes the log cannot reach.
    """
    walk = _Walk(_items(lines), holds, dict(heads))
    walk.report.finding = walk.through()
    return walk.report


def _items(lines: Iterable[Line]) -> Iterator[Item]:
    for line in lines:
        data = whole(line.data)
        link = link_of(data)
        seq, prev = (link.seq, link.prev) if link else (0, "")
        yield Item(line, seq, prev, digest_of(data))


class _Walk:
    """Goes from line to line; the report grows with what is good."""

    def __init__(self, items: Iterator[Item], holds: Holds, heads: dict[int, str]) -> None:
        self._items = items
        self._holds = holds
        self._heads = heads
        self._begin: Item | None = None
        self._grand: Item | None = None
        self._before: Item | None = None
        self._torn: list[Item] = []
        self._unsigned = 0
        self._begins = 0
        self._starts = False  # with the first line that there ever was
        self.report = Report()

    def through(self) -> Finding | None:
        """Return the first line that is wrong, None when all are good."""
        for item in self._items:
            if self._only_follows(item):
                continue
            if item.line.damage:
                seq = self.report.last + 1
                return item.finding(Fault.EDITED, f"the file is damaged: {item.line.damage}", seq)
            if not item.seq:
                self._torn.append(item)
                continue
            finding = self._wrong_with(item)
            if finding is not None:
                return finding
            self._grand, self._before = self._before, item
            self._torn = []
        return self._wrong_with_end() or self._wrong_with_heads()

    def _only_follows(self, item: Item) -> bool:
        """Take a line that follows the one before it and tells of nothing, as nearly all do."""
        before, report, data = self._before, self.report, item.line.data
        if before is None or item.prev != before.digest or item.seq != before.seq + 1:
            return False
        is_watched = self._torn or item.seq in self._heads or self._unsigned >= CHECKPOINT_EVERY
        if is_watched or not report.lines or _is_telling(data):
            return False
        self._unsigned += 1
        report.lines += 1
        report.last, report.head = item.seq, item.digest
        self._grand, self._before = before, item
        return True

    def _wrong_with(self, item: Item) -> Finding | None:
        chained = bool(item.prev)
        self._begin = self._begin or item
        if not chained and not self.report.lines:
            self.report.unchained += 1
            return self._wrong_with_head(item)
        told = _told_by(item)
        if not self._fits(item, told):
            return self._explained(item, told)
        wrong = self._wrong_with_signature(item, told) or self._wrong_with_head(item)
        if wrong is None:
            self._count(item, told)
        return wrong

    def _fits(self, item: Item, told: Mapping[str, object]) -> bool:
        if not self._torn_fits(told):
            return False
        before = self._before
        if before is None:
            return item.prev == NO_HASH or item.seq > 1
        jump = item.seq - before.seq - 1
        return item.prev == before.digest and (jump == 0 or 0 < jump == _counted_by(told))

    def _torn_fits(self, told: Mapping[str, object]) -> bool:
        return digest_of_remnant(_bytes_of(self._torn)) == told.get("torn", "")

    def _explained(self, item: Item, told: Mapping[str, object]) -> Finding:
        signed = self._is_signed(item, told) if _is_checkpoint(told) else None
        if event_of(item.line.data) is None:
            signed = False
        around = {"before": self._before, "grand": self._grand}
        known = {name: one for name, one in around.items() if one is not None}
        broken = Break(
            item,
            **known,
            torn=self._torn,
            tells_torn=bool(told.get("torn")),
            torn_fits=self._torn_fits(told),
            signed=signed,
            counted=_counted_by(told),
        )
        return explain(broken, self._items)

    def _is_signed(self, item: Item, told: Mapping[str, object]) -> bool:
        found = signature_of(whole(item.line.data))
        return found is not None and self._holds(str(told.get("key")), *found)

    def _wrong_with_signature(self, item: Item, told: Mapping[str, object]) -> Finding | None:
        self._unsigned += 1
        if not _is_checkpoint(told):
            if self._unsigned > CHECKPOINT_EVERY + _SLACK:
                text = f"no checkpoint comes in {self._unsigned} lines, as one should"
                return item.finding(Fault.UNSEALED, text)
            return None
        if not self._is_signed(item, told):
            since = f"it or something since seq {self.report.signed} was changed"
            text = f"this checkpoint is not signed by the key that is trusted: {since}"
            return item.finding(Fault.EDITED, text)
        self._unsigned = 0
        self.report.checkpoints += 1
        self.report.signed = item.seq
        self.report.removed_to = max(self.report.removed_to, self._begins)
        return None

    def _wrong_with_head(self, item: Item) -> Finding | None:
        if self._heads.pop(item.seq, item.digest) == item.digest:
            return None
        return item.finding(Fault.EDITED, "this is not the line of which the head is known")

    def _count(self, item: Item, told: Mapping[str, object]) -> None:
        report = self.report
        report.lines += 1
        report.first = report.first or item.seq
        if self._before is not None:
            report.lost += item.seq - self._before.seq - 1
        elif item.prev == NO_HASH and item.seq - _counted_by(told) == 1:
            self._starts = True
            report.lost += item.seq - 1
        report.torn += len(self._torn)
        report.last, report.head = item.seq, item.digest
        begins = told.get("begins")
        if isinstance(begins, int):
            self._begins = max(self._begins, begins)

    def _wrong_with_end(self) -> Finding | None:
        report, last = self.report, self._before
        if self._torn:
            first, ended = self._torn[0], self._torn[-1].line.data.endswith(b"\n")
            fault = Fault.EDITED if ended else Fault.CUT
            text = "this is no event" if ended else "the log ends within this line"
            return first.finding(fault, text, last.seq + 1 if last else 0)
        if self._begin is None or last is None:
            return Finding(Fault.REMOVED, "", 0, 0, "there are no events")
        if not report.lines:
            return self._begin.finding(Fault.UNSEALED, "no line carries the hash of the one before")
        if self._begin.prev and not self._starts and self._begin.seq > report.removed_to:
            text = "the log begins here, and no signed event tells where the events before went"
            return self._begin.finding(Fault.REMOVED, text)
        if not report.checkpoints and report.lines > 1:
            return last.finding(Fault.UNSEALED, "the log has no checkpoint")
        return None

    def _wrong_with_heads(self) -> Finding | None:
        """Say what is wrong when a line of which the head is known was not met."""
        last = self._before
        if not self._heads or last is None:
            return None
        seq = min(self._heads)
        if max(self._heads) > last.seq:
            seq = min(seq for seq in self._heads if seq > last.seq)
            return last.finding(Fault.CUT, f"the log ends here, and seq {seq} was written", seq)
        text = f"the log has no line with the number {seq}, of which the head is known"
        return last.finding(Fault.REMOVED, text, seq)


def _told_by(item: Item) -> Mapping[str, object]:
    """Return what a gap or a checkpoint tells; all other lines are taken as bytes."""
    data = item.line.data
    if not _is_telling(data):
        return {}
    return event_of(data) or {"sig": ""}  # what cannot be read is not signed either


def _is_telling(data: bytes) -> bool:
    return _GAP in data or _CHECKPOINT in data or _SIGNATURE in data


def _is_checkpoint(told: Mapping[str, object]) -> bool:
    """Say whether it has to be signed: also what has a signature and another kind."""
    return told.get("kind") == Kind.CHECKPOINT or "sig" in told


def _counted_by(told: Mapping[str, object]) -> int:
    count = told.get("count")
    return count if told.get("kind") == Kind.GAP and type(count) is int else 0


def _bytes_of(torn: list[Item]) -> bytes:
    return b"".join(whole(one.line.data) for one in torn)
