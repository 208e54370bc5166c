"""The recordings that a log names, held against those that lie beside it.

Must never call a recording good of which the log does not have the hash, nor read a file.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sockguard.audit.breaks import Fault, Finding
from sockguard.audit.chain import event_of
from sockguard.audit.event import Kind
from sockguard.audit.recording_store import BEING_WRITTEN, CLOSED, FOLDER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from sockguard.audit.breaks import Line
    from sockguard.audit.recording_store import Kept

    Digest = Callable[[str], str]

_TELLS = b',"recording":"'
_STAMP = 10  # letters at the begin of a ULID that tell the time


@dataclass(slots=True)
class Told:
    """What a log says of one recording: its hashes, where, and whether it was let go."""

    seq: int
    hashes: set[str] = field(default_factory=set)
    removed: bool = False


@dataclass(slots=True)
class Watch:
    """Notes what lines say of recordings while they pass; `first` is the first id of the log."""

    told: dict[str, Told] = field(default_factory=dict)
    first: str = ""

    def through(self, lines: Iterable[Line]) -> Iterator[Line]:
        """Pass the lines on."""
        for line in lines:
            if not self.first:
                self.first = str((event_of(line.data) or {}).get("id", ""))
            if _TELLS in line.data:
                self._note(event_of(line.data) or {})
            yield line

    def _note(self, event: Mapping[str, object]) -> None:
        name, seq = event.get("recording"), event.get("seq")
        if not isinstance(name, str) or not isinstance(seq, int):
            return
        told = self.told.setdefault(name, Told(seq))
        if event.get("kind") == Kind.RECORDING_CLOSED and event.get("recording_sha256"):
            told.hashes.add(str(event["recording_sha256"]))
        told.removed |= event.get("kind") == Kind.RECORDING_REMOVED


@dataclass(slots=True)
class Beside:
    """What was seen of recordings: the first that is wrong, how many are good, and the rest.

    `unfinished` are not closed, `older` from before the events that are left, `gone` told to be.
    """

    finding: Finding | None = None
    good: int = 0
    unfinished: int = 0
    older: int = 0
    gone: int = 0


def compare(watch: Watch, listed: tuple[list[Kept], list[str]], digest: Digest) -> Beside:
    """Hold what the log names against the files, which were listed before the log was read.

    `digest(file)` gives the SHA-256 of one, and raises FileNotFoundError where there is none.
    """
    beside = Beside()
    found, strange = listed
    for name in strange:
        beside.finding = _finding(Fault.INSERTED, name, "this is no recording of sockguard")
        return beside
    for one in found:
        beside.finding = _look(digest, one, watch, beside)
        if beside.finding is not None:
            return beside
    names = {one.name for one in found}
    for name, told in watch.told.items():
        if name not in names:
            beside.finding = _missing(digest, name, told, beside)
            if beside.finding is not None:
                return beside
    return beside


def _look(digest: Digest, one: Kept, watch: Watch, beside: Beside) -> Finding | None:
    told = watch.told.get(one.name)
    if told is None or not told.hashes:
        if not one.closed:
            beside.unfinished += 1
            return None
        if watch.first and one.session[:_STAMP] < watch.first[:_STAMP]:
            beside.older += 1
            return None
        return _finding(Fault.INSERTED, one.file, "the log does not name it")
    return _hashed(digest, one.name, (one.file, one.name), told, beside)


def _missing(digest: Digest, name: str, told: Told, beside: Beside) -> Finding | None:
    """Say what became of one that was not listed: it may have been closed since."""
    if told.removed:
        beside.gone += 1
        return None
    if not told.hashes:
        return _unhashed(digest, name, told, beside)
    return _hashed(digest, name, (name,), told, beside)


def _unhashed(digest: Digest, name: str, told: Told, beside: Beside) -> Finding | None:
    """Look whether one that the log names without a hash is there: it may have begun since."""
    for file in (name, name.removesuffix(CLOSED) + BEING_WRITTEN):
        with suppress(FileNotFoundError):
            digest(file)
            beside.unfinished += 1
            return None
    return _finding(Fault.REMOVED, name, "it is missing, and no event tells why", told.seq)


def _hashed(
    digest: Digest, name: str, files: tuple[str, ...], told: Told, beside: Beside
) -> Finding | None:
    for file in files:
        try:
            found = digest(file)
        except FileNotFoundError:
            continue
        if told.hashes == {found}:
            beside.good += 1
            return None
        return _finding(Fault.EDITED, file, "this is not what was recorded", told.seq)
    if told.removed:
        beside.gone += 1
        return None
    return _finding(Fault.REMOVED, name, "it is missing, and no event tells why", told.seq)


def _finding(fault: Fault, file: str, text: str, seq: int = 0) -> Finding:
    return Finding(fault, f"{FOLDER}/{file}", 0, seq, text)
