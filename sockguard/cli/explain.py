"""The rights of a client as `sockguard policy explain` prints them, for people and for machines.

Must never leave out what a line of the policy hands over.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from sockguard.engine.level import Level
from sockguard.policy.explain import Answer, rights_of, sets_in
from sockguard.policy.risks import amounts_to
from sockguard.policy.tree import spell

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sockguard.policy.cause import Cause
    from sockguard.policy.explain import Conditions, Right
    from sockguard.policy.model import Client
    from sockguard.policy.risks import Risks

MOST_CAUSES = 8
"""So many causes of one level are told in full, the rest is counted; metadata is not told."""
MOST_FIELDS = 3


def explained(client: Client, risks: Risks) -> dict[str, object]:
    """Return the rights as JSON has them."""
    return {
        "client": client.name,
        "role": client.role.name,
        "origin": client.role.origin,
        "mode": client.mode.value,
        "own_objects_only": client.own.only,
        "level": risks.level.word,
        "amounts_to": amounts_to(risks),
        "causes": [cause_of(cause) for cause in risks.causes],
        "sets": sets_in(client),
        "rights": [{**asdict(right), "source": _source(right)} for right in rights_of(client)],
    }


def cause_of(cause: Cause) -> dict[str, str]:
    """Return one cause as JSON has it."""
    return {
        "level": cause.level.word,
        "source": str(cause.source),
        "operation": cause.operation,
        "sentence": cause.sentence,
    }


def explanation(client: Client, risks: Risks) -> Iterable[str]:
    """Yield the lines: what it amounts to and why, its sets, and each operation with its answer."""
    yield f"client {client.name} ({client.role.describe()}, mode {client.mode.value})"
    yield f"  amounts to {amounts_to(risks)}"
    for level in sorted(Level, reverse=True):
        if level > Level.METADATA:
            yield from _cause_lines(level, [one for one in risks.causes if one.level is level])
    if client.own.only:
        yield "  own_objects_only: what others made is neither shown nor touched"
    for name, operations in sets_in(client).items():
        yield f"  {name} is {' '.join(operations)}"
    rights = list(rights_of(client))
    width = max(len(right.operation) for right in rights)
    for answer in Answer:
        for right in (right for right in rights if right.answer is answer):
            yield f"  {answer:<15}  {right.operation:<{width}}  {right_words(right)}".rstrip()


def _cause_lines(level: Level, causes: Sequence[Cause]) -> Iterable[str]:
    for cause in causes[:MOST_CAUSES]:
        about = f"{cause.operation}: " if cause.operation else ""
        yield f"    {level.word:<8}  {cause.source}  {about}{cause.sentence}"
    if len(causes) > MOST_CAUSES:
        yield f"    {level.word:<8}  and {len(causes) - MOST_CAUSES} more, which --json lists"


def right_words(right: Right) -> str:
    """Say by which line it is allowed, on what conditions, and what it hands over."""
    if right.source is None:
        return ""
    parts = [
        _source(right),
        f"by {right.item}" if "/" in right.item else "",
        *_conditions(right.conditions),
        *right.words,
        f"without {', '.join(right.withheld)}" if right.withheld else "",
        _without(right.withheld_fields),
    ]
    return f"{'; '.join(filter(None, parts))}  # {right.hands_over}"


def _conditions(conditions: Conditions) -> Iterable[str]:
    for word, values in (("query", conditions.query), ("body", conditions.body)):
        if values:
            yield f"{word}: {{{', '.join(f'{spell(name)}: {c}' for name, c in values.items())}}}"
    yield from (f"{name}: {constraint}" for name, constraint in conditions.views.items())
    if conditions.target:
        yield f"target: {conditions.target}"
    if conditions.response:
        yield f"response: {conditions.response}"


def _without(fields: Sequence[str]) -> str:
    if not fields:
        return ""
    more = ", …" if len(fields) > MOST_FIELDS else ""
    count = f"{len(fields)} sensitive field" + ("s" if len(fields) > 1 else "")
    return f"without {count} ({', '.join(fields[:MOST_FIELDS])}{more})"


def _source(right: Right) -> str:
    return str(right.source) if right.source else ""
