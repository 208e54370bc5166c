"""Packs a closed segment: gzip beside it, read back, and only then is the original removed.

Must never remove an original whose packed form was not read back from the disk's own file.
"""

from __future__ import annotations

import gzip
import os
import time
from contextlib import suppress
from hashlib import sha256
from typing import TYPE_CHECKING

from sockguard.audit.blocks import CONTENT_BYTES, pack_block
from sockguard.audit.segment_store import DAMAGED, PACKED

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sockguard.audit.segment_store import Segment

PART = ".part"
_PIECE = 4 * CONTENT_BYTES
_PAUSE = 0.005  # after 5 ms of work, so that requests find one of two cores free
_OPEN = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW


class Interrupted(Exception):
    """Packing was to end early."""


def pack(segment: Segment, going_on: Callable[[], bool]) -> bool:
    """Put a packed segment in the place of a closed one; say whether it was done.

    `going_on` is asked again and again. What fails, or is killed, leaves the original. Nobody
    else may change the segment meanwhile.
    """
    packed = segment.path.with_name(segment.path.name + PACKED)
    part = packed.with_name(packed.name + PART)
    try:
        part.unlink(missing_ok=True)
        if _compressed(segment.path, part, going_on) != _hash_of(part, going_on):
            return False
        part.replace(packed)
        _sync_names(segment.path.parent)
        segment.path.unlink()
    except (OSError, Interrupted, *DAMAGED):
        return False
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
    return True


def remove_parts(folder: Path) -> None:
    """Remove what a packing that was killed has left."""
    for path in folder.glob(f"audit-*{PACKED}{PART}"):
        path.unlink(missing_ok=True)


def _compressed(plain: Path, part: Path, going_on: Callable[[], bool]) -> bytes:
    """Write the packed form to the disk and return the hash of what was packed."""
    digest = sha256()
    with plain.open("rb") as source, os.fdopen(os.open(part, _OPEN, 0o600), "wb") as target:
        while piece := source.read(_PIECE):
            digest.update(piece)
            for start in range(0, len(piece), CONTENT_BYTES):
                target.write(pack_block(piece[start : start + CONTENT_BYTES]))
            _rest(going_on)
        target.write(pack_block(b""))
        target.flush()
        os.fsync(target.fileno())
    return digest.digest()


def _hash_of(part: Path, going_on: Callable[[], bool]) -> bytes:
    digest = sha256()
    with gzip.open(part) as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
            _rest(going_on)
    return digest.digest()


def _rest(going_on: Callable[[], bool]) -> None:
    if not going_on():
        raise Interrupted
    time.sleep(_PAUSE)


def _sync_names(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
