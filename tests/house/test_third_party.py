"""Each package from elsewhere has one home, so that it can be judged and replaced in one place."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.support.tree import PACKAGE, imports, name_of, python_files

if TYPE_CHECKING:
    from pathlib import Path

HOMES = {
    "yaml": (
        "sockguard/policy/load.py",
        "sockguard/compat/compose.py",
    ),  # policies, and others' files
    "cryptography": ("sockguard/certs/", "sockguard/audit/seal.py"),
    "uvloop": ("sockguard/cli/",),
    "aiohttp": ("demo/", "sockguard/proxy/metrics_http.py"),
    "prometheus_client": ("sockguard/proxy/metrics.py",),
    "opentelemetry": ("sockguard/export/otlp_sender.py",),
    "requests": ("sockguard/export/otlp_sender.py",),
    "multidict": ("demo/",),  # aiohttp's own headers
}
OURS = {PACKAGE, "demo"}


def foreign(path: Path) -> list[tuple[str, int]]:
    """The packages from outside the standard library that a file imports, with lines."""
    tops = ((name.split(".")[0], line) for name, line in imports(path))
    return [
        (top, line) for top, line in tops if top not in OURS and top not in sys.stdlib_module_names
    ]


@pytest.mark.parametrize("path", python_files(PACKAGE, "demo"), ids=name_of)
def test_a_package_is_imported_in_its_home_only(path: Path) -> None:
    strays = [
        f"line {line}: {top}"
        for top, line in foreign(path)
        if not name_of(path).startswith(HOMES.get(top, ()))
    ]
    assert strays == []


@pytest.mark.parametrize("path", python_files(PACKAGE, "demo"), ids=name_of)
def test_imports_are_absolute(path: Path) -> None:
    assert [f"line {line}" for name, line in imports(path) if name.startswith(".")] == []
