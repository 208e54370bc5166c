"""Names that a policy trusts: whether they limit anything, and whether somebody else can give them.

Must never take two patterns for apart that one name fits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sockguard.policy.risks_of_views import STRANGER, patterns_in

if TYPE_CHECKING:
    from sockguard.policy.constraints import Constraint
    from sockguard.policy.target import Target
    from sockguard.policy.view import ViewConstraint

_STRANGERS = (STRANGER, "zq_stranger_1", f"{STRANGER}-1", "zq.stranger", "9")
"""Names in the forms that tools give."""

_ANYBODYS = (
    *("com.docker.", "desktop.docker.", "io.buildah.", "io.kubernetes.", "maintainer"),
    *("org.label-schema.", "org.opencontainers."),
)
"""What labels begin with that tools put onto all they make, and images onto all that run them."""


def is_limit(target: Target) -> bool:
    """Tell whether a target leaves out what somebody else made without a thought of it.

    A name under which most objects could be found is none, nor a label that most objects have.
    """
    by_label = any(
        not key.startswith(_ANYBODYS) or not wanted.holds(STRANGER)
        for key, wanted in target.labels.items()
    )
    return by_label or (target.name is not None and not any(map(target.name.holds, _STRANGERS)))


def may_meet(one: Constraint | ViewConstraint, other: Constraint | ViewConstraint) -> bool:
    """Tell whether a name could fit both constraints; where that cannot be told, it could."""
    if "any" in (one.text, other.text):
        return True
    ours, theirs = patterns_in(one.text), patterns_in(other.text)
    return not ours or not theirs or any(_globs_meet(a, b) for a in ours for b in theirs)


def _globs_meet(one: str, other: str) -> bool:
    """Tell whether a text fits both globs, as if `*` went on after a slash, too."""
    # Place j of `below` tells whether what follows in `one` and other[j:] could be one text.
    below = [set(other[j:]) <= {"*"} for j in range(len(other) + 1)]
    for letter in reversed(one):
        row = [letter == "*" and below[-1]] * (len(other) + 1)
        for j in reversed(range(len(other))):
            if "*" in (letter, other[j]):
                row[j] = below[j] or row[j + 1]
            else:
                row[j] = letter == other[j] and below[j + 1]
        below = row
    return below[0]
