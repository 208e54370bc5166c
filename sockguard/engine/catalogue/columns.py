"""The words in which the catalogue's tables are written: one short function per parameter kind.

Must never know an operation: what exists stands in the tables beside this module.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sockguard.engine.level import Level
from sockguard.engine.operation import Parameter, ParameterKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sockguard.engine.shape import Shape


def parameters(*columns: Parameter) -> Mapping[str, Parameter]:
    """Parameters by name; a name that stands twice is a fault of the table (ValueError)."""
    table = {column.name: column for column in columns}
    if len(table) != len(columns):
        raise ValueError(f"a parameter stands twice among {[column.name for column in columns]}")
    return table


def text(name: str, *, absent: str | None = None, names: str = "", since: int = 0) -> Parameter:
    """Text; beside "" the Engine takes the text `absent` for a parameter that was not sent."""
    return Parameter(name, ParameterKind.TEXT, absent=_absent(absent), names=names, since=since)


def integer(name: str, *, since: int = 0) -> Parameter:
    """Decimal number."""
    return Parameter(name, ParameterKind.INTEGER, since=since)


def limit(name: str, *, since: int = 0) -> Parameter:
    """Decimal number whose absence, 0 or -1 means that there is no limit."""
    return Parameter(name, ParameterKind.INTEGER, since=since, unlimited=True)


def flag(name: str, *, on_by_default: bool = False, since: int = 0) -> Parameter:
    """Boolean in the Engine's own lax spelling."""
    return Parameter(name, ParameterKind.BOOLEAN, on_by_default=on_by_default, since=since)


def strict_flag(name: str, *, since: int = 0) -> Parameter:
    """Boolean read by Go's strconv.ParseBool."""
    return Parameter(name, ParameterKind.STRICT_BOOLEAN, since=since)


def texts(name: str, *, names: str = "", since: int = 0) -> Parameter:
    """Text that may be repeated; all values count."""
    return Parameter(name, ParameterKind.TEXTS, names=names, since=since)


def document(name: str, shape: Shape, *, absent: str, since: int = 0) -> Parameter:
    """JSON in a query value; `absent` is its empty document, which says as much as none."""
    empty = _absent(absent) | {"null"}
    return Parameter(name, ParameterKind.JSON, absent=empty, shape=shape, since=since)


def sensitive(parameter: Parameter, hands_over: str, level: Level = Level.ROOT) -> Parameter:
    """Mark a parameter that a policy must name; one sentence says what that hands over."""
    return replace(parameter, hands_over=hands_over, level=level)


def filters(*, since: int = 0) -> Parameter:
    """Build the parameter `filters`, which has one form on all lists, prunes and events."""
    return Parameter("filters", ParameterKind.FILTERS, since=since)


def dropped(name: str) -> Parameter:
    """Accept what real clients send although no Engine reads it."""
    return Parameter(name, dropped=True)


def _absent(more: str | None) -> frozenset[str]:
    return frozenset({""} if more is None else {"", more})
