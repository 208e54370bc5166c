"""The short way to read a short and plain JSON document: with the decoder of the standard library.

Must never read what the long way refuses: what is not plain beyond doubt is left to that.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, NamedTuple, NoReturn, TypeAlias

from sockguard.wire.number import read_number

if TYPE_CHECKING:
    from decimal import Decimal

    Value: TypeAlias = "bool | int | Decimal | str | list[Value] | dict[str, Value] | None"

_LONGEST: Final = 16 * 1024  # read in a tenth of a millisecond, so that nobody is held up
_MOST_OPENINGS: Final = 64  # none of which can be nested deeper than the long way goes


class Plain(NamedTuple):
    """A document that was read, since null is one too."""

    value: Value


def read_plain(text: str) -> Plain | None:
    """Read a whole document; None for one that is long, nested, not plain, or wrong anywhere.

    Without a backslash nothing is escaped, so that a text is what stands between its quotes.
    """
    if len(text) > _LONGEST or "\\" in text:
        return None
    if text.count("{") + text.count("[") > _MOST_OPENINGS:
        return None
    try:
        return Plain(_DECODER.decode(text))
    except ValueError:
        return None


def _object(pairs: list[tuple[str, Value]]) -> dict[str, Value]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key appears a second time")
    return found


def _number(text: str) -> int | Decimal:
    if not text.isascii():  # the decoder without C takes every script's digits
        raise ValueError("other digits than ASCII's")
    return read_number(text)


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number")


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_int=_number,
    parse_float=_number,
    parse_constant=_no_number,
)
