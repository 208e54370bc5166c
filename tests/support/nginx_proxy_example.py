"""The example with nginx and docker-gen in two containers, brought up by docker-compose as it is.

Its images are made on the spot: nginx from Debian's package, a web service that says who it is, a
generator that asks as docker-gen does, and sockguard on this machine's Python.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

from tests.support.audit_events import events_of
from tests.support.dockerd import BUSYBOX, private_dockerd
from tests.support.images import make_image, program, python_volumes
from tests.support.tree import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.dockerd import Engine

EXAMPLE = ROOT / "examples/nginx-proxy/separate"
SUPPORT = ROOT / "tests/support"
NGINX = Path("/usr/sbin/nginx")
WHOAMI = "traefik/whoami:v1.11"
PASSWORD = "hunter2-of-service-two"
NGINX_CONF = b"""\
user root;
error_log stderr;
events {}
http { proxy_connect_timeout 1s; include /etc/nginx/conf.d/*.conf; }
"""
USERS = {"etc/passwd": b"root:x:0:0:root:/:/bin/sh\n", "etc/group": b"root:x:0:\n"}
SOCKGUARD = f"""\
#!/bin/sh
PYTHONPATH={ROOT} exec {sys.executable} -m sockguard "$@"
"""
INTRODUCES = 'mkdir /www; echo "I am $VIRTUAL_HOST" >/www/index.html; exec httpd -f -p 80 -h /www'
HEALTH = 'HEALTHCHECK --interval=1s --timeout=10s --retries=10 CMD ["sockguard", "health"]'

OK = 200
STATUS = re.compile(r"HTTP/1\.1 (\d+)")
"""Where wget says what it was answered, if that is no page."""
NOBODY = (503, "")
"""What nginx answers under a name that no service has."""


def make_sockguard(engine: Engine) -> None:
    """An image that runs this project on this machine's Python, which has to be mounted."""
    make_image(
        engine,
        "sockguard:latest",
        {"opt/sockguard/bin/sockguard": SOCKGUARD.encode()},
        ["USER 65532:65532", 'ENTRYPOINT ["sockguard"]', 'CMD ["serve"]', HEALTH,
         "ENV PATH=/opt/sockguard/bin:/bin SOCKGUARD_AUDIT_DIR=/var/lib/sockguard/audit"],
        folders={"run/sockguard": 65532, "var/lib/sockguard/audit": 65532},
    )  # fmt: skip


def make_images(engine: Engine) -> None:
    """The other images that the example names, under the same names."""
    make_image(
        engine,
        "nginx:1.29-alpine",
        program(NGINX) | {"etc/nginx/nginx.conf": NGINX_CONF, **USERS},
        ['CMD ["nginx", "-g", "daemon off;"]', "ENV PATH=/usr/sbin:/bin"],
        folders=dict.fromkeys(("etc/nginx/conf.d", "var/log/nginx", "var/lib/nginx"), 0),
    )
    command = json.dumps(["sh", "-c", INTRODUCES])
    make_image(engine, WHOAMI, {}, [f"CMD {command}", "ENV PATH=/bin"])
    make_image(
        engine,
        "nginxproxy/nginx-proxy:1.11-dockergen",
        {},
        [f"CMD {json.dumps([sys.executable, str(SUPPORT / 'generator.py')])}", "ENV PATH=/bin"],
        folders={"etc/nginx/conf.d": 0},
    )  # fmt: skip


class Stack(NamedTuple):
    """The example while it runs, on an Engine whose network no rule of this machine's reaches."""

    engine: Engine
    compose: tuple[str, ...]

    def inside(self, service: str, *command: str) -> str:
        return self.engine.docker("exec", self.container(service), *command)

    def container(self, service: str) -> str:
        return f"example_{service}_1"

    def get(self, host: str) -> tuple[int, str]:
        """What nginx answers, at the port that it publishes, under this name."""
        pid = (self.engine.folder / "dockerd.pid").read_text().strip()
        within = ["nsenter", f"--target={pid}", "--net", str(BUSYBOX)]
        line = ["wget", "-q", "-O", "-", f"--header=Host: {host}", "http://127.0.0.1:8080/"]
        done = subprocess.run([*within, *line], capture_output=True, text=True, check=False)
        refused = STATUS.search(done.stderr)
        return (int(refused[1]) if refused else OK if done.stdout else 0), done.stdout

    def wait_for(self, host: str, answer: tuple[int, str], seconds: float) -> None:
        """Wait until nginx answers so; when it does not, tell what the containers printed."""
        deadline = time.monotonic() + seconds
        while (last := self.get(host)) != answer:
            if time.monotonic() > deadline:
                raise AssertionError(f"{host}: {last}, not {answer} in {seconds} s\n{self.logs()}")
            time.sleep(0.02)

    def logs(self) -> str:
        line = ["docker", "--host", self.engine.host, "logs"]
        told = (
            subprocess.run([*line, self.container(name)], capture_output=True, check=False)
            for name in ("sockguard", "docker-gen", "nginx")
        )
        return "\n".join((one.stdout + one.stderr).decode() for one in told)

    def audit(self) -> list[dict[str, Any]]:
        volume = self.engine.folder / "data/volumes/example_audit/_data"
        return events_of(volume)


def adapted(engine: Engine, *mounting: str) -> dict[str, Any]:
    """The example's file for this machine: its Engine, ready images, and who mounts its Python."""
    compose: dict[str, Any] = yaml.safe_load((EXAMPLE / "compose.yaml").read_text("utf-8"))
    services = compose["services"]
    del services["sockguard"]["build"]
    for name in mounting:
        services[name]["volumes"] += python_volumes()
    mounted = services["sockguard"]["volumes"]
    mounted[mounted.index("/var/run/docker.sock:/var/run/docker.sock")] = (
        f"{engine.socket}:/var/run/docker.sock"
    )
    services["two"]["environment"]["DATABASE_PASSWORD"] = PASSWORD
    return compose


@contextmanager
def running_example(archive: Path | None = None) -> Iterator[Stack]:
    """The example on an Engine of its own; `archive` has an image of sockguard that is whole."""
    with private_dockerd(apart=True) as engine:
        make_images(engine)
        mounting = ["docker-gen"]
        if archive is None:
            make_sockguard(engine)
            mounting.append("sockguard")
        else:
            engine.docker("load", "--input", str(archive))
        file = engine.folder / "compose.yaml"
        file.write_text(yaml.safe_dump(adapted(engine, *mounting)))
        place = (f"--file={file}", f"--project-directory={EXAMPLE}", "--project-name=example")
        found = Stack(engine, ("docker-compose", f"--host={engine.host}", *place))
        compose(found, "up", "--detach", "--no-build")
        try:
            yield found
        finally:
            engine.remove_containers()
            compose(found, "down", "--volumes")


def compose(stack: Stack, *words: str) -> None:
    group = str(stack.engine.socket.stat().st_gid)
    done = subprocess.run(
        [*stack.compose, *words],
        env=os.environ | {"DOCKER_GID": group},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
