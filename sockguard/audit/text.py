"""Audit events for people: one line each, or all that is known of one request.

Must never let a text from outside end a line, move the cursor or change a colour.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sockguard.audit.event import DOCUMENTS, FIELDS, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

_COLOURS = {"allow": "32", "deny": "31", "would_deny": "33", "gap": "35", "unreadable": "35"}
"""Of a decision or kind: Select Graphic Rendition numbers (ECMA-48, section 8.3.117)."""

_WHOLE = "complete"
_NOTHING: tuple[object, ...] = (None, "", [], {})
_ONE_BYTE = 0x100
_BASIC_PLANE = 0x10000


def _visible(character: str) -> str:
    if character == "\\":
        return "\\\\"
    if character.isprintable():
        return character
    code = ord(character)
    if code < _ONE_BYTE:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < _BASIC_PLANE else f"\\U{code:08x}"


def printable(text: str) -> str:
    r"""Write all that a terminal would act on, or not show, as `\x1b` or `\u202e`.

    That is whatever Unicode calls other or a separator, but for the blank: controls, direction
    marks, line and paragraph separators, surrogates, unassigned characters. A backslash is doubled,
    so that two texts never look the same for it.
    """
    if text.isprintable() and "\\" not in text:
        return text
    return "".join(map(_visible, text))


def _word(value: object) -> str:
    """Write a value as one word: quoted where a blank or quote would make it look like several."""
    text = _shown(value)
    if text and not set(text) & set(' "='):
        return text
    return '"' + text.replace('"', '\\"') + '"'


def copyable(text: str) -> str:
    """Write the same with backslashes as they are: for what its reader wrote and looks for."""
    return "".join(one if one == "\\" else _visible(one) for one in text)


def _given(event: Mapping[str, object], *names: str) -> list[str]:
    return [f"{name}={_word(event[name])}" for name in names if event.get(name) not in (None, "")]


def may_colour(environ: Mapping[str, str], *, terminal: bool) -> bool:
    """Say whether output may be coloured: on a terminal, unless NO_COLOR is set (no-color.org)."""
    return terminal and not environ.get("NO_COLOR")


def line_of(event: Mapping[str, object], *, colour: bool = False) -> str:
    """Write one event as one line without its newline.

    The order: time, client, what happened, operation, target, status, reason, detail, sentence, id.
    """
    kind = str(event.get("kind", ""))
    happened = str(event.get("decision") or event.get("ended") or kind)
    words = [
        _word(event.get("time") or "-"),
        _word(event.get("client") or "-"),
        _painted(_word(happened or "-"), happened if colour else ""),
        _word(event.get("operation") or "-"),
        *_given(event, "target", "status", "reason", "detail", "count"),
    ]
    if kind == Kind.OUTCOME:
        words += _given(event, "ms", "bytes_in", "bytes_out")
    elif "ended" in event:  # a decision that how it ended was added to
        words += _given(event, "ms", *(["ended"] if event["ended"] != _WHOLE else []))
    if kind == Kind.CONNECTION_REFUSED:
        words += _given(event, "caller")  # it is no client: nothing else says who it was
    if kind == Kind.ACKNOWLEDGED:
        words += _given(event, "caller", "note")
    text = printable(str(event.get("text") or ""))
    identity = printable(str(event.get("id") or ""))
    return "  ".join(filter(None, (" ".join(words), text, identity)))


def _painted(word: str, happened: str) -> str:
    number = _COLOURS.get(happened)
    return f"\x1b[{number}m{word}\x1b[0m" if number else word


def page_of(
    found: Iterable[Mapping[str, object]],
    *,
    colour: bool = False,
    beside: Callable[[Mapping[str, object]], Iterable[tuple[str, str]]] = lambda _: (),
) -> str:
    """Write all that is known of one request: the sentence, the hint, and every field.

    `beside(event)` has more to say of an event, each with what it is.
    """
    return "\n\n".join(_section(event, beside(event), colour=colour) for event in found)


def _section(
    event: Mapping[str, object], beside: Iterable[tuple[str, str]], *, colour: bool
) -> str:
    kind = str(event.get("kind", ""))
    title = str(event.get("decision") or kind)
    heading = _painted(_word(title), title if colour else "")
    sentence = printable(str(event.get("text") or ""))
    lines = [f"{heading}  {sentence}" if sentence else heading]
    if event.get("hint"):
        lines.append(f"  to allow it: {printable(str(event['hint']))}")
    lines += [f"  {label}: {printable(text)}" for label, text in beside]
    names = [name for name in FIELDS if name in event and name not in ("text", "hint")]
    names += sorted(event.keys() - set(FIELDS))
    told = {name: _said(event[name]) if name in DOCUMENTS else event[name] for name in names}
    return "\n".join([*lines, *(f"  {printable(name):12} {_shown(told[name])}" for name in names)])


def _said(document: object) -> object:
    """Leave out what says nothing: programs send dozens of fields that they leave empty."""
    if isinstance(document, dict):
        told = {name: _said(value) for name, value in document.items()}
        return {name: value for name, value in told.items() if value not in _NOTHING}
    return [_said(value) for value in document] if isinstance(document, list) else document


def _shown(value: object) -> str:
    """Write text as it is and all else as the log has it: true, null, 5."""
    return printable(value if isinstance(value, str) else json.dumps(value))
