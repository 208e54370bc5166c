"""A network's name means to a container what it meant when the container was made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.docker_cli import run
from tests.support.dockerd import IMAGE
from tests.support.sockguard_process import sockguard

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.dockerd import Engine
    from tests.support.sockguard_process import Guard

CLIENTS = ("ann", "bob")
POLICY = """
version: 1
roles:
  own:
    own_objects_only: true
    allow:
      - system/hello
      - containers.create: {body: any}
      - containers/lifecycle
      - containers.inspect
      - networks.create
      - networks.inspect
      - networks.connect
      - networks.disconnect
      - networks.remove
clients:
  ann: {role: own}
  bob: {role: own}
"""


@pytest.fixture
def guard(dockerd: Engine, short_path: Path) -> Iterator[Guard]:
    policy = short_path / "policy.yaml"
    policy.write_text(POLICY)
    with sockguard(short_path, str(policy), dockerd.host, clients=CLIENTS) as running:
        yield running
    dockerd.remove_containers()
    for name in dockerd.docker("network", "ls", "--quiet", "--filter", "type=custom").split():
        dockerd.docker("network", "rm", name)


@pytest.mark.parametrize("way", ["as it is made", "later"])
def test_a_container_does_not_join_what_somebody_else_calls_so_later(
    guard: Guard, dockerd: Engine, way: str
) -> None:
    def docker(client: str, command: str) -> int:
        return run(["docker", *command.split()], guard.host(client), guard.folder).code

    assert docker("ann", "network create shop") == 0
    network = "shop" if way == "as it is made" else "none"
    assert docker("ann", f"create --name spy --network {network} {IMAGE} sleep 60") == 0
    if way == "later":
        dockerd.docker("network", "disconnect", "none", "spy")
        assert docker("ann", "network connect shop spy") == 0
    assert docker("ann", "network rm shop") == 0

    assert docker("bob", "network create shop") == 0
    assert docker("ann", "start spy") == 1
    assert dockerd.docker("network", "inspect", "--format", "{{len .Containers}}", "shop") == "0\n"
