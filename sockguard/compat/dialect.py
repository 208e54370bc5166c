"""One socket proxy and what it makes of its variables: its rules, in their order, of one release.

Must never hold what its release does not do: its defaults have changed between releases.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Effect(Enum):
    """What a rule does with a request that it is about."""

    ALLOW = "allow"
    DENY_UNLESS_ON = "deny unless on"


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of its configuration, about paths below the version prefix.

    An empty `path` is about every path, and about methods other than GET and HEAD.
    """

    variable: str
    path: str
    effect: Effect = Effect.ALLOW

    def is_about(self, method: str, path: str) -> bool:
        """Tell whether the line speaks of a request. Its own match is a prefix."""
        if not self.path:
            return method not in ("GET", "HEAD")
        return re.match(self.path, path) is not None


@dataclass(frozen=True, slots=True)
class Dialect:
    """A proxy and the release whose rules these are; the first rule that decides, decides.

    `on` are the variables that are on unless they are set. `ipv4_only` fits the values of
    DISABLE_IPV6 that it takes for yes. `warning` is what its own page says of its port.
    `nothing_here` are the beginnings of variables that open what is not Docker's. `later` has what
    came after this release, with what to do instead.
    """

    name: str
    image: str
    release: str
    rules: tuple[Rule, ...]
    on: frozenset[str]
    ipv4_only: str
    warning: str
    nothing_here: tuple[str, ...] = ()
    later: Mapping[str, str] = field(default_factory=dict)

    @property
    def toggles(self) -> tuple[str, ...]:
        """The variables that open or shut something, in the order of the rules."""
        return tuple(dict.fromkeys(rule.variable for rule in self.rules))


def decided_by(dialect: Dialect, on: frozenset[str], method: str, path: str) -> Rule | None:
    """Return the rule that lets a request through with these variables on, None for a refusal."""
    for rule in dialect.rules:
        if not rule.is_about(method, path):
            continue
        if rule.effect is Effect.ALLOW and rule.variable in on:
            return rule
        if rule.effect is Effect.DENY_UNLESS_ON and rule.variable not in on:
            return None
    return None
