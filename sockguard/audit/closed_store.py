"""The closed segments of a folder: packed, and removed once they are too much or too old.

Must never remove one before an event that tells of it was written, where one can be written.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from queue import SimpleQueue
from typing import TYPE_CHECKING

from sockguard.audit.pack_store import pack, remove_parts
from sockguard.audit.segment_store import DAMAGED, PACKED, read_segment, segments
from sockguard.audit.sink import AuditError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sockguard.audit.segment_store import Segment

    Chore = Callable[[], None]

DAY_SECONDS = 86_400
_LAST_SECONDS = 1.0
_BEGINS = b',"begins":'
_LOOK_BACK = 2
_OWN_BYTES = 2048  # of the events that tell of it, and their checkpoint


@dataclass(frozen=True, slots=True)
class Keeping:
    """How much of the log is kept.

    Segments have at most `segment_bytes`, all of them `total_bytes`. `days` is the age at which a
    segment goes, 0 for none. `packed`: closed segments are packed, in a thread.
    """

    segment_bytes: int = 16 << 20
    total_bytes: int = 256 << 20
    days: int = 0
    packed: bool = False


@dataclass(frozen=True, slots=True)
class Going:
    """The events from the number `first` to the one before `end` go; `why` completes a sentence."""

    first: int
    end: int
    why: str

    @property
    def count(self) -> int:
        """How many numbers go."""
        return self.end - self.first

    @property
    def text(self) -> str:
        """Tells people of it."""
        return f"the events {self.first} to {self.end - 1} {self.why}"


class ClosedSegments:
    """The segments before the one that is written; one thread owns it."""

    def __init__(self, folder: Path, keeping: Keeping) -> None:
        self._folder = folder
        self._keeping = keeping
        self.going: list[Segment] = []
        """What goes with the next `remove_going`."""
        self._chores: SimpleQueue[Chore | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._ended = False
        remove_parts(folder)

    def make_room(self, size: int, oldest: int, open_first: int, now: float) -> list[Going]:
        """Choose the oldest segments until so many bytes fit under the cap, and none is too old.

        `oldest` and `open_first` are the first numbers of the log and of the segment that is
        written. They go with the next `remove_going`.
        """
        old = [one for one in segments(self._folder) if oldest <= one.first < open_first]
        found: list[Going] = []
        for segment, end, why in self._choose(old, size + _OWN_BYTES, open_first, now):
            self.going.append(segment)
            if found and found[-1].why == why:
                found[-1] = replace(found[-1], end=end)
            else:
                found.append(Going(segment.first, end, why))
        return found

    def _choose(
        self, old: list[Segment], size: int, open_first: int, now: float
    ) -> Iterator[tuple[Segment, int, str]]:
        sizes = [one.path.stat().st_size for one in old]
        after = [*((one.first, one.began) for one in old[1:]), (open_first, now)]
        total = sum(sizes) + size
        for segment, bytes_, (end, ended) in zip(old, sizes, after, strict=False):
            if total > self._keeping.total_bytes:
                why = "made room: the folder is full"
            elif self._keeping.days and ended < now - self._keeping.days * DAY_SECONDS:
                why = f"were older than {self._keeping.days} days"
            else:
                return
            total -= bytes_
            yield segment, end, why

    def told_to_begin(self, found: list[Segment]) -> int:
        """Return the first number that is left as the last of these segments tell, 0 for none.

        A writer that was killed may have told of a removal which it did not come to.
        """
        for segment in reversed(found[-_LOOK_BACK:]):
            with suppress(OSError, *DAMAGED), read_segment(segment) as file:
                _, told, rest = file.read().rpartition(_BEGINS)
                number = rest[: rest.find(b",")] if told else b""
                if number.isdigit():
                    return int(number)
        return 0

    def remove_going(self, sync: Callable[[], None]) -> None:
        """Remove what was chosen; `sync` makes sure before that what tells of it is on the disk."""
        going, self.going = self.going, []

        def remove() -> None:
            with suppress(AuditError):  # without room for the event there has to be room at last
                sync()
            for segment in going:
                plain = segment.path.name.removesuffix(PACKED)
                for name in (plain, plain + PACKED):
                    with suppress(OSError):
                        segment.path.with_name(name).unlink(missing_ok=True)

        self._do(remove)

    def pack_all(self, open_first: int, sync: Callable[[], None]) -> None:
        """Sync and pack the segments before the one that is written, where that is to be done."""
        if not self._keeping.packed:
            return
        for segment in segments(self._folder):
            if segment.first < open_first and not segment.packed:
                self._do(partial(self._pack, segment, sync))

    def _pack(self, segment: Segment, sync: Callable[[], None]) -> None:
        with suppress(AuditError):  # the writer learns of it
            sync()
        pack(segment, lambda: not self._ended)

    def close(self) -> None:
        """Let go; a segment that is being packed stays as it is."""
        self._ended = True
        if self._thread is not None:
            self._chores.put(None)
            self._thread.join(_LAST_SECONDS)

    def _do(self, chore: Chore) -> None:
        """Do it at once, or where segments are packed in the one thread, after what came before."""
        if not self._keeping.packed:
            chore()
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="audit room", daemon=True)
            self._thread.start()
        self._chores.put(chore)

    def _work(self) -> None:
        while (chore := self._chores.get()) is not None:
            chore()
