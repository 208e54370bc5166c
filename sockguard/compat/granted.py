"""What a dialect grants with some variables on: operations, by the variable that opens them.

Must never judge a request: what is found here is written as a policy, which the loader reads.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from sockguard.compat.dialect import decided_by
from sockguard.compat.whole import whole
from sockguard.compat.written import Granted, Group
from sockguard.engine.catalogue.all import OPERATIONS, ROUTES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sockguard.compat.dialect import Dialect, Rule
    from sockguard.engine.operation import Operation, Route

_ANY_NAME = "web"
"""No rule of a dialect tells names apart: each takes all that an object can have."""


def groups_of(dialect: Dialect, on: frozenset[str]) -> tuple[Group, ...]:
    """Return what is granted, in the order of the dialect's variables."""
    opened = _opened(dialect, on)
    reads = _opened(dialect, on - {"POST"})
    return tuple(
        Group(variable if items.keys() <= reads.keys() else f"{variable}, with POST", _whole(items))
        for variable in dialect.toggles
        if (items := {name: rule for name, rule in opened.items() if rule.variable == variable})
    )


def variables_for(dialect: Dialect, on: frozenset[str], operation: str) -> tuple[str, ...]:
    """Return the fewest variables that would open an operation besides what is on; () for none."""
    off = [one for one in dialect.toggles if one not in on]
    wanted = OPERATIONS[operation]
    tries = (more for count in (1, 2) for more in combinations(off, count))
    return next((more for more in tries if _opens(dialect, on.union(more), wanted)), ())


def _opened(dialect: Dialect, on: frozenset[str]) -> dict[str, Rule]:
    """Return the operations that are let through, each with the rule that does so."""
    return {
        name: rule
        for name, operation in OPERATIONS.items()
        if not operation.refused and (rule := _opens(dialect, on, operation)) is not None
    }


def _opens(dialect: Dialect, on: frozenset[str], operation: Operation) -> Rule | None:
    """Return the rule that lets all routes of an operation through, None where one is refused."""
    rules = [
        decided_by(dialect, on, _method(route, operation), _path(route))
        for route in ROUTES
        if route.operation == operation.name
    ]
    return None if None in rules else rules[0]


def _method(route: Route, operation: Operation) -> str:
    """Return the method by which a route is held against the rules.

    Attaching by WebSocket is a GET that types into containers: no known program sends it, so it is
    taken for the write that it is.
    """
    return "POST" if operation.writes else route.method


def _path(route: Route) -> str:
    words = (_ANY_NAME if word.startswith("{") else word for word in route.template)
    return "/" + "/".join(words)


def _whole(names: Iterable[str]) -> tuple[Granted, ...]:
    return tuple(Granted(name, whole(OPERATIONS[name])) for name in names)
