"""The literals in which the fields of answers are written: what is plain and what is masked.

Must never judge who sees what: that is the policy's to say.

A shape is a plain literal: a mapping of field names to shapes is an object, `[shape]` a list,
`Map(shape)` an object with free keys, `Masked` a value that only a policy's word shows, whatever
its type, and `PLAIN` everything else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, TypeAlias

from sockguard.engine.shape import below

if TYPE_CHECKING:
    from collections.abc import Iterator


class Plain(Enum):
    """What anybody who may ask at all gets to see."""

    PLAIN = "plain"


PLAIN = Plain.PLAIN


class Mask(Enum):
    """How the texts of a masked value are replaced; lists and maps keep their shape."""

    TEXT = "text"
    ASSIGNMENT = "assignment"  # `NAME=value` keeps its name
    BYTES = "bytes"  # base64, which Go clients must still decode
    ACTION = "action"  # `exec_create: sh -c …` keeps the word before the colon


@dataclass(frozen=True, slots=True)
class Masked:
    """A value that is replaced unless a policy reveals it.

    `shows` is one sentence: what revealing it shows.
    """

    mask: Mask
    shows: str


@dataclass(frozen=True, slots=True)
class Map:
    """An object whose keys are free and whose values have one shape."""

    values: AnswerShape


AnswerShape: TypeAlias = "Plain | Masked | Map | list[AnswerShape] | Mapping[str, AnswerShape]"


class Form(Enum):
    """How an answer is laid out."""

    DOCUMENT = "document"
    LIST = "list"  # an array at the top
    WRAPPED = "wrapped"  # an object, one field of which is the array
    LINES = "lines"  # objects as they come, one a line


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What an operation answers with: the shape of the document, or of one element of its list.

    Where the form is WRAPPED, `wrapper` names the field that holds the list, and `beside` has the
    shapes of the fields next to it, which are plain.
    """

    shape: AnswerShape
    form: Form = Form.DOCUMENT
    wrapper: str = ""
    beside: Mapping[str, AnswerShape] = field(default_factory=dict)

    @property
    def masks(self) -> bool:
        """Whether anything in it is masked."""
        return masks(self.shape)


def masks(shape: AnswerShape) -> bool:
    """Tell whether anything in this shape is masked."""
    if isinstance(shape, Masked):
        return True
    if isinstance(shape, Mapping):
        return any(map(masks, shape.values()))
    if isinstance(shape, list):
        return masks(shape[0])
    return isinstance(shape, Map) and masks(shape.values)


def places_of(shape: AnswerShape, path: str = "") -> Iterator[tuple[str, AnswerShape]]:
    """Name every place that a policy can name: `Config.Env`, `Mounts[].Source`.

    A list is named by itself and only objects in it go on; nothing goes on within a map.
    """
    while isinstance(shape, list):
        shape, path = shape[0], f"{path}[]"
    if isinstance(shape, Mapping):
        for key, part in shape.items():
            place = below(path, key)
            yield place, part
            yield from places_of(part, place)
