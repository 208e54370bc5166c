"""What people run every day works under `containers.create` alone and what the program asks beside.

Each policy grants exactly the operations that are needed: nothing is refused on the way.
"""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any

import docker
import pytest

from tests.support.audit_events import events_of
from tests.support.docker_cli import run
from tests.support.docker_programs import docker_programs
from tests.support.sockguard_process import Guard, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.dockerd import Engine

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")

POLICY = """
roles:
  run:
    allow:
      - system/hello
      - containers.create
      - containers.attach: {query: {stdin: any}}
      - containers.start
      - containers.wait
  library:
    allow:
      - system/hello
      - containers.create
      - containers.inspect
      - containers.list
      - containers.logs
      - containers.remove
      - containers.start
      - containers.wait
  project:
    allow:
      - system/hello
      - system.info
      - containers.create
      - containers.attach: {query: {stdin: any, logs: any}}
      - containers.inspect
      - containers.list
      - containers.logs
      - containers.remove
      - containers.start
      - containers.stop
      - containers.wait
      - images.inspect
      - system.events
  network:
    allow:
      - system/hello
      - system.info
      - containers.create: {networks: any, host_paths: /dev/null}
      - containers.inspect
      - containers.list
      - containers.remove
      - containers.rename
      - containers.start
      - containers.stop
      - images.inspect
      - networks/read
      - networks.connect: {networks: any}
      - networks.create: {body: {IPAM.Config: any}}
      - networks.disconnect
      - networks.remove
      - volumes/read
      - volumes.create
      - volumes.remove
clients:
  run: {role: run}
  library: {role: library}
  project: {role: project}
  network: {role: network}
"""
CLIENTS = ("run", "library", "project", "network")


@pytest.fixture
def guard(dockerd: Engine) -> Iterator[Guard]:
    with serving(POLICY, dockerd.host, *CLIENTS) as guard:
        yield guard
        refused = [event for event in events_of(guard.audit) if event.get("decision") == "deny"]
    dockerd.remove_containers()
    assert refused == []


PLAIN = (
    "--hostname h --env A=b --label l=m --workdir /w --user 5:6 --memory 64m --cpus 0.5"
    " --cpu-shares 100 --pids-limit 9 --read-only --stop-signal INT --stop-timeout 3"
    " --health-cmd true --cap-drop ALL --shm-size 1m --expose 80 --network none --ipc private"
    " --security-opt no-new-privileges --volume /anonymous --entrypoint sh --init=false"
    " --memory-reservation 32m --cpuset-cpus 0 --restart no --name plain"
)


@pytest.mark.parametrize("command", docker_programs())
def test_docker_run(command: str, guard: Guard, tmp_path: Path) -> None:
    def shown(arguments: str) -> tuple[int, str]:
        seen = run(["sh", "-c", f"{arguments.format(command)}"], guard.host("run"), tmp_path)
        return seen.code, seen.stdout

    assert shown("{} run --rm busybox echo hi") == (0, "hi\n")
    assert shown("echo typed | {} run --rm -i busybox cat") == (0, "typed\n")
    assert shown("{} run --rm busybox sh -c 'exit 42'") == (42, "")
    assert shown(f"{{}} run {PLAIN} busybox -c 'echo $A; hostname; id -u'") == (0, "b\nh\n5\n")
    code, identity = shown("{} run --detach --interactive --tty busybox")
    assert (code, len(identity)) == (0, 65)


def test_docker_py(guard: Guard) -> None:
    client = docker.DockerClient(guard.host("library"), timeout=30)
    assert client.containers.run("busybox", ["echo", "hi"], remove=True) == b"hi\n"
    settings: dict[str, Any] = {
        "name": "plain", "hostname": "h", "environment": {"A": "b"}, "labels": {"l": "m"},
        "working_dir": "/w", "user": "5:6", "mem_limit": "64m", "nano_cpus": 10**8,
        "pids_limit": 9, "read_only": True, "stop_signal": "INT", "network_mode": "none",
        "ipc_mode": "private", "cap_drop": ["ALL"], "tty": True, "stdin_open": True,
        "shm_size": "1m", "security_opt": ["no-new-privileges"], "init": False,
        "healthcheck": {"test": ["CMD", "true"]}, "restart_policy": {"Name": "no"},
    }  # fmt: skip
    made = client.containers.run("busybox", ["sh", "-c", "echo $A"], detach=True, **settings)
    assert (made.wait()["StatusCode"], made.logs()) == (0, b"b\r\n")
    assert [one.name for one in client.containers.list(all=True)] == ["plain"]
    made.remove()
    client.close()


ALONE = """
version: "3.8"
services:
  web:
    image: busybox
    command: ["sh", "-c", "echo $$GREETING; sleep 60"]
    environment: {GREETING: hello}
    labels: {plain: "yes"}
    working_dir: /tmp
    user: "5:6"
    network_mode: none
"""
TOGETHER = """
version: "3.8"
services:
  web:
    image: busybox
    command: ["sh", "-c", "cat /data/* ; sleep 60"]
    volumes: ["data:/data"]
  db:
    image: busybox
    command: ["sleep", "60"]
volumes: {data: {}}
networks: {default: {ipam: {config: [{subnet: 10.219.0.0/24}]}}}
"""


@pytest.fixture
def compose() -> None:
    """docker-compose 1.29, as Debian has it; where it has to be, its absence is a failure."""
    if shutil.which("docker-compose") is None:
        needed = pytest.fail if os.environ.get("REQUIRE_ENGINE") else pytest.skip
        needed("needs docker-compose: apt-get install docker-compose, or make test-engine")


def composed(guard: Guard, folder: Path, client: str, *lines: str) -> list[str]:
    """What docker-compose says on its first stream to each of these commands, which succeed."""
    said = []
    for line in lines:
        command = ["docker-compose", "--ansi=never", "--project-name=job", *line.split()]
        seen = run(command, guard.host(client), folder)
        assert seen.code == 0, f"{line}: {seen.stderr}"
        said.append(seen.stdout)
    return said


@pytest.mark.usefixtures("compose")
def test_a_project_without_a_network(guard: Guard, tmp_path: Path) -> None:
    (tmp_path / "docker-compose.yml").write_text(ALONE)
    # Beside a service that is up, `run` would ask for a link to it.
    lines = ("run --rm web echo first", "up -d", "ps -q", "logs --no-color", "up -d")
    said = composed(guard, tmp_path, "project", *lines)
    assert (said[0], len(said[2])) == ("first\n", 65)
    assert "hello" in said[3]
    composed(guard, tmp_path, "project", "stop -t 0", "rm -f", "down")


@pytest.mark.usefixtures("compose")
def test_a_project_with_a_network_and_a_volume(
    guard: Guard, dockerd: Engine, tmp_path: Path
) -> None:
    (tmp_path / "docker-compose.yml").write_text(TOGETHER)
    recreate = "up -d --force-recreate -t 0"
    said = composed(guard, tmp_path, "network", "up -d", "ps -q", recreate, "ps -q")
    assert len(said[1].split()) == len(said[3].split()) == 2
    assert set(said[1].split()) & set(said[3].split()) == set()
    composed(guard, tmp_path, "network", "down -v -t 0")
    assert dockerd.docker("ps", "--all", "--quiet") == ""
    assert "job" not in dockerd.docker("volume", "ls") + dockerd.docker("network", "ls")
