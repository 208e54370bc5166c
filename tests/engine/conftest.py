"""Fixtures for tests against a real Engine: the same client on the bare socket and guarded."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.dockerd import IMAGE, private_dockerd, skip_without_dockerd
from tests.support.planted import PROXIES, plant
from tests.support.sockguard_process import Guard, sockguard

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.dockerd import Engine
    from tests.support.planted import Planted


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


@dataclass(frozen=True, slots=True)
class Side:
    """One of two equal Engines and the way to it; the words are for names, subnets and ports."""

    name: str
    engine: Engine
    host: str
    network: str
    port: str

    @property
    def words(self) -> tuple[str, ...]:
        """What tells this side from the other in a text."""
        return (str(self.engine.folder), self.name, self.network, self.port)


@pytest.fixture(scope="session")
def sides() -> Iterator[tuple[Side, Side]]:
    """Two Engines with the same image, the second behind a sockguard that grants everything.

    Each side has its own, so that both can be asked at once and neither sees the other's work.
    """
    skip_without_dockerd()
    with ExitStack() as stack:
        direct = stack.enter_context(private_dockerd())
        behind = stack.enter_context(private_dockerd())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sg-")))
        behind.docker("rmi", IMAGE)
        direct.docker("save", "--output", str(folder / "image.tar"), IMAGE)
        behind.docker("load", "--input", str(folder / "image.tar"))
        guard = stack.enter_context(sockguard(folder, "everything", behind.host))
        yield (
            Side("side-a", direct, direct.host, "10.211", "48211"),
            Side("side-b", behind, guard.host(), "10.212", "48212"),
        )


@pytest.fixture(scope="session")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Planted]:
    """An Engine with a swarm of its own, and with secrets in all places that people use."""
    skip_without_dockerd()
    with private_dockerd(apart=True, **PROXIES) as engine:
        yield plant(engine, tmp_path_factory.mktemp("planted"))


@pytest.fixture
def read_only(dockerd: Engine, short_path: Path) -> Iterator[Guard]:
    """A sockguard with the shipped role `read-only` in front of the real Engine."""
    with sockguard(short_path, "read-only", dockerd.host) as guard:
        yield guard
