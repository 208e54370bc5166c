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
from tests.support.tree import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.asking import Answer
    from tests.support.demo_engine import RunningDemo

WITHOUT_IPV6 = ROOT / "tests/support/without_ipv6.py"
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
    variables = DASHBOARD | {"CONTAINER": "1"}
    with served(short_path, engine, SOCKGUARD_COMPAT="tecnativa", **variables) as here:
        assert here.ask("GET", "/info").message.startswith("sockguard: system.info is not allowed")
        log = here.log.read_text()
    assert "reading the variables of tecnativa/docker-socket-proxy, v0.4.1 of 2025-09" in log
    assert "\n      - containers.logs  # Shows all output of a container" in log
    _, _, after = log.partition("\nsockguard: listening at ")
    assert "warning: INFO=true is off, as there" in after  # last: not above a long policy
    assert "(did you mean CONTAINERS?)" in after
    assert "client 'anybody' amounts to secrets, by containers.list" in log
    events = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    assert [one["path"] for one in events if one.get("decision") == "deny"] == ["/info"]


def test_what_is_wanting_is_told_by_its_variable(short_path: Path, engine: RunningDemo) -> None:
    variables = {"SOCKGUARD_COMPAT": "tecnativa", "CONTAINERS": "1", "POST": "1"}
    with served(short_path, engine, **variables) as here:
        log = here.log.read_text()
    warnings = "\n".join(line for line in log.splitlines() if "warning: " in line)
    assert "can prepare programs but not start them: that needs EXEC=1" in warnings
    assert "without which they may not start: that needs NETWORKS=1" in warnings
    assert warnings.count(f"tcp://127.0.0.1:{here.port}: every program on this host") == 1
    assert "SOCKGUARD_COMPAT=" not in warnings  # no line of a policy that nobody wrote
    assert "can send from" not in warnings  # the port again


def test_on_a_host_without_ipv6_it_listens_by_ipv4(short_path: Path, engine: RunningDemo) -> None:
    log = short_path / "sockguard.log"
    env = {
        **environment(),
        "SOCKGUARD_COMPAT": "tecnativa",
        "SOCKET_PATH": engine.path,
        "SOCKGUARD_SOCKET_DIR": str(short_path / "sockets"),
    }
    serve = ["unshare", "--user", "--map-root-user", "--net", *DIES_WITH_US]
    serve += [sys.executable, str(WITHOUT_IPV6), *SERVE[len(DIES_WITH_US) :]]
    with running(serve, log, env=env) as process:
        wait_until(lambda: "listening" in log.read_text(), seconds=10, process=process, log=log)
        wait_until(lambda: "warning: " in log.read_text(), seconds=10, process=process, log=log)
    told = [line for line in log.read_text().splitlines() if "listening at" in line]
    assert told == [
        "sockguard: this host has no IPv6: listening at tcp://0.0.0.0:2375 only",
        "sockguard: listening at tcp://0.0.0.0:2375",
    ]


def test_who_asks_for_an_address_without_ipv6_is_told(short_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    log = short_path / "sockguard.log"
    variables = {
        "SOCKGUARD_COMPAT": "tecnativa",
        "SOCKGUARD_LISTEN": f"tcp://[::]:{port}",
        "SOCKGUARD_PLAIN_ON_ANY_NETWORK": "true",
        "SOCKGUARD_SOCKET_DIR": str(short_path / "sockets"),
    }
    serve = [*DIES_WITH_US, sys.executable, str(WITHOUT_IPV6), *SERVE[len(DIES_WITH_US) :]]
    with running(serve, log, env={**environment(), **variables}) as process:
        assert process.wait(20) != 0
    assert "Address family not supported" in log.read_text()


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
