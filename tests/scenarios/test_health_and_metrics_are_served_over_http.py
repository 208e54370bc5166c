from __future__ import annotations

import http.client
import json
import socket
import subprocess
import sys
from contextlib import ExitStack, closing, contextmanager
from typing import TYPE_CHECKING

import pytest

from demo.faults import Kind as FaultKind
from sockguard.proxy.metrics import CONTENT_TYPE
from sockguard.proxy.metrics_http import MOST_CONNECTIONS
from tests.support.ports import free_port
from tests.support.raw_client import exchange, request
from tests.support.sockguard_process import environment, sockguard

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.demo_engine import RunningDemo
    from tests.support.sockguard_process import Guard


@contextmanager
def watched(folder: Path, port: int) -> Iterator[Guard]:
    upstream = f"unix://{folder / 'engine.sock'}"
    with sockguard(folder, "read-only", upstream, f"--metrics=127.0.0.1:{port}") as guard:
        yield guard


def ask(
    port: int, path: str, method: str = "GET", headers: dict[str, str] | None = None
) -> tuple[http.client.HTTPResponse, str]:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        connection.request(method, path, headers=headers or {})
        answer = connection.getresponse()
        return answer, answer.read().decode()


def test_who_watches_learns_that_it_lives_is_ready_and_what_it_did(
    short_path: Path, engine: RunningDemo
) -> None:
    port = free_port()
    with watched(short_path, port) as guard:
        assert exchange(
            str(guard.socket()), request("GET", "/_ping", headers="Connection: close\r\n")
        )
        alive, _ = ask(port, "/healthz")
        ready, parts = ask(port, "/readyz")
        metrics, text = ask(port, "/metrics")
        engine.fault(FaultKind.CLOSE, times=0)
        failing, failing_parts = ask(port, "/readyz")
        still_alive, _ = ask(port, "/healthz")

    assert [answer.status for answer in (alive, ready, metrics)] == [200, 200, 200]
    assert json.loads(parts) == {"ready": True, "policy": "ok", "engine": "ok", "audit": "ok"}
    assert metrics.headers["Content-Type"] == CONTENT_TYPE
    assert 'requests_total{client="main",decision="allow",operation="system.ping"} 1.0' in text
    assert (failing.status, still_alive.status) == (503, 200)
    assert json.loads(failing_parts)["engine"] == "failing"


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("HEAD", "/metrics", {}, 405),
        ("POST", "/metrics", {}, 405),
        ("PUT", "/-/reload", {}, 405),
        ("OPTIONS", "/metrics", {}, 405),
        ("GET", "/", {}, 404),
        ("GET", "/metrics/", {}, 404),
        ("GET", "/debug/pprof", {}, 404),
        ("GET", "/containers/json", {}, 404),
        ("GET", "/metrics", {"Origin": "http://127.0.0.1"}, 403),
        ("GET", "/metrics", {"Host": "evil.example"}, 403),
        ("OPTIONS", "/metrics", {"Origin": "http://evil.example"}, 403),
    ],
)
def test_nothing_else_is_answered(
    watched_port: int, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    answer, text = ask(watched_port, path, method, headers)

    assert answer.status == status
    assert "sockguard_" not in text
    assert answer.headers.get("Access-Control-Allow-Origin") is None


@pytest.fixture(scope="module")
def watched_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    port = free_port()
    with watched(tmp_path_factory.mktemp("w"), port):
        yield port


def test_what_is_no_http_is_refused_and_not_logged(short_path: Path, engine: RunningDemo) -> None:
    port = free_port()
    with watched(short_path, port) as guard:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as peer:
            peer.sendall(b"GET /\x1b[2Jevil HTTP/1.1\r\n\r\n")
            assert peer.recv(12) == b"HTTP/1.0 400"
        answer, _ = ask(port, "/healthz")
        log = guard.log.read_text()

    assert answer.status == 200
    assert engine.received
    assert "evil" not in log
    assert "Traceback" not in log


def test_connections_that_only_wait_keep_nobody_out(watched_port: int) -> None:
    with ExitStack() as waiting:
        for _ in range(3 * MOST_CONNECTIONS):
            waiting.enter_context(socket.create_connection(("127.0.0.1", watched_port)))
        answer, _ = ask(watched_port, "/healthz")

    assert answer.status == 200


@pytest.mark.parametrize(
    ("flags", "complaint"),
    [
        (["--metrics", "0.0.0.0:9180"], "--metrics-on-any-network"),
        (["--metrics", "[::]:9180"], "--metrics-on-any-network"),
        (["--metrics", "9180"], "--metrics=9180: must be an address and a port"),
    ],
)
def test_others_than_this_host_read_it_only_if_that_was_said(
    tmp_path: Path, flags: list[str], complaint: str
) -> None:
    done = serve(tmp_path, *flags)

    assert done.returncode != 0
    assert complaint in done.stderr


def test_an_address_in_use_is_told_before_any_socket_opens(
    tmp_path: Path, watched_port: int
) -> None:
    done = serve(tmp_path, "--metrics", f"127.0.0.1:{watched_port}")

    assert done.returncode != 0
    assert f"cannot listen on 127.0.0.1 port {watched_port} for metrics" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.rglob("*.sock")) == []


def test_who_does_not_ask_for_it_does_not_pay_for_it() -> None:
    code = "import sys, sockguard.cli.main; print('aiohttp' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "False\n"


def serve(folder: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    places = [f"--socket-dir={folder / 'run'}", f"--audit-dir={folder / 'audit'}"]
    return subprocess.run(
        [sys.executable, "-m", "sockguard", "serve", *places, *flags],
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
        env=environment(),
    )
