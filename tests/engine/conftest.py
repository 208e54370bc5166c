"""Fixtures for tests against a real Engine: the same client on the bare socket and guarded."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.built_image import TESTS_IMAGE, built_image
from tests.support.docker_cli import WHOLE_PARITY
from tests.support.dockerd import IMAGE, private_dockerd, skip_without_dockerd
from tests.support.nginx_proxy_example import running_example
from tests.support.planted import PROXIES, plant
from tests.support.sockguard_over_tls import sockguard_over_tls
from tests.support.sockguard_process import Guard, sockguard

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.dockerd import Engine
    from tests.support.nginx_proxy_example import Stack
    from tests.support.planted import Planted


OVER_TLS = (
    *("test_a_container_in_a_terminal", "test_a_terminal_at_a_container"),
    *("bulk_of_input_and_output", "run_with_much_piped_input", "exec_with_much_of_both"),
    *("attach_with_input", "logs_that_follow", "read_logs", "execute_in_every_way"),
)
"""What is asked over TLS as well, short of the whole parity: terminals, and streams both ways."""
NOT_OVER_TLS = ("attach_and_talk", "talk_over_a_socket")
"""docker-py closes a TLS connection whole where it would end only what it sends."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All tests of this folder need an Engine."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.engine)
    items[:] = [item for item in items if "over_tls" not in item.name or asked_over_tls(item.name)]


def asked_over_tls(name: str) -> bool:
    wanted = WHOLE_PARITY or any(one in name for one in OVER_TLS)
    return wanted and not any(one in name for one in NOT_OVER_TLS)


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
    """One of two equal Engines and the way to it; the words are for names, subnets and ports.

    `certs` is a folder as docker takes it where the way is TLS.
    """

    name: str
    engine: Engine
    host: str
    network: str
    port: str
    certs: Path | None = None

    @property
    def words(self) -> tuple[str, ...]:
        """What tells this side from the other in a text."""
        return (str(self.engine.folder), self.name, self.network, self.port)

    @property
    def settings(self) -> dict[str, str]:
        """What the docker command needs besides the host."""
        if self.certs is None:
            return {}
        return {"DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": str(self.certs)}


@pytest.fixture(scope="session")
def two_engines() -> Iterator[tuple[Engine, Engine]]:
    """Two Engines with the same image, so that both can be asked at once, and apart."""
    skip_without_dockerd()
    with ExitStack() as stack:
        direct = stack.enter_context(private_dockerd())
        behind = stack.enter_context(private_dockerd())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sg-")))
        behind.docker("rmi", IMAGE)
        direct.docker("save", "--output", str(folder / "image.tar"), IMAGE)
        behind.docker("load", "--input", str(folder / "image.tar"))
        yield direct, behind


@pytest.fixture(scope="session", params=["over_unix", "over_tls"])
def sides(
    request: pytest.FixtureRequest, two_engines: tuple[Engine, Engine]
) -> Iterator[tuple[Side, Side]]:
    """The two Engines, the second behind a sockguard that grants everything."""
    direct, behind = two_engines
    bare = Side("side-a", direct, direct.host, "10.211", "48211")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sg-")))
        if request.param == "over_unix":
            guard = stack.enter_context(sockguard(folder, "everything", behind.host))
            yield bare, Side("side-b", behind, guard.host(), "10.212", "48212")
        else:
            patch = stack.enter_context(pytest.MonkeyPatch.context())
            for variable in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
                patch.delenv(variable, raising=False)  # requests takes it before what is said
            far = stack.enter_context(sockguard_over_tls(folder, behind.host))
            yield bare, Side("side-b", behind, far.host, "10.212", "48212", far.certs)


@pytest.fixture(scope="session")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Planted]:
    """An Engine with a swarm of its own, and with secrets in all places that people use."""
    skip_without_dockerd()
    with private_dockerd(apart=True, **PROXIES) as engine:
        yield plant(engine, tmp_path_factory.mktemp("planted"))


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The example with nginx and docker-gen, up; with the image of the Dockerfile, if asked for."""
    skip_without_dockerd()
    missing = [one for one in ("docker-compose", "nginx") if shutil.which(one) is None]
    if missing:
        wanting = pytest.fail if os.environ.get("REQUIRE_ENGINE") else pytest.skip
        wanting(f"needs {', '.join(missing)}: apt-get install docker-compose nginx")
    archive = built_image(tmp_path_factory.mktemp("image")) if TESTS_IMAGE else None
    with running_example(archive) as found:
        yield found


@pytest.fixture
def read_only(dockerd: Engine, short_path: Path) -> Iterator[Guard]:
    """A sockguard with the shipped role `read-only` in front of the real Engine."""
    with sockguard(short_path, "read-only", dockerd.host) as guard:
        yield guard
