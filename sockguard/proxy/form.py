"""The event lines of one remembered request of one caller, but for what differs each time.

Must never hold what may change while the request is remembered: then it is made anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from sockguard.proxy.memo import Judged
    from sockguard.proxy.tally import Cell


class Form(NamedTuple):
    """Forms as `event.decision_form` and `event.outcome_form` make them, and where to count."""

    judged: Judged
    policy: str
    """SHA-256 of the policy that judged it."""
    who: str
    decision: str
    outcome: str
    cell: Cell
