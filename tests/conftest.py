"""Fixtures that several folders of tests share."""

from __future__ import annotations

import gc
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from tests.support.dockerd import Engine, private_dockerd, skip_without_dockerd

if TYPE_CHECKING:
    from collections.abc import Iterator

ENGINES = frozenset({"dockerd", "stack", "two_engines"})
"""Fixtures that take long to make, and ports and networks of this machine."""

# How long a busy machine takes for an example says nothing of the code.
settings.register_profile("anywhere", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("anywhere")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in one line for each reason what was not run."""
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = Counter(report.longrepr[2].removeprefix("Skipped: ") for report in skipped)
    for reason, count in reasons.items():
        terminalreporter.line(f"skipped {count}: {reason}")


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups in the same hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep in one process, where tests run side by side, a file and all that needs one Engine."""
    for item in items:
        shared = ENGINES.intersection(getattr(item, "fixturenames", ()))
        item.add_marker(pytest.mark.xdist_group(min(shared, default=str(item.path))))


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Keep what all tests are made of, which stays to the end, out of the collector's rounds."""
    gc.freeze()
    grouped = getattr(session.config.option, "loadgroup", False)
    if grouped and any("@" not in item.nodeid for item in session.items):
        raise pytest.UsageError("this pytest-xdist overlooks the groups that tests belong to")


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
