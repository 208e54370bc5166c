"""What an item's `response` shows of an answer.

Must never show what no word of the policy names.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sockguard.engine.operation import Operation
    from sockguard.policy.complaints import Complaints
    from sockguard.policy.tree import Entry


@dataclass(frozen=True, slots=True)
class Response:
    """What is shown."""

    any: bool = False
    text: str = ""


MASKED = Response()
SHOWN = Response(any=True, text="any")


def read_response(operation: Operation, entry: Entry | None, complaints: Complaints) -> Response:
    """Read it."""
    return MASKED if entry is None else SHOWN
