"""The JSON Schema of events, and the tables of the page about them, from one reference.

Must never say of a field what the code does not hold: both come from the same tables.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sockguard.audit.event import TEXT_BYTES, VERSION
from sockguard.review.event_reference import ALWAYS, ANY, EVENT_FIELDS, EVENT_KINDS, NEEDED
from sockguard.review.fields import FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sockguard.review.event_reference import Told

_TIME = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z$"
_HASH = {"pattern": "^[0-9a-f]{64}$"}
_FORMS: Mapping[str, Mapping[str, object]] = {
    "v": {"const": VERSION},
    "seq": {"minimum": 1},
    "time": {"pattern": _TIME},
    "id": {"pattern": "^[0-9A-HJKMNP-TV-Z]{26}$"},
    "body_sha256": _HASH,
    "policy": _HASH,
    "torn": _HASH,
    "recording": {"pattern": r"^[0-9A-HJKMNP-TV-Z]{26}\.cast$"},
    "recording_sha256": _HASH,
    "key": {"pattern": "^[0-9a-f]{16}$"},
    "sig": {"pattern": "^[0-9a-f]{128}$"},
    "prev": _HASH,
}
"""What is asked of fields beside their type."""


def event_schema() -> dict[str, object]:
    """Return the schema of one line of the log."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "An event of sockguard's audit log",
        "type": "object",
        "required": list(ALWAYS),
        "properties": {name: _property(name, told) for name, told in EVENT_FIELDS.items()},
        "allOf": [
            {
                "if": {"properties": {"kind": {"const": kind.value}}},
                "then": {"required": list(names)},
            }
            for kind, names in NEEDED.items()
        ],
    }


def schema_text() -> str:
    """Write the schema as the file that is shipped."""
    return json.dumps(event_schema(), indent=2) + "\n"


def _property(name: str, told: Told) -> dict[str, object]:
    found: dict[str, object] = {"description": told.says}
    if told.type != ANY:
        found["type"] = told.type
    if told.words:
        found["enum"] = list(told.words)
    elif told.type == "string":
        found["maxLength"] = TEXT_BYTES
    elif told.type in ("integer", "number"):
        found["minimum"] = 0
    return {**found, **_FORMS.get(name, {})}


def tables() -> dict[str, str]:
    """Write the tables of the page in Markdown, by the first word of their head."""
    words = {name: f": {_spelled(told.words)}" if told.words else "" for name, told in _told()}
    return {
        "Field": _table(
            ("Field", "Type", "What it tells"),
            [
                (f"`{name}`", told.type, told.says + (words[name] if name != "kind" else ""))
                for name, told in _told()
            ],
        ),
        "Kind": _table(
            ("Kind", "What happened"),
            [(f"`{kind}`", says) for kind, says in EVENT_KINDS.items()],
        ),
        "Asked": _table(
            ("Asked", "What it is"), [(f"`{name}:`", one.says) for name, one in FIELDS.items()]
        ),
    }


def _told() -> Iterable[tuple[str, Told]]:
    return EVENT_FIELDS.items()


def _spelled(words: Sequence[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)
