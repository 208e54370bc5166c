"""Words and file names that the project does without, each with its reason."""

from __future__ import annotations

import re
from fnmatch import fnmatch
from typing import TYPE_CHECKING

import pytest

from tests.support.tree import ROOT, name_of, python_files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FORBIDDEN = (
    (r"\b(TODO|FIXME|XXX|HACK)\b", "an open note is work, not text: do it or leave it out"),
    (r"\b(white|black)-?list", "say what it does: allow, refuse"),
    (r"\bissue\s+#?\d+\b|\(#\d+\)", "a number explains nothing to who reads the text: say why"),
    (r"# noqa(?!: [A-Z]+\d+)", "an exception to a rule names the rule"),
    (r"type: ignore(?!\[[a-z-]+)", "an exception to a type names the error"),
    (r"[ \t]+$", "blanks at the end of a line"),
    (re.escape(str(ROOT)), "the place of one checkout on one machine"),
)
VAGUE_NAMES = {"base", "common", "helper", "helpers", "manager", "misc", "util", "utils"}
"""Module names that say where something was put, not what it is."""

THIS = "tests/house/test_words.py"
LOCK = "requirements.lock"
CORPUS = "tests/fuzz/corpus"
"""Raw bytes, whatever their names say."""
IGNORED = [".git", *(line.strip("/") for line in (ROOT / ".gitignore").read_text().splitlines())]


def texts() -> list[Path]:
    """The text files: not what .gitignore names, links, the fuzzer's corpus and this table."""
    return [path for path in files_below(ROOT) if is_text(path)]


def files_below(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.is_symlink() or name_of(path) == CORPUS:
            continue
        if any(fnmatch(path.name, pattern) for pattern in IGNORED):
            continue
        if path.is_dir():
            yield from files_below(path)
        elif name_of(path) not in (THIS, LOCK):
            yield path


def is_text(path: Path) -> bool:
    return b"\0" not in path.read_bytes()[:8000]


@pytest.mark.parametrize(("pattern", "reason"), FORBIDDEN, ids=[p for p, _ in FORBIDDEN])
def test_a_word_is_not_used(pattern: str, reason: str) -> None:
    expression = re.compile(pattern)
    found = [
        f"{name_of(path)}:{number}"
        for path in texts()
        for number, line in enumerate(path.read_text("utf-8", "replace").split("\n"), start=1)
        if expression.search(line)
    ]
    assert found == [], reason


def test_a_module_is_named_after_what_it_holds() -> None:
    names = {
        name_of(path)
        for path in python_files("sockguard", "demo", "tests", "bench", "image", "recording")
    }
    assert [name for name in names if name.split("/")[-1].removesuffix(".py") in VAGUE_NAMES] == []
