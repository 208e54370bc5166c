"""What people install is the wheel: it carries the shipped roles and serves them from anywhere."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.support.processes import DIES_WITH_US, running, wait_until
from tests.support.sockguard_process import accepts, sockguard
from tests.support.tree import ROOT

SOURCE = ("sockguard", "policies", "pyproject.toml", "README.md", "LICENSE")


def run(*command: str | Path, cwd: Path) -> str:
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(command, cwd=cwd, env=clean, check=True, capture_output=True, text=True)
    return done.stdout


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the programs of an environment in which only the wheel is installed."""
    folder = tmp_path_factory.mktemp("wheel")
    source, environment = folder / "source", folder / "environment"
    source.mkdir()
    for name in SOURCE:
        run("cp", "--recursive", "--no-dereference", ROOT / name, source, cwd=folder)
    pip = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check")
    run(*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", folder, source, cwd=folder)
    run(sys.executable, "-m", "venv", "--without-pip", environment, cwd=folder)
    (wheel,) = folder.glob("sockguard-*.whl")
    python = environment / "bin" / "python"
    run(*pip, "--python", python, "install", "--no-deps", "--no-index", wheel, cwd=folder)
    lend_dependencies(python, folder)
    return environment / "bin"


def lend_dependencies(python: Path, folder: Path) -> None:
    """Let an environment see the packages of ours, after its own; no network is asked."""
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = Path(run(python, "-c", code, cwd=folder).strip())
    (packages / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")


def request(path: Path, head: str) -> bytes:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(path))
        connection.sendall(head.encode() + b"\r\n\r\n")
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_the_package_comes_from_the_wheel(programs: Path, tmp_path: Path) -> None:
    code = "import sockguard; print(*sockguard.__path__)"
    found = run(programs / "python", "-c", code, cwd=tmp_path)
    assert found.startswith(str(programs.parent))


def test_the_roles_are_on_board(programs: Path, tmp_path: Path) -> None:
    shown = run(programs / "sockguard", "policy", "show", cwd=tmp_path)
    roles = sorted(path.stem for path in (ROOT / "policies").glob("*.yaml"))
    assert roles
    assert [role for role in roles if role not in shown] == []


def test_a_shipped_role_is_served(programs: Path, short_path: Path) -> None:
    engine = short_path / "engine.sock"
    log = short_path / "demo.log"
    demo = [*DIES_WITH_US, sys.executable, "-m", "demo", "--socket", str(engine)]
    with running(demo, log, cwd=ROOT) as process:
        wait_until(lambda: accepts(engine), seconds=10, process=process, log=log)
        command = (str(programs / "sockguard"),)
        with sockguard(short_path, "read-only", f"unix://{engine}", command=command) as guard:
            listed = request(guard.socket(), "GET /containers/json HTTP/1.0")
            refused = request(guard.socket(), "POST /containers/prune HTTP/1.0")
    assert listed.split(b"\r\n")[0].split()[1] == b"200"
    assert refused.split(b"\r\n")[0].split()[1] == b"403"
    assert b"containers.prune is not allowed" in refused
