"""What `make run` prints works as printed: a command that is allowed, a refused one, the log.

The sentence below it leads from a refusal to what would allow it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.support.processes import DIES_WITH_US, running, wait_until
from tests.support.tree import ROOT

if TYPE_CHECKING:
    from pathlib import Path

PATHS = {
    "with the docker command": os.environ["PATH"],
    "without it": "/nowhere",
}


EVENT = re.compile(r"\(event ([0-9A-Z]{26});")


def shell(command: str) -> tuple[int, str]:
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("title", PATHS)
def test_the_printed_commands_work(title: str, short_path: Path) -> None:
    if "with the" in title and shutil.which("docker") is None:
        pytest.skip("there is no docker command here")
    log = short_path / "run.log"
    guard = [sys.executable, "-m", "demo.guard", "--engine=/no/engine", f"--folder={short_path}"]
    setpriv = shutil.which(DIES_WITH_US[0]) or ""
    env = {**os.environ, "PATH": PATHS[title]}
    with running([setpriv, *DIES_WITH_US[1:], *guard], log, cwd=ROOT, env=env) as process:
        wait_until(lambda: "Ctrl-C" in log.read_text(), seconds=15, process=process, log=log)
        printed = log.read_text()
        allowed, refused, history = [line for line in printed.split("\n") if line[:2] == "  "]
        assert "There is no Docker Engine here" in printed
        code, said = shell(allowed)
        assert (code, "web" in said or "Container" in said) == (0, True)
        code, said = shell(refused)
        assert (code, "volumes.create is not allowed for client 'main'" in said) == (1, True)
        event = EVENT.search(said)
        assert event is not None
        code, said = shell(history)
        assert (code, "containers.list" in said, "volumes.create" in said) == (0, True, True)
        (hint,) = (line for line in printed.split("\n") if line.endswith(" ID"))
        code, said = shell(hint.removesuffix("ID") + event[1])
        assert (code, "to allow it: - volumes.create" in said) == (0, True)
        (export,) = (line for line in printed.split("\n") if line.startswith("export "))
        program = hint.partition(" ")[0]
        code, said = shell(f"{export}; {program} audit show {event[1]}")
        assert (code, "to allow it: - volumes.create" in said) == (0, True)


def test_a_second_one_says_at_once_that_the_first_runs(short_path: Path) -> None:
    log = short_path / "run.log"
    guard = [sys.executable, "-m", "demo.guard", "--engine=/no/engine", f"--folder={short_path}"]
    with running([*DIES_WITH_US, *guard], log, cwd=ROOT) as process:
        wait_until(lambda: "Ctrl-C" in log.read_text(), seconds=15, process=process, log=log)
        second = subprocess.run(guard, cwd=ROOT, capture_output=True, text=True, check=False)
        assert (second.returncode, second.stdout) == (1, "")
        assert second.stderr.startswith("This runs already: ")
        assert process.poll() is None
