"""Variables that open and shut: how their values are read, and which are not what they look like.

Must never turn on what the proxy that they were written for leaves off.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING

from sockguard.compat.dialects import DIALECTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sockguard.compat.dialect import Dialect

# HAProxy reads the number that a text begins with: `1abc` is 1, `true` and ` 1` are none.
_NUMBER = re.compile(r"[+-]?([0-9]{1,9})(?![0-9])")
_PLAINLY_OFF = re.compile(r"[+-]?0*|false|no|off|none|n|f", re.IGNORECASE)
_PLAINLY_ON = re.compile(r"[+-]?[0-9]+")
_LOOKS_LIKE_ONE = re.compile(
    r"[+-]?[0-9]{1,2}|true|false|yes|no|on|off|y|n|enabled?|disabled?", re.IGNORECASE
)

COMMON_WORDS = frozenset(
    {"AUTH", "BUILD", "COMMIT", "EVENTS", "EXEC", "GRPC", "INFO", "PING", "SESSION", "SYSTEM"}
    | {"VERSION"}
)
"""Toggles whose name other programs use too: these count only where the value looks like one."""

_BEGINNINGS = ("ALLOW_", "DENY_", "LIBPOD_")
_METHODS = frozenset({"GET", "HEAD", "PUT", "PATCH", "DELETE"})
_CLOSE = 0.8
"""A letter or two apart: UMASK is not TASKS."""


def is_on(value: str) -> bool:
    """Tell whether a value turns a variable on: one that begins with a number other than 0."""
    found = _NUMBER.match(value)
    return found is not None and int(found[1]) != 0


def turned_on(dialect: Dialect, environ: Mapping[str, str]) -> frozenset[str]:
    """Return the variables that are on, those included that are on without being set."""
    return frozenset(
        name
        for name in dialect.toggles
        if (is_on(environ[name]) if name in environ else name in dialect.on)
    )


def warnings_of(dialect: Dialect, environ: Mapping[str, str]) -> Iterator[str]:
    """Yield what its writer may have meant otherwise, each with what mends it."""
    for name in sorted(environ):
        value = environ[name]
        if name in dialect.toggles:
            yield from _misread(name, value)
            yield from _of_no_use(dialect, name, value)
        elif _LOOKS_LIKE_ONE.fullmatch(value):
            yield from _mistaken(dialect, name, value)


def _misread(name: str, value: str) -> Iterator[str]:
    if is_on(value) and not _PLAINLY_ON.fullmatch(value):
        yield f"{name}={value} is on, as it begins with a number other than 0; write {name}=1"
    elif not is_on(value) and not _PLAINLY_OFF.fullmatch(value):
        yield (
            f"{name}={value} is off, as there: only a number other than 0 turns it on; write"
            f" {name}=1 if that is meant, else {name}=0"
        )


def _of_no_use(dialect: Dialect, name: str, value: str) -> Iterator[str]:
    if name.startswith(dialect.nothing_here) and is_on(value):
        yield f"{name}={value} opens nothing: sockguard knows Docker's API only, no /libpod"


def _mistaken(dialect: Dialect, name: str, value: str) -> Iterator[str]:
    others = [one.name for one in DIALECTS.values() if name in one.toggles]
    if others:
        yield f"{name}={value} means something to {others[0]} only, and nothing to {dialect.name}"
    elif name in _METHODS:
        yield (
            f"{name}={value} is no variable of {dialect.name}: POST=1 is about every method but GET"
            " and HEAD"
        )
    elif (hint := _nearest(dialect, name)) or name.startswith(_BEGINNINGS):
        yield f"{name}={value} is no variable of {dialect.name}, and opens nothing{hint}"


def _nearest(dialect: Dialect, name: str) -> str:
    """Name the toggle that was meant; "" for one that is far from all."""
    if name.upper() in dialect.toggles:
        return f" (did you mean {name.upper()}?)"
    near = get_close_matches(name, dialect.toggles, n=1, cutoff=_CLOSE)
    return f" (did you mean {near[0]}?)" if near else ""


def toggles_seen(environ: Mapping[str, str]) -> list[str]:
    """Name the variables in an environment that were written for another socket proxy."""
    return sorted(
        name
        for name in {name for one in DIALECTS.values() for name in one.toggles} & environ.keys()
        if name not in COMMON_WORDS or _LOOKS_LIKE_ONE.fullmatch(environ[name])
    )
