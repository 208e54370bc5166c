"""What a line has to name, found out from what the real verdict misses in it.

Must never name more than a hint asks for.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from sockguard.errors import Reason
from sockguard.history.lines import loaded
from sockguard.policy.model import MAIN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sockguard.policy.question import Decision

Key = tuple[str, str]
"""A key of an item and the name within it, "" for all of it."""


@dataclass(slots=True)
class Draft:
    """What is named; of that, what is listed with its empty values, and what is left open.

    `left_out` has views that did not hold.
    """

    named: dict[Key, None] = field(default_factory=dict)
    whole: set[Key] = field(default_factory=set)
    open: set[Key] = field(default_factory=set)
    left_out: set[str] = field(default_factory=set)

    def widen(self, missed: Iterable[Decision]) -> bool:
        """Take in what these decisions ask for; tell whether that was anything new."""
        missed = list(missed)
        asked = {key for one in missed for key in needed_by(one.hint)}
        views = {word for word, _ in asked if word in VIEWED} - self.left_out
        needed = sorted(key for key in asked - self.named.keys() if key[0] not in VIEWED)
        if needed or views:
            self.named |= dict.fromkeys(needed)
            self.left_out |= views
            return True
        failing = {key for one in missed for key in self._failing(one)}
        fresh, again = failing - self.whole, (failing & self.whole) - self.open
        self.whole |= fresh
        self.open |= again
        return bool(fresh or again)

    def _failing(self, decision: Decision) -> Iterator[Key]:
        """Yield what is named and yet does not admit what was asked for."""
        word = _WORDS.get(decision.reason) if decision.reason else None
        for key in self.named:
            name, at = key[1], decision.detail
            if key[0] == word and (
                at == name or at.startswith((f"{name}.", f"{name}[", f"{name}{{"))
            ):
                yield key


IMAGE = "image"
VIEWED = (IMAGE, "networks")
"""Views in which what was seen can be listed by name."""

_WORDS = {Reason.QUERY: "query", Reason.BODY: "body"}


@lru_cache(maxsize=1024)
def needed_by(hint: str) -> tuple[Key, ...]:
    """Read what the line of a hint names."""
    if not hint:
        return ()
    _, client = loaded(MAIN, [hint])
    return tuple(
        key
        for grants in client.role.grants.values()
        for grant in grants
        for key in (
            *([("query", "")] if grant.query_any else []),
            *([("body", "")] if grant.body_any else []),
            *(("query", name) for name in grant.query),
            *(("body", term.path) for term in grant.body),
            *((name, "") for name in grant.views),
        )
    )
