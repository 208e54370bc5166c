"""How the fields of a table are spelt, exactly and as the Engine compares them.

Must never be worked out for each body: a table has hundreds of names, and there are few tables.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sockguard.engine.shape import Alias, fold

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sockguard.engine.shape import Shape


class Spellings(NamedTuple):
    """The names of one table: each of them folded, and the exact one of each that is folded.

    It holds the table itself too, so that its id cannot come to mean another one.
    """

    fields: Mapping[str, Shape]
    folded: Mapping[str, str]
    exact: Mapping[str, str]


_known: dict[int, Spellings] = {}


def spellings_of(fields: Mapping[str, Shape]) -> Spellings:
    """Work the spellings of a table out, once; a name wins over an alias that folds like it."""
    known = _known.get(id(fields))
    if known is None:
        aliases_first = sorted(fields, key=lambda name: not isinstance(fields[name], Alias))
        folded = {name: fold(name) for name in aliases_first}
        known = Spellings(fields, folded, {short: name for name, short in folded.items()})
        _known[id(fields)] = known
    return known
