"""Which parts of a body an item names: all below a path, or only some of it.

Must never widen: naming a part names that part, and nothing beside it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sockguard.engine.inspection import Steps

ANY_KEY = "{"
"""The step that stands for every key of a map: that of one key, "" included, ends in a brace."""


@dataclass(frozen=True, slots=True)
class Cover:
    """What is named at one place: all of it if `whole`, else the parts under these steps."""

    whole: bool = False
    parts: Mapping[str, Cover] = field(default_factory=dict)

    def admits(self, steps: Steps) -> bool:
        """Tell whether the part at these steps is named, be it only that it may be there."""
        cover = self
        for step in steps:
            if cover.whole:
                return True
            part = cover.parts.get(step)
            if part is None and step.startswith("{"):
                part = cover.parts.get(ANY_KEY)
            if part is None:
                return False
            cover = part
        return True


WHOLE = Cover(whole=True)
NOTHING = Cover()


def within(steps: Steps, cover: Cover) -> Cover:
    """Place a cover at these steps."""
    for step in reversed(steps):
        cover = Cover(parts={step: cover})
    return cover


def joined(*covers: Cover) -> Cover:
    """Name all that any of the covers names, in time that grows with their sizes alone."""
    parts: dict[str, list[Cover]] = {}
    for cover in covers:
        if cover.whole:
            return WHOLE
        for step, part in cover.parts.items():
            parts.setdefault(step, []).append(part)
    return Cover(
        parts={
            step: joined(*found) if len(found) > 1 else found[0] for step, found in parts.items()
        }
    )
