"""Fixtures that several folders of tests share."""

from __future__ import annotations

import gc
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.dockerd import Engine, private_dockerd, skip_without_dockerd

if TYPE_CHECKING:
    from collections.abc import Iterator


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in one line for each reason what was not run."""
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = Counter(report.longrepr[2].removeprefix("Skipped: ") for report in skipped)
    for reason, count in reasons.items():
        terminalreporter.line(f"skipped {count}: {reason}")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep a file in one process where tests run side by side, and all that needs the Engine."""
    for item in items:
        needs_engine = "dockerd" in getattr(item, "fixturenames", ())
        item.add_marker(pytest.mark.xdist_group("dockerd" if needs_engine else str(item.path)))


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Keep what all tests are made of, which stays to the end, out of the collector's rounds."""
    gc.freeze()


@pytest.fixture(scope="session")
def dockerd() -> Iterator[Engine]:
    """A real Docker Engine, one for the whole run; skips where there can be none."""
    skip_without_dockerd()
    with private_dockerd() as engine:
        yield engine


@pytest.fixture
def short_path() -> Iterator[Path]:
    """A temporary folder whose path leaves room for sockets, which have 107 bytes at most."""
    with tempfile.TemporaryDirectory(prefix="sg-") as name:
        yield Path(name)
