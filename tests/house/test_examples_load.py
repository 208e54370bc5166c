"""Policies shown in documents are policies that load."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from sockguard.policy.check import lint
from sockguard.policy.load import load_texts, shipped_folder
from tests.support.tree import ROOT, name_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BLOCK = re.compile(r"^```yaml\n((?:#[^\n]*\n)*version: 1\n.*?)^```$", re.MULTILINE | re.DOTALL)
SHIPPED = {f"shipped/{path.name}": path.read_bytes() for path in shipped_folder().glob("*.yaml")}


def documents() -> Iterator[Path]:
    yield from ROOT.glob("*.md")
    yield from ROOT.glob("docs/**/*.md")


def policies() -> list[tuple[str, str]]:
    """Every fenced policy, as the place where it begins and its text."""
    return [
        (f"{name_of(path)}:{text.count(chr(10), 0, block.start()) + 2}", block[1])
        for path in sorted(documents())
        for text in [path.read_text(encoding="utf-8")]
        for block in BLOCK.finditer(text)
    ]


@pytest.mark.parametrize(("place", "text"), policies(), ids=[place for place, _ in policies()])
def test_a_policy_in_a_document_loads(place: str, text: str) -> None:
    assert load_texts({place: text.encode()}, shipped=SHIPPED).clients


def test_the_policy_page_shows_policies() -> None:
    assert sum(place.startswith("docs/policy.md") for place, _ in policies()) >= 8


@pytest.mark.parametrize("page", ["README.md", "docs/quickstart.md"])
def test_nothing_is_to_be_warned_of_in_the_first_policy_that_somebody_sees(page: str) -> None:
    first = next(text for place, text in policies() if place.startswith(page))
    assert lint(load_texts({"policy.yaml": first.encode()}, shipped=SHIPPED)) == []
