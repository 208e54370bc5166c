"""sockguard ends under load, asked or killed: what reached the Engine is in the record."""

from __future__ import annotations

import re
import signal
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from sockguard.cli.main import main
from tests.support.audit_events import events_of, missing_numbers, told_missing
from tests.support.raw_client import HEAD_END, connected, request
from tests.support.sockguard_process import sockguard
from tests.support.stack import read_all, send, status_of

if TYPE_CHECKING:
    import socket
    from pathlib import Path

    from tests.support.demo_engine import RunningDemo
    from tests.support.sockguard_process import Guard

PING = request("GET", "/v1.44/_ping", headers="Connection: close\r\n")
CLIENTS = 6
MOST = 600
"""Requests of one client: together fewer than the demo engine remembers."""


class Load(threading.Thread):
    """One client that asks, on kept and on fresh connections, until nobody answers.

    Each request has a path of its own; `torn` counts answers that began and did not end.
    """

    def __init__(self, path: Path, number: int) -> None:
        super().__init__()
        self._path = path
        self._number = number
        self.answered = 0
        self.torn = 0

    def run(self) -> None:
        for turn in range(0, MOST, 10):
            try:
                with connected(self._path, 10) as peer:
                    for step in range(10):
                        self._ask(peer, f"c{self._number}-{turn + step}", write=step % 5 == 4)
            except (OSError, EOFError):
                return

    def _ask(self, peer: socket.socket, name: str, *, write: bool) -> None:
        method, verb = ("POST", "stop") if write else ("GET", "json")
        peer.sendall(request(method, f"/v1.44/containers/{name}/{verb}"))
        data = b""
        while not whole(data):
            piece = peer.recv(65536)
            if not piece:
                self.torn += bool(data)
                raise EOFError
            data += piece
        self.answered += 1


def heads_in(guard: Guard) -> list[str]:
    """The flags that pin what was printed of the log: the heads of checkpoints."""
    heads = re.findall(r"head ([0-9a-f]{64}@[0-9]+)", guard.log.read_text())
    assert heads
    return [word for head in heads for word in ("--head", head)]


def whole(data: bytes) -> bool:
    """Whether a sized answer has come in full."""
    head, end, body = data.partition(HEAD_END)
    if not end:
        return False
    sizes = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return len(body) >= int(sizes[0].partition(b":")[2])


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "asked"])
def test_all_that_reached_the_engine_is_in_the_record(
    short_path: Path, engine: RunningDemo, number: signal.Signals
) -> None:
    with sockguard(short_path, "everything", engine.path) as guard:
        load = [Load(guard.socket(), client) for client in range(CLIENTS)]
        engine.clear()
        for client in load:
            client.start()
        time.sleep(0.8)
        guard.process.send_signal(number)
        code = guard.process.wait(10)
        for client in load:
            client.join(15)
    reached = [item.path for item in engine.received if item.path.startswith("/containers/c")]
    found = events_of(guard.audit)
    with sockguard(short_path, "everything", engine.path) as again:
        back = send(again.socket(), PING)
    later = events_of(guard.audit)

    assert len(reached) > 50
    assert (
        Counter(reached) - Counter(str(e["path"]) for e in found if e["kind"] == "decision") == {}
    )
    assert sum(client.answered for client in load) <= len(reached)
    assert status_of(back) == 200
    assert later[: len(found)] == found
    assert main(["audit", "verify", "--dir", str(guard.audit), *heads_in(guard)]) == 0
    assert missing_numbers(later) == told_missing(later)
    if number is signal.SIGTERM:
        decided = {e["id"] for e in found if e["kind"] == "decision"}
        ended = Counter(e["ended"] for e in found if e["kind"] == "outcome")
        assert code == 0
        assert [client.torn for client in load] == [0] * CLIENTS
        assert sum(ended.values()) == len(decided)
        assert ended["complete"] >= sum(client.answered for client in load)
        assert [e["kind"] for e in found[-2:]] == ["stop", "checkpoint"]
    else:
        assert code == -number


def test_after_a_kill_no_socket_is_in_the_way(short_path: Path, engine: RunningDemo) -> None:
    with sockguard(short_path, "everything", engine.path) as guard:
        with connected(guard.socket()) as idle:
            guard.process.kill()
            guard.process.wait(10)
            assert read_all(idle) == b""
        assert guard.socket().exists()
    with sockguard(short_path, "everything", engine.path) as again:
        answer = send(again.socket(), PING)

    assert status_of(answer) == 200
    assert engine.sent("GET", "/_ping")
