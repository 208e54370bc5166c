"""How the lines of the log hang together: each ends with the hash of the line before it.

Must never read or write: lines come and go as bytes, each with its newline.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

NO_HASH = "0" * 64
"""Stands in the first line of a log."""

CHECKPOINT_EVERY = 1000
"""The most lines that follow one another without a checkpoint."""

_BEGIN = re.compile(rb'\{"v":1,"seq":([1-9][0-9]{0,14}),"')
_END = re.compile(rb'["0-9a-z],"prev":"([0-9a-f]{64})"\}\n')
_END_BYTES = len(f'","prev":"{NO_HASH}"}}\n')
_ASCII = bytes(range(0x20, 0x7F))
_FROM_BEFORE = re.compile(rb'\{"v":1,"seq":([1-9][0-9]{0,14}),"[ -~]*\}\n')
_SIGNED = re.compile(rb'(.*),"sig":"([0-9a-f]{128})"(,"prev":"[0-9a-f]{64}"\}\n)')
_PREV_BYTES = len(f',"prev":"{NO_HASH}"}}\n')
_PURPOSE = b"sockguard audit checkpoint\n"


class Signer(Protocol):
    """A key that signs checkpoints."""

    @property
    def name(self) -> str:
        """Tells the key from others, as the field `key` of a checkpoint has it."""

    @property
    def public(self) -> bytes:
        """The public half, as the text of a PEM file."""

    def sign(self, message: bytes) -> str:
        """Return the signature as 128 hexadecimal digits."""


@dataclass(frozen=True, slots=True)
class End:
    """Where a log ends.

    `seq` is the last number that was used, `head` the hash of the last whole line, `remnant` what
    stands behind that line and is no event, because its writer was cut off. `unended`: the last
    byte is no newline. `missing` numbers up to `seq` belong to no whole line.
    """

    seq: int = 0
    head: str = NO_HASH
    remnant: bytes = b""
    unended: bool = False
    missing: int = 0


@dataclass(frozen=True, slots=True)
class Link:
    """What a line says of its place: its number and the hash before it, "" in a line without."""

    seq: int
    prev: str


def digest_of(line: bytes) -> str:
    """Return the hash by which the next line names this one: SHA-256, as `sha256sum` writes it."""
    return sha256(line).hexdigest()


def digest_of_remnant(remnant: bytes) -> str:
    """Return the hash by which a gap event names what is torn before it, "" for nothing."""
    return digest_of(whole(remnant)) if remnant else ""


def whole(line: bytes) -> bytes:
    """Return a line with its newline: the last one of a file may lack it and be whole."""
    return line if line.endswith(b"\n") else line + b"\n"


def link_of(line: bytes) -> Link | None:
    """Return the place that a line claims, None if no writer of ours ends or begins a line so."""
    begin, end = _BEGIN.match(line), _END.fullmatch(line, max(0, len(line) - _END_BYTES))
    if begin and end and begin.end() <= end.start() and not line[:-1].translate(None, _ASCII):
        return Link(int(begin[1]), end[1].decode("ascii"))
    before = _FROM_BEFORE.fullmatch(line)
    if before is None:
        return None
    event = event_of(line)
    return None if event is None or "prev" in event else Link(int(before[1]), "")


def event_of(line: bytes) -> dict[str, object] | None:
    """Return the event of a line, None for what is none."""
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) else None


def with_signature(line: bytes, signer: Signer) -> bytes:
    """Return the line of a checkpoint with the signature over all the rest of it."""
    signature = signer.sign(_PURPOSE + line).encode("ascii")
    return line[:-_PREV_BYTES] + b',"sig":"' + signature + b'"' + line[-_PREV_BYTES:]


def signature_of(line: bytes) -> tuple[bytes, bytes] | None:
    """Return the signature of a checkpoint and what it signs, None where it has none."""
    found = _SIGNED.fullmatch(line)
    return (bytes.fromhex(found[2].decode()), _PURPOSE + found[1] + found[3]) if found else None
