"""The real `sockguard serve` as a process of its own, in front of any Engine.

Must never reach into sockguard: what people start is what is tested.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.processes import DIES_WITH_US, Process, running, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MODULE = (sys.executable, "-m", "sockguard")


@dataclass(frozen=True, slots=True)
class Guard:
    """A running sockguard. `log` has what it printed."""

    folder: Path
    process: Process

    @property
    def sockets(self) -> Path:
        return socket_folder(self.folder)

    @property
    def audit(self) -> Path:
        return self.folder / "audit"

    @property
    def log(self) -> Path:
        return self.folder / "sockguard.log"

    def socket(self, client: str = "main") -> Path:
        return self.sockets / client / "docker.sock"

    def host(self, client: str = "main") -> str:
        """The value of DOCKER_HOST for this client."""
        return f"unix://{self.socket(client)}"

    def stop(self) -> int:
        """Ask it to end as an orchestrator does; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(10)


def socket_folder(folder: Path) -> Path:
    return folder / "sockets"


@contextmanager
def sockguard(
    folder: Path,
    policy: str,
    upstream: str,
    *flags: str,
    clients: Sequence[str] = ("main",),
    command: Sequence[str] = MODULE,
) -> Iterator[Guard]:
    """Serve `policy` in front of `upstream` (a URL) until the block ends.

    `folder` gets sockets, audit and log and must have a short path: a socket's has 107 bytes.
    Returns once the sockets of all `clients` accept.
    """
    socket_folder(folder).mkdir(exist_ok=True)
    log = folder / "sockguard.log"
    arguments = [
        f"--policy={policy}",
        f"--upstream={upstream}",
        f"--socket-dir={socket_folder(folder)}",
        f"--audit-dir={folder / 'audit'}",
    ]
    line = [*DIES_WITH_US, *command, "serve", *arguments, *flags]
    with running(line, log, env=environment()) as process:
        guard = Guard(folder, process)
        for client in clients:
            ready = partial(accepts, guard.socket(client))
            wait_until(ready, seconds=10, process=process, log=log)
        yield guard


@contextmanager
def serving(policy: str, upstream: str, *clients: str) -> Iterator[Guard]:
    """Serve the policy in this text to these clients, in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="sg-") as name:
        folder = Path(name)
        (folder / "policy.yaml").write_text(f"version: 1\n{policy}")
        path = str(folder / "policy.yaml")
        with sockguard(folder, path, upstream, clients=clients or ("main",)) as guard:
            yield guard


def environment() -> dict[str, str]:
    """Variables for sockguard: this process's, without any setting of its own."""
    return {k: v for k, v in os.environ.items() if not k.startswith("SOCKGUARD_")}


def accepts(path: Path) -> bool:
    """Whether somebody accepts connections on this Unix socket."""
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(str(path))
        except OSError:
            return False
        return True
