"""Who may import whom. The table below is the one in CONTRIBUTING.md."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.tree import PACKAGE, imports, module_name, name_of, python_files

if TYPE_CHECKING:
    from pathlib import Path

RANKS = (
    {"errors", "__version__"},
    {"wire", "engine", "identity", "audit", "certs"},
    {"policy", "export"},
    {"compat", "history"},
    {"options"},
    {"settings"},
    {"review", "proxy"},
    {"cli"},
    {"__main__"},
)
"""Lowest first: a part imports itself and parts of lower ranks only."""

RANK_OF = {part: rank for rank, parts in enumerate(RANKS) for part in parts}

PURE = {"wire", "engine", "identity", "policy", "compat", "history"}
READS_FILES = {"sockguard/policy/load.py"}
IMPURE_MODULES = {
    "asyncio", "glob", "http", "io", "logging", "multiprocessing", "os", "pathlib", "random",
    "secrets", "select", "selectors", "shutil", "socket", "socketserver", "subprocess", "tempfile",
    "threading", "time", "urllib.request", "uuid",
}  # fmt: skip
PURE_PARTS_OF_IMPURE_MODULES = {"pathlib.PurePosixPath", "os.fspath"}


def part_of(module: str) -> str:
    """The top part of the package that a dotted name belongs to: `wire`, `errors`, ..."""
    return module.split(".")[1] if "." in module else ""


def breach(importer: str, imported: str) -> str | None:
    """Why part `importer` must not import part `imported`, or None where it may."""
    if imported in ("", importer):
        return None
    if RANK_OF[imported] < RANK_OF[importer]:
        return None
    return f"{importer} must not import {imported}"


@pytest.mark.parametrize("path", python_files(PACKAGE), ids=name_of)
def test_imports_point_downwards(path: Path) -> None:
    importer = part_of(module_name(path))
    breaches = [
        f"line {line}: {reason}"
        for module, line in imports(path)
        if module.split(".")[0] == PACKAGE and importer
        if (reason := breach(importer, part_of(module)))
    ]
    assert breaches == []


@pytest.mark.parametrize(
    ("importer", "imported", "allowed"),
    [
        ("wire", "errors", True),
        ("wire", "engine", False),
        ("engine", "wire", False),
        ("policy", "engine", True),
        ("policy", "proxy", False),
        ("policy", "compat", False),
        ("export", "audit", True),
        ("export", "policy", False),
        ("audit", "export", False),
        ("compat", "settings", False),
        ("history", "policy", True),
        ("history", "review", False),
        ("review", "proxy", False),
        ("proxy", "policy", True),
        ("proxy", "settings", True),
        ("settings", "proxy", False),
        ("cli", "proxy", True),
        ("errors", "wire", False),
        ("proxy", "__main__", False),
    ],
)
def test_the_table_says_what_is_meant(importer: str, imported: str, allowed: bool) -> None:
    assert (breach(importer, imported) is None) is allowed


def test_every_part_has_a_rank() -> None:
    parts = {part_of(module_name(path)) for path in python_files(PACKAGE)} - {""}
    assert parts <= RANK_OF.keys()


@pytest.mark.parametrize("path", python_files("demo"), ids=name_of)
def test_the_demo_engine_is_a_second_opinion(path: Path) -> None:
    assert [name for name, _ in imports(path) if name.split(".")[0] == PACKAGE] == []


@pytest.mark.parametrize("path", python_files(PACKAGE), ids=name_of)
def test_nothing_in_the_product_needs_demo_tests_or_bench(path: Path) -> None:
    assert [n for n, _ in imports(path) if n.split(".")[0] in ("demo", "tests", "bench")] == []


def pure_files() -> list[Path]:
    files = [path for part in sorted(PURE) for path in python_files(f"{PACKAGE}/{part}")]
    return [path for path in files if name_of(path) not in READS_FILES]


def is_impure(module: str) -> bool:
    within = any(module == name or module.startswith(f"{name}.") for name in IMPURE_MODULES)
    return within and module not in PURE_PARTS_OF_IMPURE_MODULES


@pytest.mark.parametrize("path", pure_files(), ids=name_of)
def test_pure_parts_know_no_clock_file_or_socket(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert [f"line {line}: {name}" for name, line in imports(path) if is_impure(name)] == []
    assert [word for word in (".now(", ".today(", " open(", "=open(") if word in text] == []
