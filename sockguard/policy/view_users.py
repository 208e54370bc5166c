"""The constraints of the view `user`: names, numbers, and the least id.

Must never take a name for a number: which id it has, the image says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sockguard.engine.views.user import ids_of, normal_user
from sockguard.policy.view_words import Texts, glob_of, reader, same_as

if TYPE_CHECKING:
    from sockguard.policy.complaints import Complaints
    from sockguard.policy.tree import Node
    from sockguard.policy.view_words import Test


def _user(text: str) -> Test:
    normal = normal_user(text)
    if normal is None or not text:
        raise ValueError(f"{text!r} is no user")
    return same_as(normal)


def _at_least(node: Node, complaints: Complaints) -> Test:
    least = node.value
    if not isinstance(least, int) or isinstance(least, bool):
        complaints.add(node.source, "user: at_least takes a whole number")
        return lambda _: False

    def holds(value: str) -> bool:
        ids = ids_of(value)
        return ids is not None and min(ids) >= least

    return holds


read_user = reader(Texts("user", _user, glob_of, more={"at_least": _at_least}))
