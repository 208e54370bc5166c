"""Runs what is written for docker-py on both of two equal Engines, and compares what it did.

Must never share a client between the sides, nor leave a container behind.
"""

from __future__ import annotations

import gc
import io
import tarfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import docker
from docker.tls import TLSConfig

from tests.support.engine_effects import effects

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.engine.conftest import Side

Task = Callable[[Any], object]


def on_both(task: Task, sides: Sequence[Side]) -> list[tuple[object, list[str]]]:
    """What the task returns and what it does to the Engine, for each side."""
    with ThreadPoolExecutor() as pool:
        return list(pool.map(lambda side: on(task, side), sides))


def on(task: Task, side: Side) -> tuple[object, list[str]]:
    client = docker.DockerClient(side.host, timeout=30, tls=tls_of(side))
    mark = side.engine.mark()
    try:
        seen = task(client)
        return seen, effects(side.engine, mark, *side.words)
    finally:
        client.close()
        gc.collect()  # docker-py leaves the sockets of streams to the collector
        side.engine.remove_containers()


def tls_of(side: Side) -> TLSConfig | bool:
    """What docker-py needs to speak TLS, False where the way is plain."""
    if side.certs is None:
        return False
    files = (str(side.certs / "cert.pem"), str(side.certs / "key.pem"))
    return TLSConfig(client_cert=files, ca_cert=str(side.certs / "ca.pem"), verify=True)


def box(client: Any, *command: str, **settings: Any) -> Any:
    """A running container that sleeps, or runs the given program."""
    program = list(command or ("sleep", "60"))
    return client.containers.run("busybox", program, detach=True, **settings)


def later(line: str) -> list[str]:
    """A command that speaks once its client listens: docker-py drops what comes with the head."""
    return ["sh", "-c", f"sleep 0.3; {line}"]


def archive(name: str, content: bytes) -> bytes:
    """A tar archive with one file."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        entry = tarfile.TarInfo(name)
        entry.size = len(content)
        tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()
