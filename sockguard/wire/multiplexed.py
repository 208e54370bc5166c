"""The Engine's multiplexed stream: output of several streams of a program without a terminal.

Must never drop a byte, nor hold one back that is not of a header: what does not fit is passed on
as it came.
"""

from __future__ import annotations

# Docker Engine API, "Attach to a container", section "Stream format": a byte that names the stream
# (0 to 2, 3 for errors of the Engine itself), three zeros, the size of what follows as 32 bits.
_HEADER_BYTES = 8
_MOST_STREAM = 3
_ZEROS = bytes(3)

Piece = tuple[int, bytes]
"""The number of a stream, and bytes of it."""

RAW = 1
"""The stream that what has no frames counts as: standard output."""


class Multiplexed:
    """Takes bytes as they come, cut anywhere, and gives them back by stream.

    Once a header cannot be one, everything from it on is of the stream RAW, for good: the Engine
    writes the headers, so no program can bring that about.
    """

    __slots__ = ("_broken", "_header", "_left", "_stream")

    def __init__(self) -> None:
        self._header = b""
        self._left = 0
        self._stream = RAW
        self._broken = False

    def feed(self, data: bytes) -> list[Piece]:
        """Take the next bytes; give what of them is content."""
        found: list[Piece] = []
        at = 0
        while at < len(data):
            if self._broken:
                found.append((RAW, data[at:]))
                break
            if self._left:
                piece = data[at : at + self._left]
                found.append((self._stream, piece))
                self._left -= len(piece)
                at += len(piece)
                continue
            part = data[at : at + _HEADER_BYTES - len(self._header)]
            self._header += part
            at += len(part)
            found += self._begin()
        return found

    def finish(self) -> list[Piece]:
        """Give what was held of a header that never became whole."""
        rest, self._header = self._header, b""
        return [(RAW, rest)] if rest else []

    def _begin(self) -> list[Piece]:
        """Begin a frame where its header is whole; give the header back where it is none."""
        header = self._header
        if header[0] > _MOST_STREAM or header[1:4] != _ZEROS[: len(header) - 1]:
            self._broken = True
            return self.finish()
        if len(header) == _HEADER_BYTES:
            self._header = b""
            self._stream, self._left = header[0], int.from_bytes(header[4:], "big")
        return []
