"""Which objects past requests were about, by the names that a policy can have of them.

Must never put an id into a policy, nor take a name for one that the log does not tell.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sockguard.engine.facts import Need, Unknown
from sockguard.engine.reference import normalise_image
from sockguard.history.past import could_be_id, known_to
from sockguard.history.values import MOST_VALUES, common_beginning
from sockguard.policy.noted import targets_of
from sockguard.policy.objects import RELABELS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sockguard.history.past import Past
    from sockguard.policy.question import Question


@dataclass(slots=True)
class Seen:
    """What is known of the objects of some requests: names, and requests without one."""

    names: dict[str, int] = field(default_factory=dict)
    absent: int = 0
    nameless: int = 0


def objects_of(questions: Mapping[Past, Question], counts: Mapping[Past, int]) -> Seen:
    """Gather the names of the objects that these requests were about."""
    seen = Seen()
    for past, question in questions.items():
        names = list(_names(past, question))
        if None in names:
            seen.absent += counts[past]
        elif "" in names:
            seen.nameless += counts[past]
        else:
            for name in filter(None, names):
                seen.names[name] = seen.names.get(name, 0) + counts[past]
    return seen


def remark_on(seen: Seen) -> str:
    """Say what else might be meant by these names, "" for nothing."""
    beginning = common_beginning(seen.names) if seen.names else ""
    if not beginning:
        return ""
    told = f'all {len(seen.names)} names begin with {beginning}: {{name: "{beginning}*"}}'
    return f"{told} would let it reach others that are called so"


def why_wide(seen: Seen) -> str:
    """Say why no target can be written, "" where one can."""
    if len(seen.names) > MOST_VALUES:
        return f"reaches any: {len(seen.names)} objects were named, too many to list"
    if not seen.names and seen.nameless:
        return "reaches any: the log tells ids of its objects and no names"
    return ""


def _names(past: Past, question: Question) -> Iterator[str | None]:
    """Yield the name of each object, "" for one that is not known, None for one not there."""
    operation = question.operation.name
    for one in targets_of(question):
        thing = known_to(past, by_name=True, need=Need(one.kind, one.name))
        if thing is None:
            yield None
        elif isinstance(thing, Unknown):
            yield ""
        elif one.kind == "image" and not could_be_id(one.name):
            yield normalise_image(one.name)
        else:
            yield thing.names[0] if thing.names else ""
    if operation == "containers.rename":
        new = question.query.values.get("name")
        yield str(new).removeprefix("/") if new else ""
    elif operation in RELABELS:
        body = question.body.document
        name = body.get("Name") if isinstance(body, dict) else None
        if isinstance(name, str) and name:
            yield name
