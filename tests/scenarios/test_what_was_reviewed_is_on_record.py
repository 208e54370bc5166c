"""What somebody acknowledges while sockguard serves is an event of its log, and of no other."""

from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
import sys
from functools import partial
from typing import TYPE_CHECKING

import pytest

from tests.support.audit_events import events_of
from tests.support.processes import wait_until
from tests.support.sockguard_process import accepts, environment, serving
from tests.support.tree import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.demo_engine import RunningDemo
    from tests.support.sockguard_process import Guard


@pytest.fixture
def guard(engine: RunningDemo) -> Iterator[Guard]:
    with serving("clients: {ci: {allow: [containers.list]}}", f"unix://{engine.path}", "ci") as one:
        ready = partial(accepts, control(one))
        wait_until(ready, seconds=10, process=one.process, log=one.log)
        wait_until(partial(has_started, one), seconds=10, process=one.process, log=one.log)
        yield one


def ack(folder: Path, sockets: Path, *words: str) -> subprocess.CompletedProcess[str]:
    places = ("--dir", str(folder), "--socket-dir", str(sockets))
    return subprocess.run(
        [sys.executable, "-m", "sockguard", "audit", "ack", *places, *words],
        env={**environment(), "PYTHONPATH": os.fspath(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


def has_started(guard: Guard) -> bool:
    """Whether it has written what it writes at its start."""
    return any(event["kind"] == "start" for event in events_of(guard.audit))


def control(guard: Guard) -> Path:
    return guard.sockets / ".control" / "audit.sock"


def said(guard: Guard, line: bytes) -> dict[str, object]:
    with socket.socket(socket.AF_UNIX) as peer:
        peer.connect(str(control(guard)))
        peer.sendall(line)
        peer.shutdown(socket.SHUT_WR)
        told: dict[str, object] = json.loads(peer.makefile("rb").readline())
        return told


def test_the_server_writes_it_with_who_asked(guard: Guard) -> None:
    done = ack(guard.audit, guard.sockets, "--by", "anna", "--note", "seen", "client:ci")
    assert (done.returncode, done.stderr) == (0, "")
    event = events_of(guard.audit)[-1]
    assert event["kind"] == "acknowledged"
    assert (event["by"], event["note"], event["filter"]) == ("anna", "seen", "client:ci")
    assert event["up_to"] == int(str(event["seq"])) - 1
    assert str(event["caller"]).startswith(f"uid={os.getuid()} gid={os.getgid()} pid=")
    assert str(event["id"]) in done.stdout
    assert "acknowledged" in guard.log.read_text()


def test_the_socket_is_for_the_servers_user_alone(guard: Guard) -> None:
    assert stat.S_IMODE(control(guard).stat().st_mode) == 0o600
    assert stat.S_IMODE(control(guard).parent.stat().st_mode) == 0o700


def test_another_log_is_never_written_through_it(guard: Guard, tmp_path: Path) -> None:
    before = events_of(guard.audit)
    other = tmp_path / "other"
    other.mkdir()
    (other / "audit-000000000000001-20260101T000000Z.jsonl").write_text(
        '{"v":1,"seq":1,"time":"2026-01-01T00:00:00.000000Z","id":"x","kind":"start"}\n'
    )
    done = ack(other, guard.sockets)
    assert (done.returncode, done.stderr) == (0, "")
    assert [event["kind"] for event in events_of(other)] == ["start", "acknowledged"]
    assert events_of(guard.audit) == before


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{}\n",
        b"[1]\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b'{"by":"a"}\n',
        b"\xff" * 100 + b"\n",
        b"x" * 40_000,
        b'{"by":"a","note":"","up_to":true,"filter":"","folder":""}\n',
        b'{"by":"a","note":"","up_to":1,"filter":"","folder":"","kind":"start"}\n',
    ],
)
def test_what_is_no_acknowledgment_is_answered_and_not_written(guard: Guard, line: bytes) -> None:
    before = events_of(guard.audit)
    assert said(guard, line) == {"error": "that is no acknowledgment"}
    assert events_of(guard.audit) == before


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({"up_to": 10**6}, "the log has no event 1000000"),
        ({"up_to": 0}, "the log has no event 0"),
        ({"by": ""}, "nobody is named"),
        ({"filter": "x" * 3000}, "the filter is longer than 2048 bytes"),
    ],
)
def test_the_server_checks_what_it_is_told(
    guard: Guard, changed: dict[str, object], text: str
) -> None:
    found = guard.audit.stat()
    whole: dict[str, object] = {
        "by": "anna",
        "note": "",
        "up_to": 1,
        "filter": "",
        "folder": f"{found.st_dev}:{found.st_ino}",
    }
    told = said(guard, json.dumps(whole | changed).encode() + b"\n")
    assert text in str(told["error"])
    assert all(event["kind"] != "acknowledged" for event in events_of(guard.audit))


def test_a_text_from_there_ends_no_line_of_the_log_or_the_terminal(guard: Guard) -> None:
    done = ack(guard.audit, guard.sockets, "--by", "an\x1b[2Jna", "--note", "one\ntwo")
    assert done.returncode == 0
    assert "\x1b" not in done.stdout + guard.log.read_text()
    assert events_of(guard.audit)[-1]["note"] == "one\ntwo"


def test_the_socket_goes_when_the_server_ends(guard: Guard) -> None:
    assert control(guard).exists()
    assert guard.stop() == 0
    assert not control(guard).exists()
