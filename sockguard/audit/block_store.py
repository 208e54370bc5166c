"""A segment that is packed in blocks, as a file that is read from any byte of what was packed.

Must never unpack more than the blocks that are read, nor pass over one that is damaged.
"""

from __future__ import annotations

import io
import os
from bisect import bisect_right
from collections import OrderedDict
from typing import TYPE_CHECKING

from sockguard.audit.blocks import (
    CONTENT_BYTES,
    HEAD_BYTES,
    TAIL_BYTES,
    block_bytes,
    content_bytes,
    unpack_block,
)

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

_MOST_BLOCKS = 8


class BlockFile(io.RawIOBase):
    """Reads from one block at a time; those that were read last are kept.

    Reading raises OSError, and EOFError or zlib.error in a block that is damaged.
    """

    def __init__(self, descriptor: int) -> None:
        """Look at all blocks; the first has to be one."""
        super().__init__()
        self._descriptor = descriptor
        self._places: list[tuple[int, int]] = []
        self._starts = [0]
        self._kept: OrderedDict[int, bytes] = OrderedDict()
        self._at = 0
        self._look()

    def _look(self) -> None:
        """Note where each block is, its size, and the byte of the content at which it begins."""
        place = 0
        while head := os.pread(self._descriptor, HEAD_BYTES, place):
            size = block_bytes(head)
            tail = os.pread(self._descriptor, TAIL_BYTES, place + size - TAIL_BYTES)
            is_whole = size > 0 and len(tail) == TAIL_BYTES
            self._places.append((place, size if is_whole else 0))
            self._starts.append(self._starts[-1] + _content_of(tail, is_whole=is_whole))
            if not is_whole:
                return
            place += size

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """Return the byte that is read next."""
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a byte."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._starts[-1]}
        self._at = max(0, base[whence] + offset)
        return self._at

    # The type of all buffers has a name only from Python 3.12 on.
    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Read on, but not beyond the end of a block; 0 at the end."""
        number = bisect_right(self._starts, self._at) - 1
        if number >= len(self._places):
            return 0
        skipped = self._at - self._starts[number]
        view = memoryview(buffer).cast("B")
        piece = self._content(number)[skipped : skipped + len(view)]
        view[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)

    def close(self) -> None:
        """Let go of the file."""
        if not self.closed:
            os.close(self._descriptor)
        super().close()

    def _content(self, number: int) -> bytes:
        content = self._kept.get(number)
        if content is None:
            place, size = self._places[number]
            if not size:
                raise EOFError("a block ends before its end")
            content = self._kept[number] = unpack_block(os.pread(self._descriptor, size, place))
            if len(self._kept) > _MOST_BLOCKS:
                self._kept.popitem(last=False)
        return content


def _content_of(tail: bytes, *, is_whole: bool) -> int:
    return content_bytes(tail) if is_whole else CONTENT_BYTES


def open_blocks(path: Path) -> BinaryIO | None:
    """Open a packed segment; None when it is not in blocks. OSError: it cannot be read."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if not block_bytes(os.pread(descriptor, HEAD_BYTES, 0)):
            os.close(descriptor)
            return None
        return io.BufferedReader(BlockFile(descriptor), CONTENT_BYTES)
    except BaseException:
        os.close(descriptor)
        raise
