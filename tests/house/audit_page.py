"""`python -m tests.house.audit_page`: write what is said of events from the code's own tables.

Must never say of a field what the code does not hold.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from sockguard.review.event_reference import EVENT_FIELDS
from sockguard.review.event_schema import schema_text, tables
from tests.support.tree import ROOT

if TYPE_CHECKING:
    from pathlib import Path

PAGE = ROOT / "docs" / "audit.md"
SCHEMA = ROOT / "docs" / "audit-event.schema.json"
TEMPLATE = ROOT / "examples" / "collectors" / "elasticsearch-template.json"

KINDS_OF_FIELDS = {"integer": "long", "number": "double", "boolean": "boolean"}
SENTENCES = ("text", "hint", "note")


def page(text: str) -> str:
    """The page with each of its tables of events made anew."""
    for head, table in tables().items():
        found = re.findall(rf"^\| {head} \|.*\n(?:\|.*\n)+", text, re.MULTILINE)
        if len(found) != 1:
            raise ValueError(f"there are {len(found)} tables that begin with {head}")
        text = text.replace(found[0], table)
    return text


def field_of(name: str) -> dict[str, object]:
    """How Elasticsearch keeps a field."""
    if name == "time":
        return {"type": "date"}
    if name == "body":
        return {"type": "object", "enabled": False}
    if name in SENTENCES:
        return {"type": "text"}
    return {"type": KINDS_OF_FIELDS.get(EVENT_FIELDS[name].type, "keyword")}


def template() -> str:
    """An index template of Elasticsearch, in which no text of a client becomes a field."""
    fields = {name: field_of(name) for name in EVENT_FIELDS}
    ours = {"dynamic": False, "properties": fields}
    document = {
        "index_patterns": ["sockguard-audit"],
        "data_stream": {},
        "priority": 200,
        "template": {"mappings": {"dynamic": False, "properties": {"sockguard": ours}}},
    }
    return json.dumps(document, indent=2) + "\n"


def written() -> dict[Path, str]:
    """What each file has to be."""
    return {
        PAGE: page(PAGE.read_text(encoding="utf-8")),
        SCHEMA: schema_text(),
        TEMPLATE: template(),
    }


if __name__ == "__main__":
    for path, text in written().items():
        path.write_text(text, encoding="utf-8")
