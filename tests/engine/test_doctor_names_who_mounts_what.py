"""`sockguard doctor` in front of a real Engine: what mounts what, from outside and in a container.

In a container, it is this machine's own Python that runs, which is mounted into it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.dockerd import IMAGE
from tests.support.sockguard_process import MODULE, environment, sockguard
from tests.support.tree import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.dockerd import Engine

MACHINE = [f"--volume=/{name}:/{name}:ro" for name in ("usr", "lib", "lib64", "etc/ssl")]
PYTHON = {str(Path(sys.base_prefix)), str(ROOT)}


@pytest.fixture
def engine(dockerd: Engine) -> Iterator[Engine]:
    yield dockerd
    dockerd.remove_containers()


def start(engine: Engine, name: str, volume: str) -> None:
    engine.docker("run", "--detach", f"--name={name}", f"--volume={volume}", IMAGE, "sleep", "600")


def told(text: str) -> list[tuple[str, str, str]]:
    document: dict[str, Any] = json.loads(text)
    return [(one["area"], one["level"], one["text"]) for one in document["findings"]]


def test_consumers_are_named_by_what_they_mount(engine: Engine, short_path: Path) -> None:
    with sockguard(short_path, "traefik", engine.host) as guard:
        start(engine, "past", f"{engine.socket}:/var/run/docker.sock")
        start(engine, "file", f"{guard.socket()}:/var/run/docker.sock")
        start(engine, "folder", f"{guard.socket().parent}:/run/sockguard")
        words = [f"--upstream={engine.host}", f"--socket-dir={guard.sockets}", "--policy=traefik"]
        done = subprocess.run(
            [*MODULE, "doctor", "--json", f"--audit-dir={guard.audit}", *words],
            env=environment(),
            capture_output=True,
            text=True,
            check=True,
        )
    found = told(done.stdout)
    assert [text for area, level, text in found if (area, level) == ("engine", "note")] == [
        "these containers mount the Engine's own socket, past sockguard: past"
    ]
    (wrong,) = [text for _, level, text in found if level in ("warning", "problem")]
    assert wrong.startswith("container file mounts the socket of 'main' as a file")


def test_in_a_container_it_tells_what_a_container_can_mend(
    engine: Engine, short_path: Path
) -> None:
    for name in ("sockets", "audit"):
        (short_path / name).mkdir()
    done = engine.docker(
        *("run", "--rm", "--network=none", *MACHINE, f"--env=PYTHONPATH={ROOT}"),
        *(f"--volume={path}:{path}:ro" for path in sorted(PYTHON)),
        f"--volume={engine.socket}:/var/run/docker.sock",
        f"--volume={short_path}/sockets:/run/sockguard",
        *(IMAGE, sys.executable, "-m", "sockguard", "doctor", "--json", "--audit=stdout"),
    )
    found = told(done)
    assert found[0][2].startswith("in container ")
    notes = {text.partition(" is mounted as")[0] for _, level, text in found if level == "note"}
    assert notes >= {
        "/var/run/docker.sock",
        "it runs as root in its container",
        "its root file system can be written",
        "programs in it could gain privileges",
        "no sockguard serves in /run/sockguard",
    }
    assert [one for one in found if one[1] in ("warning", "problem")] == []
    assert not [text for _, _, text in found if "past sockguard" in text]
    assert os.listdir(short_path / "sockets") == []  # noqa: PTH208
