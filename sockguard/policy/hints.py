"""The smallest policy item that would allow what was refused.

Must never repeat a text that the client sent as a value: hints are shown and stored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sockguard.engine.inspection import ITEM
from sockguard.errors import Reason
from sockguard.policy.effective import value_at
from sockguard.policy.tree import spell

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sockguard.engine.inspection import Part, Steps
    from sockguard.engine.operation import Operation
    from sockguard.policy.fault import Fault
    from sockguard.policy.question import Question

UNHELPED = frozenset({Reason.TARGET, Reason.NOT_OWNED})
"""Reasons for which no word of an item helps: which objects are meant, its writer has to say."""


def smallest_item(question: Question, faults: Sequence[Fault]) -> str:
    """Write the line to put into `allow`, with what it would hand over as its comment.

    `faults` are what the nearest present item does not cover; "" where no line would help.
    """
    if any(fault.reason in UNHELPED for fault in faults):
        return ""
    operation = question.operation
    parameters = _sensitive_parameters(question)
    failing = {fault.detail: "any" for fault in faults if fault.reason is Reason.QUERY}
    known = {name: word for name, word in failing.items() if name in operation.parameters}
    fields = _sensitive_fields(question)
    words: dict[str, object] = {}
    if question.query.unknown or question.query.unknown_within or question.loose_headers:
        words["query"] = "any"
    elif conditions := {**known, **parameters}:
        words["query"] = conditions
    if question.body.unknown:
        words["body"] = "any"
    elif fields:
        words["body"] = {path: word for path, (word, _) in fields.items()}
    words |= {fault.view: "any" for fault in faults if fault.view}
    if any(fault.reason is Reason.SELF_PROTECTION for fault in faults):
        words["including_sockguard"] = True
    item = f"- {operation.name}: {spell(words)}" if words else f"- {operation.name}"
    parts = [part for _, part in fields.values()]
    return f"{item}  # {handed_over(operation, parameters, parts)}"


def handed_over(
    operation: Operation,
    parameters: Iterable[str] = (),
    parts: Iterable[Part] = (),
    *,
    shown: bool = False,
) -> str:
    """Say what granting the operation with these sensitive parameters and fields gives away.

    `shown` says that nothing of its answer is masked.
    """
    table = operation.parameters
    sentences = (
        operation.says(shown=shown),
        *(table[name].hands_over for name in parameters),
        *dict.fromkeys(part.field.hands_over for part in parts),
    )
    return " ".join(sentences)


def nameable(steps: Steps) -> str:
    """Return the longest path that a policy can name above or at these steps."""
    ends = (at for at, step in enumerate(steps) if step == ITEM or step.startswith("{"))
    return ".".join(steps[: next(ends, len(steps))])


def _sensitive_parameters(question: Question) -> dict[str, object]:
    """Return the sensitive parameters sent: flags and numbers by value, all else as any."""
    parameters = question.operation.parameters
    return {
        name: value if isinstance(value, int) else "any"
        for name, value in question.query.values.items()
        if value and parameters[name].sensitive
    }


def _sensitive_fields(question: Question) -> Mapping[str, tuple[object, Part]]:
    """Return the sensitive fields sent by the paths that name them, outer ones only."""
    fields: dict[str, tuple[object, Part]] = {}
    for part in question.body.sensitive:
        path = nameable(part.steps)
        if path and not any(_is_within(path, outer) for outer in fields):
            value = value_at(question.body.document, tuple(path.split(".")))
            fields[path] = (value if isinstance(value, int) else "any", part)
    return fields


def _is_within(path: str, outer: str) -> bool:
    return path == outer or path.startswith(f"{outer}.")
