"""Words of the policy language that depend on what this version can hold to.

Must never let a word pass that nothing in this version enforces.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sockguard.engine.operation import BodyKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sockguard.engine.operation import Operation

VIEWS = (
    "image", "host_paths", "ports", "networks", "user", "capabilities", "devices", "namespaces",
    "signal",
)  # fmt: skip
LATER: Mapping[str, str] = {
    "target": "limiting an operation to objects by name or label",
    **dict.fromkeys(VIEWS, "judging one meaning over all its encodings"),
    "record": "choosing what an item records",
    "shared": "objects of one's own",
    "compressed": "looking into archives",
}
"""Words of the language that this version does not know how to hold, and what they are for."""

NEVER: Mapping[str, str] = {
    "deny": "a policy only allows; what it does not name is refused",
}
"""Words that the language does without, and why."""


def needs_body_word(operation: Operation) -> bool:
    """Tell whether granting asks for `body: any`.

    Of exec.start all known fields are plain, and of an object without fields (images.push) nothing
    is left to judge: what it holds all the same is unknown, and refused.
    """
    judged = operation.name == "exec.start" or operation.shape == {}
    return operation.body is BodyKind.JSON and not judged


def later(word: str, what: str) -> str:
    """Say in plain words that a later version brings this word."""
    return f"{word} is not known to this version of sockguard: {what} comes with a later one"
