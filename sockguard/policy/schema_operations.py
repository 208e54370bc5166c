"""The JSON Schema of the conditions of each operation: parameters, fields, paths of answers.

Must never offer a name that the operation does not have.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sockguard.engine.answer import Masked, masks, places_of
from sockguard.engine.operation import BodyKind
from sockguard.engine.shape import Field, bare
from sockguard.engine.views.all import VIEWS
from sockguard.policy.conditions import FLAGS
from sockguard.policy.objects import OF_EXECS
from sockguard.policy.schema_constraints import (
    Json,
    closed,
    constraint_of,
    listed,
    one_or_more,
    ref,
    text_of,
)
from sockguard.policy.schema_views import definition_of
from sockguard.policy.target import KEYS as TARGET_KEYS
from sockguard.policy.values import NO_FIELDS, Subject, subject_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from sockguard.engine.answer import Answer
    from sockguard.engine.operation import Operation, Parameter
    from sockguard.engine.shape import Shape


class Definitions:
    """Parts that several operations share, each made once."""

    def __init__(self) -> None:
        self.made: dict[str, Json] = {"target": _TARGET}
        self._names: dict[int, str] = {}

    def of(self, part: object, name: str, schema: Json) -> Json:
        """Refer to the definition made of a part; made under this name where it is new."""
        known = self._names.setdefault(id(part), name)
        self.made.setdefault(known, schema)
        return ref(known)


def operation_conditions(
    operation: Operation, useful: Collection[str], definitions: Definitions
) -> Json:
    """Describe what may stand under an operation, and refer to it."""
    parts = dict(_parts(operation, useful, definitions))
    name = f"operation.{operation.name}"
    alternative = {"allOf": [ref(name), {"not": {"required": ["any_of"]}}]}
    parts["any_of"] = {**listed(alternative), "description": "One of these has to hold whole."}
    definitions.made[name] = closed(parts, minProperties=1)
    return {**ref(name), "description": operation.hands_over}


def _parts(
    operation: Operation, useful: Collection[str], definitions: Definitions
) -> Iterator[tuple[str, Json]]:
    if operation.parameters:
        yield "query", _any_or(_query(operation))
    if operation.body is BodyKind.JSON and operation.shape is not None:
        fields = dict(_fields(operation.shape))
        body = definitions.of(operation.shape, f"body.{operation.name}", _any_or(fields))
        yield "body", body
    if operation.answer is not None:
        yield "response", _response(operation, operation.answer, definitions)
    if "target" in useful:
        execs = operation.name in OF_EXECS
        yield "target", {"anyOf": [{"const": "any"}, ref("target")]} if execs else ref("target")
    for view in VIEWS:
        if view in useful:
            yield view, ref(definition_of(view))
    for flag in FLAGS:
        if flag in useful:
            yield flag, {"type": "boolean"}


def _any_or(properties: Mapping[str, Json]) -> Json:
    if not properties:
        return {"const": "any"}
    return {"anyOf": [{"const": "any"}, closed(properties, minProperties=1)]}


def _query(operation: Operation) -> dict[str, Json]:
    return {
        name: _described(constraint_of(_subject(one).category), one.hands_over)
        for name, one in operation.parameters.items()
        if not one.dropped
    }


def _subject(parameter: Parameter) -> Subject:
    return Subject(parameter.name, parameter.kind, parameter.unlimited, parameter.shape)


def _described(schema: Json, hands_over: str) -> Json:
    return {**schema, "description": hands_over} if hands_over else schema


def _fields(shape: Shape, above: str = "") -> Iterator[tuple[str, Json]]:
    """Yield each path that an item can name, which stops at lists and maps."""
    inner = bare(shape)
    if not isinstance(inner, Mapping):
        return
    for name, part in inner.items():
        if isinstance(part, NO_FIELDS):
            continue
        path = f"{above}.{name}" if above else name
        hands_over = part.hands_over if isinstance(part, Field) else ""
        yield path, _described(constraint_of(subject_of(path, part).category), hands_over)
        yield from _fields(part, path)


# --- answers ---------------------------------------------------------------------------------


def _response(operation: Operation, answer: Answer, definitions: Definitions) -> Json:
    name = operation.name
    places = dict(places_of(answer.shape))
    paths = definitions.of(answer.shape, f"places.{name}", {"enum": list(places)})
    words: dict[str, Json] = {"drop": listed(paths), "keep": listed(paths)}
    if operation.masks:
        shown = {
            path: _described(ref("shown"), place.shows if isinstance(place, Masked) else "")
            for path, place in places.items()
            if masks(place)
        }
        reveal = closed(shown, minProperties=1)
        words["reveal"] = definitions.of(answer, f"reveal.{name}", reveal)
        definitions.made.setdefault("shown", _SHOWN)
        return _any_or(words)
    return closed(words, minProperties=1)


_SHOWN = {**one_or_more(text_of()), "description": "any, or globs of what is shown."}
_TARGET = closed(
    {
        TARGET_KEYS[0]: {**one_or_more(text_of()), "description": "Globs of names."},
        TARGET_KEYS[1]: {
            "type": "object",
            "additionalProperties": ref("constraint.text"),
            "minProperties": 1,
            "description": "Labels, and what each has to be.",
        },
    },
    minProperties=1,
)
