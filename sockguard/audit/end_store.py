"""Where the log in a folder ends, read from its last files.

Must never change them: what is torn stays as evidence.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from sockguard.audit.chain import NO_HASH, End, digest_of, link_of, whole
from sockguard.audit.segment_store import LINE_BYTES, read_segment

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sockguard.audit.segment_store import Segment


def read_end(found: Sequence[Segment]) -> End:
    """Return where these segments end, oldest first. OSError, DAMAGED: one cannot be read.

    A line that is no event counts as one number.
    """
    if not found:
        return End()
    behind = b""
    for segment in reversed(found):
        data = b""
        for data in _ends(segment):
            last = _last_line(data)
            if last is not None:
                line, seq = last[0], max(segment.first, last[1])
                return _end(found, digest_of(line), seq, _joined(last[2], behind))
        behind = _joined(data, behind)
    return _end(found, NO_HASH, found[0].first - 1, behind)


def _end(found: Sequence[Segment], head: str, last: int, remnant: bytes) -> End:
    torn = whole(remnant).count(b"\n") if remnant else 0
    seq = max(last + torn, found[-1].first - 1)
    return End(seq, head, remnant, unended=_is_unended(found[-1]), missing=seq - last)


def _is_unended(segment: Segment) -> bool:
    with read_segment(segment) as file:
        if segment.packed or not file.seek(0, os.SEEK_END):
            return False
        file.seek(-1, os.SEEK_END)
        return file.read(1) != b"\n"


def _ends(segment: Segment) -> Iterator[bytes]:
    """Yield the last lines of a segment, and then all, should they not be enough."""
    with read_segment(segment) as file:
        if not segment.packed and file.seek(0, os.SEEK_END) > LINE_BYTES:
            file.seek(-LINE_BYTES, os.SEEK_END)
            yield file.read().partition(b"\n")[2]
        file.seek(0)
        yield file.read()


def _last_line(data: bytes) -> tuple[bytes, int, bytes] | None:
    """Return the last line that is an event, its number and what is behind it; None for none."""
    end = len(data)
    while end:
        start = data.rfind(b"\n", 0, end - 1) + 1
        line = whole(data[start:end])
        link = link_of(line)
        if link is not None:
            return line, link.seq, data[end:]
        end = start
    return None


def _joined(older: bytes, newer: bytes) -> bytes:
    return whole(older) + newer if older and newer else older or newer
