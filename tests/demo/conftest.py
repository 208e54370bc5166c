from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from demo.state import Settings
from tests.support.demo_engine import RunningDemo, running_demo_engine

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def shared_demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    path = tmp_path_factory.mktemp("demo") / "docker.sock"
    with running_demo_engine(path, Settings(tick=0.05)) as running:
        yield running


@pytest.fixture
def demo(shared_demo: RunningDemo) -> RunningDemo:
    shared_demo.clear()
    return shared_demo
