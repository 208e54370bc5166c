"""Two sides that race: programs in containers start, print and die when they get to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")
TRIES = 3


def same_in_the_end(look: Callable[[int], Sequence[T]]) -> Sequence[T]:
    """Look up to three times until both sides give the same; return what was seen last.

    On a busy machine two runs of one command differ now and then by themselves. What a proxy does
    wrong differs each time. `look(number)` returns both sides.
    """
    for number in range(TRIES):
        seen = look(number)
        if seen[0] == seen[1]:
            break
    return seen
