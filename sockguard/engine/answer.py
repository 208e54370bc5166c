"""The literals in which the fields of answers are written: what is plain and what is masked.

Must never judge who sees what: that is the policy's to say.

A shape is a plain literal: a mapping of field names to shapes is an object, `[shape]` a list,
`Map(shape)` an object with free keys, `Masked` a value that only a policy's word shows, and `PLAIN`
everything else, whatever it holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping


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
    EVENTS = "events"  # a stream of objects, one a line


@dataclass(frozen=True, slots=True)
class Answer:
    """What an operation answers with: the shape of the document, or of one element of its list.

    `wrapper` names the field that holds the list, where the form is WRAPPED.
    """

    shape: AnswerShape
    form: Form = Form.DOCUMENT
    wrapper: str = ""
