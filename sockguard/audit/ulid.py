"""Identifiers of events: ULIDs, which sort by time (github.com/ulid/spec).

Must never read a clock: the caller gives the time, and may give the entropy.
"""

from __future__ import annotations

import os
from itertools import product
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 26
_PAIRS = tuple(map("".join, product(ALPHABET, repeat=2)))  # ten bits each
_RANDOM_BYTES = 10
_MAX_MS = (1 << 48) - 1
_LOW_BITS = 20  # counted up within one millisecond
_LOW_END = 1 << _LOW_BITS
_LETTERS = 12  # the randomness above those bits
_DRAW_BYTES = _LETTERS + 3
_DRAWS = 256  # one system call serves this many milliseconds
_LETTER_OF = "".join(ALPHABET[byte % len(ALPHABET)] for byte in range(256)).encode()


def new_ulid(now_ms: int, randomness: bytes) -> str:
    """Make a ULID of milliseconds since 1970 and ten random bytes. ValueError: not those."""
    if not 0 <= now_ms <= _MAX_MS or len(randomness) != _RANDOM_BYTES:
        raise ValueError("a ULID is made of 48 bits of milliseconds and ten random bytes")
    value = int.from_bytes(randomness, "big") | now_ms << 80
    return "".join([_PAIRS[value >> shift & 1023] for shift in range(120, -1, -10)])


class UlidSource:
    """Makes ULIDs that strictly grow, also when the clock stands still or goes back.

    `now` gives seconds since 1970, `entropy` as many random bytes as asked for.
    """

    __slots__ = ("_draws", "_entropy", "_head", "_low", "_ms", "_now", "_second", "_time")

    def __init__(
        self, now: Callable[[], float], entropy: Callable[[int], bytes] = os.urandom
    ) -> None:
        self._now = now
        self._entropy = entropy
        self._draws: Iterator[bytes] = iter(())
        self._ms = -1
        self._head = ""
        self._second = -1  # of 1,024 milliseconds: they share all but the last letters of the time
        self._time = ""
        self._low = 0

    def __call__(self) -> str:
        """Make the next identifier, greater than all before it."""
        ms = int(self._now() * 1000)
        self._low += 1
        if ms > self._ms or self._low == _LOW_END:
            return self._start(max(ms, self._ms + 1))
        return self._head + _PAIRS[self._low >> 10] + _PAIRS[self._low & 1023]

    def _start(self, ms: int) -> str:
        """Make the first one of a millisecond; those after it differ in the last four letters."""
        randomness = self._draw()
        if self._second != ms >> 10:
            self._second = ms >> 10
            self._time = new_ulid(ms, bytes(_RANDOM_BYTES))[:8]
        letters = randomness[:_LETTERS].translate(_LETTER_OF).decode("ascii")
        self._ms = ms
        self._head = f"{self._time}{_PAIRS[ms & 1023]}{letters}"
        self._low = int.from_bytes(randomness[_LETTERS:], "big") % _LOW_END
        return self._head + _PAIRS[self._low >> 10] + _PAIRS[self._low & 1023]

    def _draw(self) -> bytes:
        drawn = next(self._draws, b"")
        if drawn:
            return drawn
        pool = self._entropy(_DRAW_BYTES * _DRAWS)
        self._draws = iter([pool[i : i + _DRAW_BYTES] for i in range(0, len(pool), _DRAW_BYTES)])
        return next(self._draws)
