"""TLS records as they come in, given out a few at a time (RFC 8446, section 5.1).

Must never look into a record, nor hold back more than the four bytes of a header that is cut.
"""

from __future__ import annotations

_HEADER = 5
_LENGTH_AT = 3


class Records:
    """What came from the network and was not taken yet."""

    __slots__ = ("_data", "_left")

    def __init__(self) -> None:
        self._data = b""
        self._left = 0  # bytes of a record of which the beginning was taken

    @property
    def waiting(self) -> bool:
        """Whether `take` would give anything."""
        return len(self._data) >= (1 if self._left else _HEADER)

    def add(self, data: bytes) -> None:
        """Take over what came."""
        self._data = self._data + data if self._data else data

    def take(self, most: int) -> bytes:
        """Return the rest of a record that was begun, and at most so many further ones.

        The last may be cut: what there is of it is given out. What is no TLS is given out as well,
        cut in some way.
        """
        data, place, left = self._data, 0, self._left
        while True:
            step = min(left, len(data) - place)
            place, left = place + step, left - step
            if left or not most or len(data) - place < _HEADER:
                break
            left = _HEADER + int.from_bytes(data[place + _LENGTH_AT : place + _HEADER])
            most -= 1
        self._data, self._left = data[place:], left
        return data[:place]
