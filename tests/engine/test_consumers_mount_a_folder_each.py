"""Containers that mount the folder of their client's socket: each has its own, and it stays good.

The consumers run the machine's own docker command, which is mounted into them.
"""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.support.dockerd import IMAGE
from tests.support.sockguard_process import Guard, sockguard

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from tests.support.dockerd import Engine

POLICY = """\
version: 1
clients:
  reader: {allow: [system/hello, containers.list]}
  plumber: {allow: [system/hello, networks/read]}
"""
CLIENTS = ("reader", "plumber")


def guarded(folder: Path, engine: Engine) -> AbstractContextManager[Guard]:
    (folder / "policy.yaml").write_text(POLICY)
    return sockguard(folder, str(folder / "policy.yaml"), engine.host, clients=CLIENTS)


def consume(engine: Engine, guard: Guard, client: str) -> None:
    """Start a container, named after its client, that mounts the folder of its socket."""
    volumes = (f"{guard.sockets / client}:/run/guard", "/usr:/usr:ro")
    mounts = [f"--volume={volume}" for volume in volumes]
    engine.docker("run", "--detach", "--name", client, *mounts, IMAGE, "sleep", "600")


def inside(engine: Engine, consumer: str, *command: str) -> tuple[int, str]:
    """Exit code and all output of a command that runs in a consumer."""
    line = ["docker", "--host", engine.host, "exec", consumer, *command]
    done = subprocess.run(line, capture_output=True, text=True, timeout=30, check=False)
    return done.returncode, done.stdout + done.stderr


def ask(engine: Engine, consumer: str, *words: str) -> tuple[int, str]:
    """A docker command inside a consumer, on the socket that is mounted there."""
    return inside(engine, consumer, "docker", "--host=unix:///run/guard/docker.sock", *words)


@pytest.fixture
def engine(dockerd: Engine) -> Iterator[Engine]:
    yield dockerd
    dockerd.remove_containers()


def test_a_mount_outlives_a_restart(engine: Engine, short_path: Path) -> None:
    with guarded(short_path, engine) as guard:
        consume(engine, guard, "reader")
        assert ask(engine, "reader", "ps", "--format={{.Names}}") == (0, "reader\n")
    assert ask(engine, "reader", "ps")[0] != 0
    with guarded(short_path, engine):
        assert ask(engine, "reader", "ps", "--format={{.Names}}") == (0, "reader\n")


def test_neither_of_two_consumers_can_open_the_others_socket(
    engine: Engine, short_path: Path
) -> None:
    with guarded(short_path, engine) as guard:
        for client in CLIENTS:
            consume(engine, guard, client)
            assert inside(engine, client, "ls", "-A", "/run/guard") == (0, "docker.sock\n")
            assert inside(engine, client, "ls", str(guard.sockets))[0] != 0
        code, said = ask(engine, "reader", "network", "ls")
        assert (code, "networks.list is not allowed for client 'reader'" in said) == (1, True)
        code, said = ask(engine, "plumber", "ps")
        assert (code, "containers.list is not allowed for client 'plumber'" in said) == (1, True)
        assert ask(engine, "plumber", "network", "ls", "--quiet")[0] == 0
