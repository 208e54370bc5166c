"""Which operations regular expressions on paths let through, found by trying example paths.

Must never count an operation as let through whose other names or routes are not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from string import ascii_lowercase, ascii_uppercase, digits
from typing import TYPE_CHECKING

from sockguard.compat.go_regex import compile_go, has_open_alternatives
from sockguard.engine.catalogue.all import OPERATIONS, ROUTES
from sockguard.engine.level import Level
from sockguard.engine.names import NAMED

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sockguard.engine.operation import Operation, Route

_HEX, _LETTERS = "0123456789abcdef", ascii_lowercase
_FULL = "4f5e6d7c8b9a0c1d2e3f" * 3 + "4a5b"
_SWARM = "n4xv2p9k3m7q1w8r5t6y0zabc"
_PATHS = (
    "", "/v1.24", "/v1.40", "/v1.41", "/v1.44", "/v1.47", "/v1.51", "/v1.54", "/v1.55",
)  # fmt: skip
"""What may stand before a path; which of them an expression takes makes no difference here."""

_FULL_IDS = tuple(f"{one}{_FULL[1:-1]}{one}" for one in _HEX)
_SWARM_IDS = tuple(f"{one}{_SWARM[1:-1]}{one}" for one in _LETTERS + digits)
_IDS = {
    "container": _FULL_IDS, "exec": _FULL_IDS, "network": _FULL_IDS,
    "image": tuple(f"sha256:{one}" for one in _FULL_IDS),
    **dict.fromkeys(("service", "node", "task", "secret", "config"), _SWARM_IDS),
}  # fmt: skip
"""By its id any object can be named: who may use every id reaches all."""

_LOWER = (*(f"{one}q_x-7.k{one}" for one in _LETTERS + digits), "x" * 60)
_ANY = (*_LOWER, *(f"{one}Q_X-7.K{one}" for one in ascii_uppercase), "Zz", "a0", "0A")
"""Names with each sign that may begin and end one, short and long: no one of them is left out."""
_NAMES = {
    "container": ("web", "traefik-1", "a_b.C-9", _FULL[:12], *_ANY),
    "image": ("alpine", "nginx:1.27-alpine", "ghcr.io/acme/app:latest", *_LOWER),
    "plugin": ("sshfs:latest", "acme/p", "ghcr.io/acme/p:1.2", *_LOWER),
    "volume": ("data", "my_app-1.x", _FULL, *_ANY),
    "network": ("bridge", "my_app-1.x", *_ANY),
    "checkpoint": ("cp", "a_b.C-9", *_ANY),
    "profile": ("heap", "goroutine"),
}
_MOST_NAMES = max(map(len, _NAMES.values()))
_OTHER_NAMES = ("web", "a_b.C-9", *_ANY)
_NOBODYS = ("qzx", "Qzx_7", "qzx-7.k", "7", "a1b2c3d4e5f6")
_ELSEWHERE = ("/", "/a", "/v1.47/no/such/thing", "/x/containers/create")
_WORD = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]|\\?\.)*")


@dataclass(frozen=True, slots=True)
class Expression:
    """One expression for one method, and where it was said: `-allowGET`."""

    method: str
    text: str
    said: str
    pattern: re.Pattern[str]

    def matches(self, path: str) -> bool:
        """Tell whether a path is let through."""
        return self.pattern.search(path) is not None

    def __str__(self) -> str:
        return f"{self.said}={self.text}"


@dataclass(frozen=True, slots=True)
class Opened:
    """An operation that is let through: by which expression, and of which names, () for all."""

    operation: str
    by: Expression
    names: tuple[str, ...] = ()


def expression(method: str, text: str, said: str) -> Expression:
    """Read one expression, with the anchors that it is given; raises ValueError."""
    return Expression(method, text, said, compile_go(f"^{text}$"))


def opened_by(expressions: Sequence[Expression]) -> list[Opened]:
    """Return the operations that are let through, in the order of the catalogue."""
    found = (
        _opened(operation, expressions)
        for operation in OPERATIONS.values()
        if not operation.refused
    )
    return [one for one in found if one is not None]


def _opened(operation: Operation, expressions: Sequence[Expression]) -> Opened | None:
    """Try each route of an operation; GET and HEAD of one path are worth the same."""
    routes = [route for route in ROUTES if route.operation == operation.name]
    by = {route: _whole(route, expressions) for route in routes}
    same = {route.template for route in routes if by[route] is not None}
    if all(route.template in same for route in routes):
        return Opened(operation.name, next(one for one in by.values() if one is not None))
    return _by_name(operation, routes, expressions)


def _whole(route: Route, expressions: Iterable[Expression]) -> Expression | None:
    """Return the expression that takes a route with every name, under some version."""
    for one in expressions:
        if _may_mean(one, route) and any(_takes_all(one, route, begin) for begin in _PATHS):
            return one
    return None


def _may_mean(one: Expression, route: Route) -> bool:
    """Tell whether an expression is for the method, and not by chance about what types by GET."""
    by_chance = _types_by_get(route.operation) and route.template[-1] not in one.text
    return one.method == route.method and not by_chance


def _takes_all(one: Expression, route: Route, begin: str) -> bool:
    kinds = [word.strip("{.}") for word in route.template if word.startswith("{")]
    if all(kind in _IDS for kind in kinds):
        rounds = max((len(_IDS[kind]) for kind in kinds), default=1)
        if all(one.matches(begin + _path(route, _ids(kinds, at))) for at in range(rounds)):
            return True
    return all(
        one.matches(begin + _path(route, [_named(kind, at) for kind in kinds]))
        for at in range(max((len(_names(kind)) for kind in kinds), default=1))
    )


def _ids(kinds: Iterable[str], at: int) -> list[str]:
    return [_IDS[kind][at % len(_IDS[kind])] for kind in kinds]


def _names(kind: str) -> tuple[str, ...]:
    return _NAMES.get(kind, _OTHER_NAMES)


def _named(kind: str, at: int) -> str:
    names = _names(kind)
    return names[at % len(names)]


def _path(route: Route, names: Iterable[str]) -> str:
    given = iter(names)
    return "/" + "/".join(next(given) if word.startswith("{") else word for word in route.template)


# --- single names -------------------------------------------------------------------------------


def _by_name(
    operation: Operation, routes: Sequence[Route], expressions: Iterable[Expression]
) -> Opened | None:
    """Find the containers that an expression spells out, for an operation on one container."""
    if len(routes) != 1 or [w for w in routes[0].template if w.startswith("{")] != ["{container}"]:
        return None
    for one in expressions:
        names = _spelled_out(one, routes[0])
        if names:
            return Opened(operation.name, one, names)
    return None


def _spelled_out(one: Expression, route: Route) -> tuple[str, ...]:
    """Return the names that stand in an expression; none where it takes names by their letters."""
    if not _may_mean(one, route) or any(_takes_name(one, route, name) for name in _NOBODYS):
        return ()
    words = {word.replace("\\", "").rstrip(".") for word in _WORD.findall(one.text)}
    fixed = {word for each in ROUTES for word in each.template}
    return tuple(
        name
        for name in sorted(words - fixed)
        if NAMED["container"](name) and _takes_name(one, route, name)
    )


def _takes_name(one: Expression, route: Route, name: str) -> bool:
    return any(one.matches(begin + _path(route, [name])) for begin in _PATHS)


def left_out(expressions: Sequence[Expression]) -> Iterable[str]:
    """Yield what is not carried over: operations of which only a part is let through."""
    opened = {one.operation for one in opened_by(expressions)}
    partly = [
        name
        for name, operation in OPERATIONS.items()
        if name not in opened
        and not operation.refused
        and any(_takes_some(one, route) for one in expressions for route in _routes_of(name))
    ]
    typing = [name for name in partly if _types_by_get(name)]
    if typing:
        yield f"left out, as it types into containers by GET: {', '.join(typing)}; add it if used"
    if partly := [name for name in partly if name not in typing]:
        yield f"left out, as not every name or route of it is let through: {', '.join(partly)}"
    for one in expressions:
        if not opened_by([one]) and not any(_takes_some(one, route) for route in ROUTES):
            yield f"{one} lets nothing through that the Engine API has"


def try_alone(one: Expression) -> None:
    """Try one expression on all that it would be tried on."""
    for _ in (*too_wide(one), *left_out([one])):
        pass


def _types_by_get(operation: str) -> bool:
    return OPERATIONS[operation].writes and all(
        route.method == "GET" for route in _routes_of(operation)
    )


def _routes_of(operation: str) -> list[Route]:
    return [route for route in ROUTES if route.operation == operation]


def _takes_some(one: Expression, route: Route) -> bool:
    if one.method != route.method:
        return False
    kinds = [word.strip("{.}") for word in route.template if word.startswith("{")]
    tried = [[_named(kind, at) for kind in kinds] for at in range(_MOST_NAMES)]
    return any(one.matches(begin + _path(route, names)) for names in tried for begin in _PATHS)


# --- too wide -----------------------------------------------------------------------------------

_MOST = 6


def too_wide(one: Expression) -> Iterable[str]:
    """Yield in what an expression lets through more than its writer is likely to think."""
    if all(map(one.matches, _ELSEWHERE)):
        yield f"{one} matches everything: each operation of {one.method} that there is"
    if has_open_alternatives(one.text):
        yield (
            f"{one} has alternatives outside of any group: ^ holds for the first and $ for the last"
            f" only, so it matches in the middle of paths; write {one.said}=({one.text})"
        )
    reaches = [found.operation for found in opened_by([one])]
    if one.method in ("GET", "HEAD"):
        beyond = [name for name in reaches if _is_more_than_looking(OPERATIONS[name])]
        what = "lets more through than looking at what is there"
    else:
        beyond = [name for name in reaches if OPERATIONS[name].level >= Level.CODE]
        what = "lets run code, or is root on the host"
    if beyond:
        more = f" and {len(beyond) - _MOST} more" if len(beyond) > _MOST else ""
        yield f"{one} {what}: {', '.join(beyond[:_MOST])}{more}"


def _is_more_than_looking(operation: Operation) -> bool:
    return operation.writes or (operation.level >= Level.SECRETS and not operation.masks)
