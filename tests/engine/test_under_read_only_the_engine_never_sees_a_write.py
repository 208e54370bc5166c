"""Commands that write are refused in one readable line, and no write arrives at the Engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.docker_cli import run
from tests.support.dockerd import IMAGE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.dockerd import Engine
    from tests.support.sockguard_process import Guard

REFUSED = (
    ("containers.create", "docker run --rm busybox true"),
    ("containers.create", "docker run --privileged -v /:/host busybox sh"),
    ("containers.create", "docker create busybox"),
    ("containers.start", "docker start box"),
    ("containers.stop", "docker stop box"),
    ("containers.restart", "docker restart box"),
    ("containers.kill", "docker kill box"),
    ("containers.pause", "docker pause box"),
    ("containers.rename", "docker rename box other"),
    ("containers.update", "docker update -m 64m box"),
    ("containers.remove", "docker rm -f box"),
    ("containers.prune", "docker container prune -f"),
    ("containers.commit", "docker commit box stolen"),
    ("containers.export", "docker export box -o out"),
    ("containers.archive_get", "docker cp box:/etc out"),
    ("containers.archive_put", "docker cp Dockerfile box:/tmp"),
    ("images.tag", "docker tag busybox other"),
    ("images.remove", "docker rmi busybox"),
    ("images.pull", "docker pull busybox"),
    ("images.push", "docker push busybox"),
    ("images.load", "docker load -i image.tar"),
    ("images.get", "docker save busybox -o out"),
    ("build.run", "docker build ."),
    ("networks.create", "docker network create more"),
    ("networks.prune", "docker network prune -f"),
    ("volumes.create", "docker volume create more"),
    ("swarm.init", "docker swarm init"),
)


@pytest.fixture
def box(dockerd: Engine) -> Iterator[Engine]:
    """A running container that nobody may change."""
    program = ("sh", "-c", "touch /made; sleep 600")
    dockerd.docker("run", "--detach", "--name", "box", IMAGE, *program)
    yield dockerd
    dockerd.remove_containers()


@pytest.mark.usefixtures("box")
def test_what_writes_is_refused(read_only: Guard, dockerd: Engine, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM busybox\n")
    (tmp_path / "image.tar").write_bytes(b"no image" * 1000)
    before = dockerd.docker("inspect", "box")
    mark = dockerd.mark()
    problems = [
        problem
        for operation, command in REFUSED
        if (problem := fault(operation, command, read_only, tmp_path))
    ]
    assert problems == []
    assert [call for call in dockerd.received(mark) if not call.startswith(("GET", "HEAD"))] == []
    assert dockerd.docker("inspect", "box") == before


def fault(operation: str, command: str, guard: Guard, folder: Path) -> str | None:
    """What is wrong with the refusal of a command, or None."""
    seen = run(["sh", "-c", command], guard.host(), folder)
    expected = f"sockguard: {operation} is not allowed for client 'main'"
    readable = [line for line in seen.stderr.splitlines() if expected in line]
    if seen.code != 0 and len(readable) == 1 and "{" not in seen.stderr:
        return None
    return f"{command}: exit {seen.code}, {seen.stderr!r}"


@pytest.mark.usefixtures("box")
@pytest.mark.parametrize(
    "command",
    [
        "docker ps -a",
        "docker images",
        "docker network ls",
        "docker version",
        "docker info",
        "docker stats --no-stream box",
        "docker diff box",
    ],
)
def test_what_reads_is_answered(command: str, read_only: Guard, tmp_path: Path) -> None:
    seen = run(["sh", "-c", command], read_only.host(), tmp_path)
    assert (seen.code, "sockguard" in seen.stderr) == (0, False)
    assert seen.stdout
