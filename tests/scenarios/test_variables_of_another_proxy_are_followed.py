"""`sockguard serve` with the environment of another socket proxy, on TCP, before a demo engine."""

from __future__ import annotations

import json
import socket
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.support.guarded import read_answer
from tests.support.processes import DIES_WITH_US, running, wait_until
from tests.support.raw_client import request
from tests.support.sockguard_process import environment
from tests.support.stack import read_all

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.asking import Answer
    from tests.support.demo_engine import RunningDemo

SERVE = [*DIES_WITH_US, sys.executable, "-m", "sockguard", "serve"]
DASHBOARD = {"CONTAINERS": "1", "ALLOW_RESTARTS": "1", "ALLOW_LOGS": "0", "INFO": "true"}
ASKED: tuple[tuple[str, str, int, int], ...] = (
    ("HEAD", "/_ping", 200, 200),
    ("GET", "/v1.44/version", 200, 200),
    ("GET", "/v1.44/containers/json?all=1", 200, 200),
    ("GET", "/containers/web-1/json", 200, 200),
    ("GET", "/containers/web-1/logs?stdout=1&tail=1", 200, 403),
    ("GET", "/v1.44/containers/web-1/export", 200, 403),
    ("GET", "/info", 403, 403),
    ("GET", "/v1.44/images/json", 403, 403),
    ("POST", "/v1.44/containers/web-1/restart?t=0", 403, 204),
    ("POST", "/containers/web-1/kill?signal=HUP", 403, 204),
    ("POST", "/containers/web-1/start", 403, 403),
    ("DELETE", "/v1.44/containers/web-1?force=1", 403, 403),
    ("GET", "/_pingfoo", 403, 403),
    ("GET", "/containers//json", 400, 400),
)
"""Each with the status under the one dialect and the other."""


class Served(NamedTuple):
    port: int
    log: Path

    def ask(self, method: str, target: str) -> Answer:
        with socket.create_connection(("127.0.0.1", self.port), 5) as peer:
            peer.sendall(request(method, target, b"", "Connection: close\r\n"))
            return read_answer(read_all(peer))


@contextmanager
def served(folder: Path, engine: RunningDemo, **variables: str) -> Iterator[Served]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    log = folder / "sockguard.log"
    env = {
        **environment(),
        "SOCKET_PATH": engine.path,
        "SOCKGUARD_LISTEN": f"tcp://127.0.0.1:{port}",
        "SOCKGUARD_SOCKET_DIR": str(folder / "sockets"),
        **variables,
    }
    with running(SERVE, log, env=env) as process:
        here = Served(port, log)
        wait_until(lambda: _accepts(port), seconds=10, process=process, log=log)
        yield here


def _accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


@pytest.mark.parametrize("dialect", ["tecnativa", "linuxserver"])
def test_each_answers_as_its_rules_say(dialect: str, short_path: Path, engine: RunningDemo) -> None:
    engine.populate(1, "web", {"Env": ["PASSWORD=plain"]})
    with served(short_path, engine, SOCKGUARD_COMPAT=dialect, **DASHBOARD) as here:
        engine.clear()
        at = 0 if dialect == "tecnativa" else 1
        wanted = {(method, target): statuses[at] for method, target, *statuses in ASKED}
        assert {one: here.ask(*one).status for one in wanted} == wanted
        assert len(engine.received) >= sum(status < 300 for status in wanted.values())
        assert engine.sent("DELETE", "/containers/web-1") == []
        shown = here.ask("GET", "/containers/web-1/json").json
        assert "PASSWORD=plain" in shown["Config"]["Env"]


def test_it_says_what_it_reads_and_what_to_mind(short_path: Path, engine: RunningDemo) -> None:
    variables = DASHBOARD | {"CONTAINER": "1", "EXEC": "1", "POST": "1"}
    with served(short_path, engine, SOCKGUARD_COMPAT="tecnativa", **variables) as here:
        assert here.ask("GET", "/info").message.startswith("sockguard: system.info is not allowed")
        log = here.log.read_text()
    assert "reading the variables of tecnativa/docker-socket-proxy, v0.4.1 of 2025-09" in log
    assert "\n      - containers.logs  # Shows all output of a container" in log
    assert "warning: INFO=true is off, as there" in log
    assert "(did you mean CONTAINERS?)" in log
    assert "client 'anybody' amounts to root on the host, by " in log
    assert "warning: SOCKGUARD_COMPAT" not in log  # nobody wrote the lines of that policy
    events = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    assert [one["path"] for one in events if one.get("decision") == "deny"] == ["/info"]


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({"CONTAINERS": "1"}, "SOCKGUARD_COMPAT is missing, without which CONTAINERS=1"),
        ({"SOCKGUARD_COMPAT": "tecnativa", "LOG_LEVEL": "x"}, "LOG_LEVEL=x: must be one of"),
        ({"SOCKGUARD_COMPAT": "haproxy"}, "SOCKGUARD_COMPAT=haproxy: must be one of none"),
    ],
)
def test_what_cannot_be_followed_stops_it(
    variables: dict[str, str], says: str, short_path: Path
) -> None:
    log = short_path / "sockguard.log"
    with running(SERVE, log, env={**environment(), **variables}) as process:
        assert process.wait(20) == 2
    assert says in log.read_text()
    assert "listening" not in log.read_text()


def test_its_own_port_comes_with_a_warning(short_path: Path, engine: RunningDemo) -> None:
    """Of any port: the one that such proxies have, 2375, may be taken here."""
    with socket.create_server(("0.0.0.0", 0)) as free:
        port = free.getsockname()[1]
    open_to_all = {
        "SOCKGUARD_LISTEN": f"tcp://0.0.0.0:{port}",
        "SOCKGUARD_PLAIN_ON_ANY_NETWORK": "true",
    }
    log = short_path / "sockguard.log"
    env = {
        **environment(),
        "SOCKGUARD_COMPAT": "linuxserver",
        "SOCKET_PATH": engine.path,
        "SOCKGUARD_SOCKET_DIR": str(short_path / "sockets"),
        **open_to_all,
    }
    with running(SERVE, log, env=env) as process:
        wait_until(lambda: _accepts(port), seconds=10, process=process, log=log)
    assert (
        f"warning: tcp://0.0.0.0:{port}: whoever reaches this may do all of the" in log.read_text()
    )
    assert "\"Never expose this container's port to a public network." in log.read_text()
