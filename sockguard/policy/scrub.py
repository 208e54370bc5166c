"""What a request may leave in the log: its query and its body without the secrets in them.

Must never keep the value of a variable, a credential, a secret, or a build argument.

It goes by names, wherever they stand, so that a field of which no table knows is treated like one
that is known. A password that nothing around it calls one, such as a bare argument of a command,
stays.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from sockguard.engine.answer import Mask
from sockguard.engine.shape import fold
from sockguard.errors import Malformed
from sockguard.policy.mask import HIDE, conceal, hide_text
from sockguard.wire.document import decode, encode

if TYPE_CHECKING:
    from collections.abc import Iterable

_VARIABLES: Final = frozenset({"env", "buildargs"})
"""Lists of `NAME=value`, or maps of names to values: the names stay."""

_SECRETS: Final = frozenset(
    {
        *("data", "password", "auth", "identitytoken", "registrytoken", "jointoken"),
        *("unlockkey", "signingcakey", "externalcas", "pulloptions", "credentialspec"),
    }
)
"""Fields of which nothing stays."""

_OPTIONS: Final = frozenset({"options", "driveropts", "config"})
"""Maps of a driver's options, of which only the harmless ones stay."""
_HARMLESS: Final = re.compile(
    r"type|device|max-(size|file|buffer-size)|mode|compress|com\.docker\.network\.[a-z0-9._]+"
)

_TELLING: Final = re.compile(
    r"pass(?:wo?r?d|phrase)|secret|token|credential|api[_-]?key|basicauth", re.IGNORECASE
)
"""What within a name tells that its value is a secret."""
_BETWEEN: Final = re.compile(r"([\s,;&'\"]+)")
_ASSIGNED: Final = re.compile(r"([^=:]+[=:]+)(.+)", re.DOTALL)
_USER_OF_URL: Final = re.compile(r"(://)[^/@\s]+@")


def scrubbed_query(pairs: Iterable[tuple[str, str]]) -> str:
    """Write the parameters as in a query, but readable and without what is secret."""
    return "&".join(f"{name}={_parameter(name, text)}" for name, text in pairs)


def scrubbed_body(document: object) -> str:
    """Write a decoded body as JSON in ASCII, without what is secret."""
    return encode(_scrubbed(document)).decode("ascii")  # type: ignore[arg-type]


def _parameter(name: str, text: str) -> str:
    if text[:1] not in "{[" or not text:
        return str(_field(name, text))
    try:
        return encode(_field(name, decode(text.encode()))).decode("ascii")  # type: ignore[arg-type]
    except Malformed:
        return hide_text(text)


def _scrubbed(value: object) -> object:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, list):
        return _items(value)
    if isinstance(value, dict):
        return {_text(name): _field(name, inner) for name, inner in value.items()}
    return value


def _field(name: str, value: object) -> object:
    folded = fold(name)
    if folded in _VARIABLES:
        return _variables(value)
    if folded in _SECRETS or (isinstance(value, str) and _TELLING.search(name)):
        return conceal(value, hide_text)
    if folded in _OPTIONS and isinstance(value, dict):
        return {key: _option(key, text) for key, text in value.items()}
    return _scrubbed(value)


def _variables(value: object) -> object:
    if isinstance(value, dict):
        return {name: conceal(text, hide_text) for name, text in value.items()}
    return conceal(value, HIDE[Mask.ASSIGNMENT])


def _option(name: str, value: object) -> object:
    return _scrubbed(value) if _HARMLESS.fullmatch(name) else conceal(value, hide_text)


def _items(values: list[object]) -> list[object]:
    """Scrub each item; one that follows a word such as `--password` is hidden."""
    return [
        hide_text(value) if isinstance(value, str) and _is_flag(before) else _scrubbed(value)
        for before, value in zip(["", *values], values, strict=False)
    ]


def _is_flag(word: object) -> bool:
    """Tell whether what follows this word of a command is its value, and secret."""
    return (
        isinstance(word, str)
        and word.startswith("-")
        and not any(mark in word for mark in "=: ")
        and _tells(word)
    )


def _text(text: str) -> str:
    """Hide in a text what is assigned to a telling name, or stands behind such a flag."""
    if not _TELLING.search(text):
        return _without_user(text)
    scrubbed = []
    told = awaited = False
    for word in _BETWEEN.split(text):
        if not word or _BETWEEN.fullmatch(word):
            scrubbed.append(word)
            continue
        scrubbed.append(hide_text(word) if awaited else _word(word))
        marks = word[-1] in "=:"
        awaited = not awaited and (_is_flag(word) or (marks and (told or _tells(word))))
        told = _tells(word)
    return "".join(scrubbed)


def _tells(word: str) -> bool:
    return _TELLING.search(word) is not None


def _word(word: str) -> str:
    assigned = _ASSIGNED.fullmatch(word)
    if assigned and _tells(assigned[1]):
        return assigned[1] + hide_text(assigned[2])
    return _without_user(word)


def _without_user(text: str) -> str:
    return _USER_OF_URL.sub(rf"\1{hide_text('user')}@", text) if "://" in text else text
