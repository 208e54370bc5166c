"""A real Docker Engine for tests: private socket, data and containerd, one busybox image.

Must never touch the machine's own Engine, its firewall or its networks.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import tarfile
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.asking import CLOSE, Answer
from tests.support.guarded import read_answer
from tests.support.processes import DIES_WITH_US, running, wait_until
from tests.support.raw_client import exchange, request

if TYPE_CHECKING:
    from collections.abc import Iterator

IMAGE = "busybox:latest"
BUSYBOX = Path("/bin/busybox")
PROGRAMS = ("dockerd", "containerd", "docker")
APART = ("unshare", "--net", "sh", "-c", 'busybox ip link set lo up && exec "$@"', "sh")
"""Put before a command: it runs with an empty network, in which only `lo` is up."""
CALL = re.compile(r'msg="Calling (?P<call>[A-Z]+ [^"]+)"')


@dataclass(frozen=True, slots=True)
class Engine:
    """A running dockerd. `log` is where it notes each request, since it runs with --debug."""

    folder: Path

    @property
    def socket(self) -> Path:
        return self.folder / "docker.sock"

    @property
    def host(self) -> str:
        """The value of DOCKER_HOST."""
        return f"unix://{self.socket}"

    @property
    def log(self) -> Path:
        return self.folder / "dockerd.log"

    def mark(self) -> int:
        """Where the log ends now; give it to `received`."""
        return self.log.stat().st_size

    def received(self, since: int) -> list[str]:
        """The requests that arrived since the mark, as `METHOD /path?query`, in order."""
        with self.log.open("rb") as log:
            log.seek(since)
            return CALL.findall(log.read().decode(errors="replace"))

    def docker(self, *arguments: str) -> str:
        """What a docker command on this Engine's own socket prints; fails when it fails."""
        command = ["docker", "--host", self.host, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def ask(self, method: str, target: str) -> Answer:
        """What the Engine answers to one request: in a tenth of the time of a docker command."""
        asked = request(method, target, headers=CLOSE)
        return read_answer(exchange(str(self.socket), asked, timeout=60))

    def remove_containers(self) -> None:
        """End and remove all containers with their own volumes, whoever made them."""
        deadline = time.monotonic() + 60
        while there := [one["Id"] for one in self.ask("GET", "/containers/json?all=1").json]:
            with ThreadPoolExecutor() as pool:
                removed = list(pool.map(self._remove, there))
            # 409: it is being removed already, as by `docker run --rm`.
            assert {answer.status for answer in removed} <= {204, 404, 409}, removed
            assert time.monotonic() < deadline, f"still there: {there}"

    def _remove(self, container: str) -> Answer:
        return self.ask("DELETE", f"/containers/{container}?force=1&v=1")


def what_is_missing() -> str | None:
    """Why no dockerd can be started here, with the mend; None when it can."""
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    if missing or not BUSYBOX.exists():
        return (
            f"needs a real Docker Engine ({', '.join(missing) or BUSYBOX} is not here): "
            "apt-get install docker.io iptables busybox-static, or make test-engine"
        )
    if os.geteuid() != 0:
        return "needs a real Docker Engine, and only root can start one"
    return None


def skip_without_dockerd() -> None:
    """Skip where there can be no dockerd; with REQUIRE_ENGINE set, as in CI, that is a failure."""
    reason = what_is_missing()
    if reason and os.environ.get("REQUIRE_ENGINE"):
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)


@contextmanager
def private_dockerd(*, apart: bool = False, **settings: str) -> Iterator[Engine]:
    """Start a dockerd, give it the busybox image, and stop it with all that runs in it.

    One that is `apart` has the network of a machine of its own, as a swarm needs it. `settings`
    are further variables of its environment.
    """
    # Not below pytest's folder: a socket's path has 107 bytes at most.
    with tempfile.TemporaryDirectory(prefix="engine-", ignore_cleanup_errors=True) as name:
        engine = Engine(Path(name))
        try:
            line = [*DIES_WITH_US, *(APART if apart else ()), *command_line(engine)]
            with running(line, engine.log, env=os.environ | settings, grace=20) as process:
                ready = partial(answers, engine.socket)
                wait_until(ready, seconds=30, process=process, log=engine.log)
                try:
                    import_busybox(engine)
                    yield engine
                finally:
                    leave_nothing_running(engine, networks=not apart)
        finally:
            unmount_all_below(engine.folder)


def command_line(engine: Engine) -> list[str]:
    folder = engine.folder
    options = {
        "host": engine.host,
        "data-root": folder / "data",
        "exec-root": folder / "exec",
        "pidfile": folder / "dockerd.pid",
        # The firewall, its default network and forwarding are the machine's own matters.
        "bridge": "none",
        "iptables": "false",
        "ip6tables": "false",
        "ip-forward": "false",
        "ip-masq": "false",
        "shutdown-timeout": "2",
    }
    settings = [f"--{option}={value}" for option, value in options.items()]
    return ["dockerd", "--debug", *settings]


def answers(path: Path) -> bool:
    """Whether an Engine answers a ping on this socket."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(5)
        try:
            connection.connect(str(path))
            connection.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
            return b" 200 OK" in connection.recv(100)
        except OSError:
            return False


def import_busybox(engine: Engine) -> None:
    """Make `IMAGE` out of the static busybox of this machine; no registry is asked.

    `/lib` and `/lib64` point below `/usr`, so that a container that mounts the machine's `/usr`
    can run the machine's programs.
    """
    archive = engine.folder / "busybox.tar"
    listed = subprocess.run([BUSYBOX, "--list"], check=True, capture_output=True, text=True)
    with tarfile.open(archive, "w") as tar:
        tar.add(BUSYBOX, "bin/busybox", filter=owned_by_root)
        links = {f"bin/{applet}": "busybox" for applet in listed.stdout.split()}
        links |= {name: f"usr/{name}" for name in ("lib", "lib64")}
        for name in sorted(links.keys() - {"bin/busybox"}):
            tar.addfile(link(name, links[name]))
        for folder in ("etc", "tmp", "usr"):
            tar.addfile(directory(folder))
    engine.docker("import", "--change", 'CMD ["sh"]', str(archive), IMAGE)


def owned_by_root(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = "root"
    return entry


def link(name: str, target: str) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = tarfile.SYMTYPE, target
    return entry


def directory(name: str) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode = tarfile.DIRTYPE, 0o1777 if name == "tmp" else 0o755
    return entry


def leave_nothing_running(engine: Engine, *, networks: bool) -> None:
    """Remove what would outlive the Engine: processes, mounts, and the bridges of networks."""
    if not answers(engine.socket):
        return
    engine.remove_containers()
    if not networks:
        return
    for network in engine.docker("network", "ls", "--filter", "type=custom", "--quiet").split():
        engine.docker("network", "rm", network)


def unmount_all_below(folder: Path) -> None:
    """Undo the mounts that an Engine leaves when it used the host's network or was killed."""
    mounts = Path("/proc/self/mounts").read_text().splitlines()
    points = [line.split()[1] for line in mounts]
    for point in reversed([point for point in points if point.startswith(f"{folder}/")]):
        subprocess.run(["umount", "--lazy", point], check=False)
