"""What a policy says of a view: which of the things that were gathered may pass.

Must never hold for a thing in a form that the view did not bring to its normal one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sockguard.policy import words
from sockguard.policy.tree import spelled

if TYPE_CHECKING:
    from collections.abc import Callable

    from sockguard.engine.operation import Operation
    from sockguard.engine.view import Item, View
    from sockguard.policy.complaints import Complaints
    from sockguard.policy.tree import Entry


@dataclass(frozen=True, slots=True)
class ViewConstraint:
    """What each gathered thing must be. `text` is the constraint as the policy writes it."""

    text: str
    holds: Callable[[Item], bool]


def read_view(
    view: View, operation: Operation, entry: Entry, complaints: Complaints
) -> ViewConstraint:
    """Read what an item of `allow` says under the name of a view."""
    complaints.add(entry.source, f"{view.name} cannot be read for {operation.name}")
    return ViewConstraint(spelled(entry.value), words.nothing)
