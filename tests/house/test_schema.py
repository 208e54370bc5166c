"""The schema of policies that is shipped for editors is the one that the tables make."""

from __future__ import annotations

import json

from sockguard.policy.schema import policy_schema, schema_text
from tests.support.tree import ROOT

SHIPPED = ROOT / "docs" / "policy.schema.json"
LARGEST = 400 * 1024


def test_the_schema_that_is_shipped_is_the_one_that_is_made() -> None:
    stale = "stale: sockguard policy schema > docs/policy.schema.json writes it"
    assert SHIPPED.read_text("utf-8") == schema_text(), stale


def test_it_says_what_the_tables_say_and_no_editor_chokes_on_it() -> None:
    assert json.loads(SHIPPED.read_text("utf-8")) == policy_schema()
    assert SHIPPED.stat().st_size < LARGEST
