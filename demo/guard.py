"""What `make run` does: guard the Engine of this machine, or the demo engine where there is none.

Must never hand a request to an Engine itself: all that goes there goes through sockguard.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ENGINE = Path("/var/run/docker.sock")
RUN = Path(__file__).resolve().parent.parent / "run"
GUARDED = RUN / "main" / "docker.sock"
DEMO = RUN / "demo" / "docker.sock"
START_SECONDS = 15.0

WITH_DOCKER = "docker -H unix://{socket} {words}"
WITH_PYTHON = (
    """{python} -c "import docker; print(docker.DockerClient('unix://{socket}').{words})\""""
)


def main() -> int:
    """Run until interrupted; the exit code of sockguard, or 1 when something does not start."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with ExitStack() as started:
        try:
            return guard(started)
        except KeyboardInterrupt:
            return 0
        except TimeoutError as error:
            print(error, file=sys.stderr)
            return 1


def guard(started: ExitStack) -> int:
    """Start what is needed, say what to try, and wait for sockguard to end."""
    obstacle = what_bars(ENGINE)
    if obstacle:
        print(f"{obstacle} Guarding the demo engine instead: a simulation, nothing really runs.")
        DEMO.parent.mkdir(parents=True, exist_ok=True)
        engine = started.enter_context(running("demo", f"--socket={DEMO}", "--quiet"))
        wait_for(DEMO, engine)
    upstream = DEMO if obstacle else ENGINE
    print(f"Guarding {upstream} with the policy read-only.")
    RUN.mkdir(exist_ok=True)
    process = started.enter_context(
        running(
            "sockguard",
            *("serve", "--policy=read-only", f"--upstream=unix://{upstream}"),
            *(f"--socket-dir={RUN}", f"--audit-dir={RUN / 'audit'}"),
        )
    )
    wait_for(GUARDED, process)
    print(invitation(), flush=True)
    return process.wait()


def what_bars(engine: Path) -> str:
    """One sentence on why this Engine cannot be guarded from here; empty when it can."""
    if not engine.exists():
        return f"There is no Docker Engine here ({engine} does not exist)."
    if not os.access(engine, os.R_OK | os.W_OK):
        return f"You may not open {engine} (be root or in its group)."
    if not accepts(engine):
        return f"No Docker Engine answers at {engine}."
    return ""


def invitation() -> str:
    """Three commands that work as printed: one allowed, one refused, one to see both."""
    if shutil.which("docker"):
        form, allowed, refused = WITH_DOCKER, "ps", "volume create mine"
    else:
        form, allowed, refused = WITH_PYTHON, "containers.list()", "volumes.create('mine')"
    allowed, refused = (
        form.format(socket=GUARDED, python=sys.executable, words=words)
        for words in (allowed, refused)
    )
    log = f"{Path(sys.executable).parent / 'sockguard'} audit query --dir {RUN / 'audit'}"
    return (
        "\nTry, in another terminal:\n"
        f"  {allowed}    # allowed\n"
        f"  {refused}    # refused\n"
        f"  {log}    # what was asked and decided\n"
        "\nCtrl-C ends it. The log of refusals and writes:"
    )


@contextmanager
def running(module: str, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a module as a process of its own, ended with this one."""
    process = subprocess.Popen([sys.executable, "-m", module, *arguments])
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def wait_for(path: Path, process: subprocess.Popen[bytes]) -> None:
    """Wait until a socket accepts; TimeoutError when its process ended or takes too long."""
    deadline = time.monotonic() + START_SECONDS
    while not accepts(path):
        if process.poll() is not None or time.monotonic() > deadline:
            raise TimeoutError(f"{path} does not answer: see the messages above")
        time.sleep(0.05)


def accepts(path: Path) -> bool:
    """Whether somebody accepts connections on this Unix socket."""
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(str(path))
        except OSError:
            return False
        return True


if __name__ == "__main__":
    sys.exit(main())
