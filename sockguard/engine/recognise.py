"""Which operation a method and path ask for, with the Engine's own precedence of routes.

Must never accept a path that the Engine would route otherwise, nor decode anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from sockguard.engine.catalogue.all import OPERATIONS, ROUTES
from sockguard.engine.names import NAMED
from sockguard.engine.operation import Operation, Recognised, Route
from sockguard.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sockguard.engine.names import Test

_ONE = 1  # a variable that takes one segment
_KEPT = "/:@+"  # sent as they are in a path by the Engine's own clients (RFC 3986, section 3.3)


@dataclass(frozen=True, slots=True)
class _Plan:
    """A route, prepared: where its fixed segments stand and how its variable ones are tested.

    Positions behind a variable with slashes count from the end, so that they hold for any length.
    """

    route: Route
    operation: Operation
    fixed: tuple[tuple[int, str], ...]
    variables: tuple[tuple[slice, Test, str], ...]
    shortest: int


def recognise(
    method: str,
    segments: tuple[str, ...],
    literal: tuple[str, ...],
    query: Sequence[tuple[str, str]],
) -> Recognised | None:
    """Name the operation that a request asks for; None for what no route of the Engine takes.

    `segments` are those of the path below the version prefix, percent-decoded once, `literal` the
    same as sent, `query` the decoded pairs. Fixed segments count only when sent without
    percent-encoding. Malformed for a name that no object of that kind can have.
    """
    plan = _plan_for(method, segments) if segments else None
    if plan is None or len(segments) < plan.shortest:
        return None
    for position, word in plan.fixed:
        if literal[position] != word:
            return None
    if plan.operation.name == "images.pull" and not _first(query, "fromImage"):
        plan = _IMPORT
    names = tuple(_name(segments[where], test, kind) for where, test, kind in plan.variables)
    path = "/" + "/".join(segments)
    if plan.operation.refused or not all(map(_is_plain, names)):
        path = quote(path, safe=_KEPT)
    return Recognised(plan.operation, plan.route, names, path)


def path_of(recognised: Recognised, names: tuple[str, ...]) -> str:
    """Return the path, ready to send, with these names in place of the ones it had."""
    if names == recognised.names:
        return recognised.path
    given = iter(names)
    words = (next(given) if _is_variable(word) else word for word in recognised.route.template)
    return "/" + "/".join(quote(word, safe=_KEPT) for word in words)


def _plan_for(method: str, segments: tuple[str, ...]) -> _Plan | None:
    count, first, last = len(segments), segments[0], segments[-1]
    return (
        _PLANS.get((method, count, first, last))
        or _PLANS.get((method, count, first))
        or _PLANS.get((method, first, last))
        or _PLANS.get((method, first))
        or _PLANS.get((method,))
    )


def _first(query: Sequence[tuple[str, str]], name: str) -> str:
    """Give the first value, which is the one the Engine takes of a repeated scalar."""
    return next((value for key, value in query if key == name), "")


def _name(segments: tuple[str, ...], test: Test, kind: str) -> str:
    name = segments[0] if len(segments) == _ONE else "/".join(segments)
    if not test(name) or name.count("/") >= len(segments):
        raise Malformed(f"the path holds a name that no {kind} can have", detail=kind)
    return name


def _is_plain(name: str) -> bool:
    """Tell whether a name can stand in a path as it is: of all legal characters two cannot."""
    return " " not in name and "[" not in name


def _is_variable(word: str) -> bool:
    return word.startswith("{")


def _plan(route: Route) -> _Plan:
    template = route.template
    size = len(template)
    long = _long_at(template)
    fixed = tuple(
        (at if at < long else at - size, word)
        for at, word in enumerate(template)
        if not _is_variable(word)
    )
    variables = tuple(
        (_where(at, long, size), NAMED[word.strip("{.}")], word.strip("{.}"))
        for at, word in enumerate(template)
        if _is_variable(word)
    )
    return _Plan(route, OPERATIONS[route.operation], fixed, variables, size)


def _long_at(template: tuple[str, ...]) -> int:
    """Where the variable with slashes stands; behind the end if there is none."""
    return next((at for at, word in enumerate(template) if word.endswith("...}")), len(template))


def _where(at: int, long: int, size: int) -> slice:
    return slice(at, at + 1) if at != long else slice(at, (at + 1 - size) or None)


_Key = tuple[str | int, ...]


def _key(route: Route) -> _Key:
    """Give what dispatches to a route: its method, both ends and, without slashes, its length."""
    template = route.template
    long = _long_at(template) < len(template)
    ends = [word for word in (template[0], template[-1]) if not _is_variable(word)]
    return (route.method, *([] if long else [len(template)]), *ends)


def _plans(routes: Iterable[Route]) -> dict[_Key, _Plan]:
    """Index the routes by what dispatches to them; two with one key would hide each other."""
    plans: dict[_Key, _Plan] = {}
    for route in routes:
        key = _key(route)
        if key in plans and plans[key].route.template != route.template:
            raise ValueError(f"{route} can never be reached")
        plans.setdefault(key, _plan(route))
    return plans


_PLANS = _plans(ROUTES)
_IMPORT = next(_plan(route) for route in ROUTES if route.operation == "images.import")
