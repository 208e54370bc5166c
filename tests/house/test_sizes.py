"""Modules and functions stay small enough to be read in one sitting."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import pytest

from tests.support.tree import functions, name_of, python_files, syntax

if TYPE_CHECKING:
    from pathlib import Path

MODULE_LINES = 300
FUNCTION_LINES = 40
TABLES = (
    "sockguard/engine/answers/",
    "sockguard/engine/bodies/",
    "sockguard/engine/catalogue/",
    "tests/",
)
"""Where modules are mostly tables, whose length is the length of their subject."""


def lines_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from `def` to the end, the docstring not counted."""
    lines = (function.end_lineno or function.lineno) - function.lineno + 1
    if ast.get_docstring(function, clean=False) is None:
        return lines
    docstring = function.body[0]
    return lines - ((docstring.end_lineno or docstring.lineno) - docstring.lineno + 1)


@pytest.mark.parametrize(
    "path", python_files("sockguard", "demo", "bench", "image", "recording", "tests"), ids=name_of
)
def test_a_function_is_under_forty_lines(path: Path) -> None:
    long = {f.name: lines_of(f) for f in functions(path) if lines_of(f) >= FUNCTION_LINES}
    assert long == {}


@pytest.mark.parametrize(
    "path", python_files("sockguard", "demo", "bench", "image", "recording"), ids=name_of
)
def test_a_module_is_under_three_hundred_lines(path: Path) -> None:
    if name_of(path).startswith(TABLES):
        return
    assert len(path.read_text(encoding="utf-8").splitlines()) < MODULE_LINES


@pytest.mark.parametrize(
    "path", python_files("sockguard", "demo", "image", "recording"), ids=name_of
)
def test_a_module_says_what_it_is(path: Path) -> None:
    assert ast.get_docstring(syntax(path))


def is_version(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and ast.unparse(node).startswith("__version__ = ")


@pytest.mark.parametrize(
    "path",
    [path for path in python_files("sockguard", "demo") if path.name == "__init__.py"],
    ids=name_of,
)
def test_an_init_file_is_one_docstring_of_one_line(path: Path) -> None:
    docstring, *rest = syntax(path).body
    assert docstring.lineno == docstring.end_lineno
    assert [ast.unparse(node) for node in rest if not is_version(node)] == []
