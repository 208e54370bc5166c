from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sockguard.policy.load import load_text
from sockguard.policy.tree import spell


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (5, "5"),
        (Decimal("1.5"), "1.5"),
        ("web", "web"),
        ("no", "no"),
        ("true", '"true"'),
        ("5", '"5"'),
        ("", '""'),
        ("a b", '"a b"'),
        ("a: b", '"a: b"'),
        ('"\\', '"\\"\\\\"'),
        ("\n", '"\\U0000000a"'),
        ({"query": {"t": [1, "x*"]}}, '{query: {t: [1, "x*"]}}'),
    ],
)
def test_values_are_written_so_that_they_read_as_they_are(value: object, text: str) -> None:
    assert spell(value) == text


@settings(max_examples=150)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=12))
def test_any_text_that_is_written_is_read_back(text: str) -> None:
    policy = load_text(
        "version: 1\nallow:\n  - containers.stop: {query: {signal: " + spell(text) + "}}\n"
    )
    (grant,) = policy.clients["main"].role.grants["containers.stop"]
    assert grant.query_any if text == "any" else grant.query["signal"].holds(text)
