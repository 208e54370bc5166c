"""What `make run` does: guard the Engine of this machine, or the demo engine where there is none.

Must never hand a request to an Engine itself: all that goes there goes through sockguard.
"""

from __future__ import annotations

import argparse
import os
import shlex
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
FOLDER = Path(__file__).resolve().parent.parent / "run"
START_SECONDS = 15.0

WITH_DOCKER = "docker -H unix://{socket} {words}"
WITH_PYTHON = (
    """{python} -c "import docker; print(docker.DockerClient('unix://{socket}').{words})\""""
)


def main() -> int:
    """Run until interrupted; the exit code of sockguard, or 1 when something does not start."""
    parser = argparse.ArgumentParser(prog="python -m demo.guard", description=__doc__)
    parser.add_argument("--engine", type=Path, default=ENGINE, help="the socket to guard")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where sockets and log go")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with ExitStack() as started:
        try:
            return guard(given.engine, given.folder, started)
        except KeyboardInterrupt:
            return 0
        except (FileExistsError, TimeoutError) as error:
            print(error, file=sys.stderr)
            return 1


def guard(engine: Path, folder: Path, started: ExitStack) -> int:
    """Start what is needed, say what to try, and wait for sockguard to end."""
    guarded = folder / "main" / "docker.sock"
    if accepts(guarded):
        raise FileExistsError(f"This runs already: {guarded} answers. Ctrl-C ends it there.")
    obstacle = what_bars(engine)
    if obstacle:
        print(f"{obstacle} Guarding the demo engine instead: a simulation, nothing really runs.")
        engine = folder / "demo" / "docker.sock"
        engine.parent.mkdir(parents=True, exist_ok=True)
        wait_for(engine, started.enter_context(running("demo", f"--socket={engine}", "--quiet")))
    print(f"Guarding {engine} with the policy read-only.", flush=True)
    folder.mkdir(exist_ok=True)
    process = started.enter_context(
        running(
            *("sockguard", "serve", "--policy=read-only", f"--upstream=unix://{engine}"),
            *(f"--socket-dir={folder}", f"--audit-dir={folder / 'audit'}"),
        )
    )
    wait_for(guarded, process)
    print(invitation(guarded, folder / "audit"), flush=True)
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


def invitation(guarded: Path, audit: Path) -> str:
    """Three commands that work as printed: one allowed, one refused, one to see both."""
    if shutil.which("docker"):
        form, allowed, refused = WITH_DOCKER, "ps", "volume create mine"
    else:
        form, allowed, refused = (
            WITH_PYTHON,
            "containers.list(sparse=True)",
            "volumes.create('mine')",
        )
    allowed, refused = (
        form.format(socket=guarded, python=sys.executable, words=words)
        for words in (allowed, refused)
    )
    sockguard = Path(sys.executable).parent / "sockguard"
    return (
        "\nTry, in another terminal, what is allowed,\n"
        f"  {allowed}\n"
        "what is refused,\n"
        f"  {refused}\n"
        "and the log of both:\n"
        f"  {sockguard} audit query --dir {audit}\n"
        "\nWhat would allow a refused request says, with the id that its refusal names,\n"
        f"{sockguard} audit show --dir {audit} ID\n"
        "\nWith this, every `sockguard audit` in that terminal finds the log by itself:\n"
        f"export SOCKGUARD_AUDIT_DIR={shlex.quote(str(audit))}\n"
        "\nCtrl-C ends it. What is refused and what writes shows here:"
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
