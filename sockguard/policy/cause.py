"""One reason why a client amounts to something: what, by which line, in words for people.

Must never judge a request: causes are told, and nothing is decided by them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sockguard.policy.objects import kind_judged

if TYPE_CHECKING:
    from sockguard.engine.level import Level
    from sockguard.policy.model import Source
    from sockguard.policy.target import Target


@dataclass(frozen=True, slots=True)
class Cause:
    """One thing that a line of the policy amounts to.

    `operation` is the one that the line grants, "" where it is about all of them.
    """

    level: Level
    source: Source
    operation: str
    sentence: str


def told(name: str, text: str, says: str) -> str:
    """Name what a policy names, with its constraint if that narrows anything, and what it means."""
    return f"{name}: {says}" if text == "any" else f"{name} ({text}): {says}"


def target_words(operation: str, target: Target) -> str:
    """Say which objects a target means: `containers labelled autoheal=true`."""
    kind = kind_judged(operation)
    words = [f"{kind}s" if kind else "objects"]
    if target.name is not None:
        words.append(f"named {target.name.text}")
    for key, constraint in target.labels.items():
        value = f"={constraint.text}" if constraint.text != "any" else ""
        words.append(f"labelled {key}{value}")
    return " ".join(words)
