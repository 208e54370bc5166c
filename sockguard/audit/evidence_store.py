"""Reads a folder as evidence: each line as its bytes, with the file and the number of it.

Must never write or lock there, nor leave out what it cannot read.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from sockguard.audit.breaks import Line
from sockguard.audit.segment_store import DAMAGED, Segment, read_segment, segments
from sockguard.audit.sink import AuditError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

_TRIES = 5
_WAIT = 0.05


def lines(folder: Path) -> Iterator[Line]:
    """Yield all lines, oldest first. AuditError: the folder or a file cannot be read.

    A last line that is being written meanwhile is waited for.
    """
    try:
        found = segments(folder)
    except OSError as error:
        raise AuditError(f"the audit folder {folder} cannot be read: {error.strerror}") from error
    for segment in found:
        yield from _lines(segment, is_last=segment is found[-1])


def _lines(segment: Segment, *, is_last: bool) -> Iterator[Line]:
    number = 0
    name = segment.path.name
    try:
        with read_segment(segment) as file:
            while data := file.readline():
                number += 1
                if is_last and not data.endswith(b"\n"):
                    data += _rest(file)
                yield Line(name, number, data)
    except FileNotFoundError:  # it made room meanwhile
        return
    except DAMAGED as error:
        yield Line(name, number + 1, b"", damage=str(error) or type(error).__name__)
    except OSError as error:
        raise AuditError(f"{segment.path} cannot be read: {error.strerror}") from error


def _rest(file: BinaryIO) -> bytes:
    """Return what comes of a line that has begun."""
    data = b""
    for _ in range(_TRIES):
        data += file.readline()
        if data.endswith(b"\n"):
            break
        time.sleep(_WAIT)
    return data
