"""Fixtures for tests against a real Engine: the same client on the bare socket and guarded."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.sockguard_process import Guard, sockguard

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.dockerd import Engine


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All tests of this folder need an Engine."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.engine)


@dataclass(frozen=True, slots=True)
class Paths:
    """The two ways to one Engine, as values of DOCKER_HOST."""

    direct: str
    guarded: str


@pytest.fixture(scope="session")
def everything(dockerd: Engine) -> Iterator[Guard]:
    """A sockguard that grants everything in front of the real Engine, one for the whole run."""
    with (
        tempfile.TemporaryDirectory(prefix="sg-") as folder,
        sockguard(Path(folder), "everything", dockerd.host) as guard,
    ):
        yield guard


@pytest.fixture(scope="session")
def paths(dockerd: Engine, everything: Guard) -> Paths:
    return Paths(dockerd.host, everything.host())


@pytest.fixture
def read_only(dockerd: Engine, short_path: Path) -> Iterator[Guard]:
    """A sockguard with the shipped role `read-only` in front of the real Engine."""
    with sockguard(short_path, "read-only", dockerd.host) as guard:
        yield guard
