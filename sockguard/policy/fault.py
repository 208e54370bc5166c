"""One thing about a question that a grant does not cover.

Must never hold a text that a client sent as a value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sockguard.engine.facts import Need
    from sockguard.errors import Reason


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a grant does not cover a question.

    `detail` is the parameter or field, `message` says more in a few words, `view` names the view
    that does not admit it. `hidden` names the object of which the client is to learn only that it
    does not exist.
    """

    reason: Reason
    detail: str
    message: str = ""
    view: str = ""
    hidden: Need | None = None
