"""The smallest policy item that would allow what was refused.

Must never repeat a text that the client sent as a value: hints are shown and stored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sockguard.engine.operation import BodyKind
from sockguard.policy.tree import spell
from sockguard.policy.vocabulary import needs_body_word

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sockguard.engine.operation import Operation
    from sockguard.policy.model import Question


def smallest_item(question: Question, failing: Iterable[str], *, own: bool = False) -> str:
    """Write the line to put into `allow`, with what it would hand over as its comment.

    `failing` names the parameters that the nearest present item does not admit, `own` says that
    the request names what belongs to sockguard.
    """
    operation = question.operation
    sensitive = _sensitive(question)
    words: dict[str, object] = {}
    if question.query.unknown or question.query.unknown_within:
        words["query"] = "any"
    elif conditions := {**dict.fromkeys(failing, "any"), **sensitive}:
        words["query"] = conditions
    if needs_body_word(operation) or (operation.body is BodyKind.JSON and question.body.unknown):
        words["body"] = "any"
    if operation.secret_answer:
        words["response"] = "any"
    if own:
        words["including_sockguard"] = True
    item = f"- {operation.name}: {spell(words)}" if words else f"- {operation.name}"
    return f"{item}  # {handed_over(operation, sensitive)}"


def handed_over(operation: Operation, parameters: Iterable[str]) -> str:
    """Say what granting the operation with these sensitive parameters gives away."""
    table = operation.parameters
    sentences = (operation.hands_over, *(table[name].hands_over for name in parameters))
    return " ".join(sentences)


def _sensitive(question: Question) -> dict[str, object]:
    """Return the sensitive parameters sent: flags and numbers by value, all else as any."""
    parameters = question.operation.parameters
    return {
        name: value if isinstance(value, int) else "any"
        for name, value in question.query.values.items()
        if value and parameters[name].sensitive
    }
