"""Who made which exec: ids that the Engine gave out through this sockguard.

Must never forget in favour of another client: each has room of its own.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sockguard.engine.facts import Thing
    from sockguard.policy.model import Grant

MOST_PER_CLIENT = 1024


class Execs:
    """The execs of each client, the oldest first, each with the line under which it was made."""

    __slots__ = ("_made",)

    def __init__(self) -> None:
        self._made: dict[str, dict[str, Thing]] = {}

    def remember(self, client: str, made: Thing, grant: Grant | None, *, recorded: bool) -> None:
        """Keep an exec that was just made; the oldest of the same client makes room."""
        kept = self._made.setdefault(client, {})
        if len(kept) >= MOST_PER_CLIENT:
            del kept[next(iter(kept))]
        granted = grant.meaning if grant is not None else ""
        kept[made.id] = replace(made, creator=client, granted=granted, recorded=recorded)

    def find(self, identity: str) -> Thing | None:
        """Return the exec of this full id, None where nobody made it through us."""
        for made in self._made.values():
            if identity in made:
                return made[identity]
        return None
