"""What of the log has to be read, given what was read of it and how its files look now.

Must never trust a file that could be another, or could say something else than it did.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sockguard.review.index_schema import Known
    from sockguard.review.log_store import Seen


@dataclass(frozen=True, slots=True)
class Step:
    """The next thing to do: forget what stands in `gone`, then read `segment` on.

    `known` is what was read of it already, None to begin with its first line. `is_last` says that
    it may still be written.
    """

    gone: tuple[Known, ...] = ()
    segment: Seen | None = None
    known: Known | None = None
    is_last: bool = False


def next_step(
    known: Sequence[Known], seen: Sequence[Seen], is_same: Callable[[Known, Seen, bool], bool]
) -> Step:
    """Return the first thing to do. Both lists are in their order, `known` by number.

    `is_same(known, seen, is_last)` tells whether the lines are those that were read.
    """
    there = {each.first for each in seen}
    gone = tuple(each for each in known if each.first not in there)
    if gone:
        return Step(gone)
    for at, (old, new) in enumerate(zip_longest(known, seen)):
        is_last = at == len(seen) - 1
        if new is None or (old is not None and old.first != new.first):
            return Step(tuple(known[at:]))
        if old is None:
            return Step((), new, None, is_last)
        if is_untouched(old, new) and (old.whole or is_last):
            continue
        if not is_same(old, new, is_last):
            return Step(tuple(known[at:]))
        return Step((), new, old, is_last)
    return Step()


def is_untouched(known: Known, seen: Seen) -> bool:
    """Tell whether the file is the one that was read, and was not written since."""
    return (known.name, known.inode, known.size, known.changed) == (
        seen.name,
        seen.inode,
        seen.size,
        seen.changed,
    )
