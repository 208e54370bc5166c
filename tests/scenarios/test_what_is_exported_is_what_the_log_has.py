from __future__ import annotations

import http.client
import json
import socket
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING

from tests.support import syslog_receivers as receivers
from tests.support.ports import free_port
from tests.support.raw_client import exchange, request
from tests.support.sockguard_process import MODULE, environment, sockguard
from tests.support.wait import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.demo_engine import RunningDemo

EVIL = 'x"]\\u001b[2J\\n<13>1 - - evil'


def ask(path: Path, target: str) -> bytes:
    headers = f"Connection: close\r\nUser-Agent: {EVIL}\r\n"
    return exchange(str(path), request("GET", target, headers=headers))


def written(folder: Path) -> list[bytes]:
    """The lines of the log, in their order."""
    segments = sorted(folder.glob("audit-*.jsonl"))
    return [line for one in segments for line in one.read_bytes().splitlines(keepends=True)]


def test_each_line_is_exported_as_it_is_and_a_receiver_in_trouble_is_only_a_warning(
    short_path: Path, engine: RunningDemo
) -> None:
    upstream, log = f"unix://{short_path / 'engine.sock'}", short_path / "log"
    down, metrics = free_port(), free_port()
    flags = (
        f"--export=syslog+unix://{log}",
        f"--export=syslog+tcp://127.0.0.1:{down}",
        f"--metrics=127.0.0.1:{metrics}",
    )
    with receivers.datagrams(receivers.unix(log, socket.SOCK_DGRAM)) as receiver:
        with sockguard(short_path, "read-only", upstream, *flags) as guard:
            assert ask(guard.socket(), "/_ping").startswith(b"HTTP/1.1 200")
            assert ask(guard.socket(), f"/containers/{'%22%5D%0A'}/json?{EVIL[:2]}")
            wait_until(lambda: "Connection refused" in guard.log.read_text(), "a sentence")
            health = run("health", f"--socket-dir={guard.sockets}")
            with closing(http.client.HTTPConnection("127.0.0.1", metrics, timeout=10)) as peer:
                numbers, ready = (get(peer, path) for path in ("/metrics", "/readyz"))
            guard.stop()
        lines = written(guard.audit)
        receiver.wait_for(len(lines))

        assert receiver.lines == lines
        assert len({one.data["seq"] for one in receiver.messages}) == len(lines)
    assert engine.received
    assert health.returncode == 0
    assert "export 1: ok\nexport 2: warning: " in health.stdout
    assert 'sockguard_export_up{export="1",scheme="syslog+unix"} 1.0' in numbers
    assert 'sockguard_export_up{export="2",scheme="syslog+tcp"} 0.0' in numbers
    assert json.loads(ready) | {"export 1": "ok", "export 2": "failing"} == json.loads(ready)
    told = guard.log.read_text()
    assert told.count("takes no events") == 1
    assert f"{len(lines)} events did not get to syslog+tcp://127.0.0.1:{down}, the log" in told


def get(peer: http.client.HTTPConnection, path: str) -> str:
    peer.request("GET", path)
    answer = peer.getresponse()
    assert answer.status == 200
    return answer.read().decode()


def test_events_on_standard_output_are_exported_too(short_path: Path, engine: RunningDemo) -> None:
    upstream = f"unix://{short_path / 'engine.sock'}"
    sock = receivers.udp()
    flags = ("--audit=stdout", f"--export=syslog+udp://127.0.0.1:{receivers.port_of(sock)}")
    with receivers.datagrams(sock) as receiver:
        with sockguard(short_path, "read-only", upstream, *flags) as guard:
            assert ask(guard.socket(), "/_ping").startswith(b"HTTP/1.1 200")
            guard.stop()
        lines = [one for one in guard.log.read_bytes().splitlines(keepends=True) if one[:1] == b"{"]
        receiver.wait_for(len(lines))

        assert receiver.lines == lines
        assert len(lines) >= 4
    assert engine.received


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*MODULE, *words],
        capture_output=True,
        text=True,
        env=environment(),
        timeout=20,
        check=False,
    )


def test_what_cannot_be_exported_to_is_told_before_any_socket_opens(tmp_path: Path) -> None:
    upstream = f"--upstream=unix://{tmp_path / 'engine.sock'}"
    folders = (f"--socket-dir={tmp_path / 's'}", f"--audit-dir={tmp_path / 'a'}")
    done = run("serve", upstream, *folders, "--export=otlp+http://h:4318?headers=/none")

    assert done.returncode != 0
    assert "headers=/none cannot be read" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.rglob("*.sock")) == []


def test_who_exports_nothing_loads_nothing_for_it() -> None:
    program = (
        "import sys; import sockguard.cli.serve; "
        "print([m for m in sys.modules if m.startswith(('opentelemetry', 'requests',"
        " 'sockguard.export.'))])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=20
    )
    assert done.stdout == "['sockguard.export.target']\n"
