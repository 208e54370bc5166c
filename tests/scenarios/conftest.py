from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.demo_engine import RunningDemo, running_demo_engine
from tests.support.stack import Stack, running_stack

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def engine(short_path: Path) -> Iterator[RunningDemo]:
    """A demo engine of its own for each test."""
    with running_demo_engine(short_path / "engine.sock") as running:
        yield running


@pytest.fixture
def stack(short_path: Path, engine: RunningDemo) -> Iterator[Stack]:
    """A sockguard that grants everything, in front of the demo engine."""
    with running_stack(short_path, short_path / "engine.sock") as running:
        engine.clear()
        yield running
