"""Fixtures that several folders of tests share."""

from __future__ import annotations

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
