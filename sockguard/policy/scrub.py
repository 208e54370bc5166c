"""What a request may leave in the log: its query and its body without the secrets in them.

Must never keep the value of a variable, a credential, a secret, or a build argument.

It goes by names, wherever they stand, so that a field of which no table knows is treated like one
that is known. Where a text has such a name all that follows goes, harmless or not, since nobody can
say where a secret ends. A password that nothing around it calls one, such as a bare argument of a
command, stays.
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

_REFERRING: Final = frozenset({"secrets"})
"""A list of what is named by its fields; the list itself is no secret."""

_INSTRUCTIONS: Final = frozenset({"changes", "onbuild"})
"""Lines of a Dockerfile, of which those that set variables keep only their first word."""
_SETS_VARIABLES: Final = re.compile(r"\b(?:env|arg)\b", re.IGNORECASE)

_OPTIONS: Final = frozenset({"options", "driveropts", "config"})
"""Maps of a driver's options, of which only the harmless ones stay."""
_HARMLESS: Final = re.compile(
    r"type|device|max-(size|file|buffer-size)|mode|compress|com\.docker\.network\.[a-z0-9._]+"
)

_TELLING: Final = re.compile(
    r"pass(?:wo?r?d|phrase)|pwd|secret|token|credential|basicauth|authorization|bearer|signature"
    r"|\bsig\b|(?:api|access|private)[_-]?key",
    re.IGNORECASE,
)
"""What within a name tells that its value is a secret."""
# Names, marks and words are searched one after another, none twice: a long text costs its length.
_NAME: Final = re.compile(r"[\w.\-\[\]]+")
_ASSIGNS: Final = re.compile(r"[\\\"'`]*[\s=:]")
_WORD: Final = re.compile(r"\S+")
_PLAIN_VARIABLE: Final = re.compile(r"[\w.-]+=.*", re.DOTALL)


def scrubbed_query(pairs: Iterable[tuple[str, str]]) -> str:
    """Write the parameters as in a query, but readable and without what is secret."""
    return "&".join(f"{scrubbed_text(name)}={_parameter(name, text)}" for name, text in pairs)


def scrubbed_body(document: object) -> str:
    """Write a decoded body as JSON in ASCII, without what is secret."""
    scrubbed = _variables(document) if _is_settings(document) else _scrubbed(document)
    return encode(scrubbed).decode("ascii")  # type: ignore[arg-type]


def scrubbed_text(text: str) -> str:
    """Hide in a text all that follows a telling name, and who asks in an address."""
    if "//" in text:
        text = _WORD.sub(_without_user, text)
    if _tells(text):
        for name in _NAME.finditer(text):
            mark = _ASSIGNS.match(text, name.end()) if _tells(name[0]) else None
            if mark is not None:
                return text[: mark.end()] + hide_text(text[mark.end() :])
    return text


def _without_user(word: re.Match[str]) -> str:
    before, slashes, rest = word[0].partition("//")
    user, at, host = rest.rpartition("@")
    return f"{before}{slashes}{hide_text(user)}{at}{host}"


def _is_settings(document: object) -> bool:
    """Tell whether this is what a plugin is told: a bare list of `NAME=value`."""
    return isinstance(document, list) and any(isinstance(one, str) for one in document)


def _parameter(name: str, text: str) -> str:
    if text.lstrip()[:1] not in ("{", "["):
        hidden = fold(name) in _VARIABLES and not _PLAIN_VARIABLE.fullmatch(text)
        return hide_text(text) if hidden else str(_field(name, text))
    try:
        return encode(_field(name, decode(text.encode()))).decode("ascii")  # type: ignore[arg-type]
    except Malformed:
        return hide_text(text)


def _scrubbed(value: object) -> object:
    if isinstance(value, str):
        return scrubbed_text(value)
    if isinstance(value, list):
        return _items(value)
    if isinstance(value, dict):
        return {scrubbed_text(name): _field(name, inner) for name, inner in value.items()}
    return value


def _field(name: str, value: object) -> object:
    folded = fold(name)
    if folded in _VARIABLES:
        return _variables(value)
    if folded in _SECRETS or (_tells(name) and folded not in _REFERRING):
        return conceal(value, hide_text)
    if folded in _INSTRUCTIONS:
        return conceal(value, _instruction)
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


def _instruction(line: str) -> str:
    sets = _SETS_VARIABLES.search(line)
    return line[: sets.end()] + hide_text(line[sets.end() :]) if sets else scrubbed_text(line)


def _tells(word: str) -> bool:
    return _TELLING.search(word) is not None
