"""The commands that are shown, run for real: docker, sockguard, and the simulated Engine behind it.

Must never show an output that did not come from the command above it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
EVENT = re.compile(r"\b01[0-9A-HJKMNP-TV-Z]{24}\b")
START_SECONDS = 15.0
CLIENT = "builds"

POLICY = """\
version: 1
clients:
  builds:
    own_objects_only: true      # sees and touches what it made itself
    allow:
      - system/hello
      - containers/read
      - containers.create:
          image: {like: "docker.io/library/*"}
      - containers.attach
      - containers.start
      - containers.wait
      - containers.remove
"""

COMMANDS = (
    "cat policy.yaml",
    "docker run --rm busybox echo built",
    "docker run --rm --privileged busybox id",
    "sockguard audit show {event} | head -17",
    "sockguard policy explain policy.yaml | head -10",
)
"""`{event}` is the one that a refusal named last."""


class Step(NamedTuple):
    """One command with all that it printed."""

    command: str
    output: str


def record() -> list[Step]:
    """Run all commands, one after the other, in a folder of their own."""
    with ExitStack() as started:
        folder = Path(started.enter_context(tempfile.TemporaryDirectory(prefix="sg-")))
        (folder / "policy.yaml").write_text(POLICY)
        engine, sockets = folder / "engine.sock", folder / "sockets"
        start(started, folder, engine, "demo", "--quiet", f"--socket={engine}")
        guarded = sockets / CLIENT / "docker.sock"
        start(
            started, folder, guarded,
            "sockguard", "serve", "--policy=policy.yaml", f"--upstream=unix://{engine}",
            f"--socket-dir={sockets}", f"--audit-dir={folder / 'audit'}",
        )  # fmt: skip
        return list(steps(folder, f"unix://{guarded}"))


def steps(folder: Path, host: str) -> Iterator[Step]:
    """Yield each command with what it prints here."""
    shell = f'sockguard() {{ {sys.executable} -m sockguard "$@"; }}\n'
    env = environment() | {"DOCKER_HOST": host, "SOCKGUARD_AUDIT_DIR": str(folder / "audit")}
    event = ""
    for form in COMMANDS:
        command = form.format(event=event)
        done = subprocess.run(
            ["bash", "-c", shell + command],
            cwd=folder,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        event = next(iter(EVENT.findall(done.stdout)), event)
        yield Step(command, done.stdout.strip("\n"))


def start(started: ExitStack, folder: Path, socket: Path, *module: str) -> None:
    """Run a module until the recording ends; return once its socket is there."""
    started.enter_context(running(folder, *module))
    until = time.monotonic() + START_SECONDS
    while not socket.exists():
        if time.monotonic() > until:
            raise TimeoutError(f"{module[0]} did not open {socket} in {START_SECONDS:g} s")
        time.sleep(0.05)
    time.sleep(0.2)  # a socket that is bound does not listen yet


@contextmanager
def running(folder: Path, *module: str) -> Iterator[None]:
    """Run a module as a process of its own, ended with the block."""
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *module],
            cwd=folder,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        yield
    finally:
        process.terminate()
        process.wait(10)


def environment() -> dict[str, str]:
    """Return this process's variables without those of Docker and sockguard."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("DOCKER_", "SOCKGUARD_"))}
    return kept | {"PYTHONPATH": str(ROOT)}
