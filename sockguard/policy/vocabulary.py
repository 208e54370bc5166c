"""Words of the policy language that depend on what this version can hold to.

Must never let a word pass that nothing in this version enforces.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

LATER: Mapping[str, str] = {}
"""Words of the language that this version does not know how to hold, and what they are for."""

NEVER: Mapping[str, str] = {
    "deny": "a policy only allows; what it does not name is refused",
}
"""Words that the language does without, and why."""


def later(word: str, what: str) -> str:
    """Say in plain words that a later version brings this word."""
    return f"{word} is not known to this version of sockguard: {what} comes with a later one"
