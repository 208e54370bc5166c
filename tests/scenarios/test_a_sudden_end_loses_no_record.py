"""sockguard ends under load, asked or killed: what reached the Engine is in the record."""

from __future__ import annotations

import signal
import time
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from sockguard.cli.main import main
from tests.support.audit_events import (
    events_before_a_kill,
    events_of,
    missing_numbers,
    told_missing,
)
from tests.support.raw_client import connected, request
from tests.support.sockguard_process import sockguard
from tests.support.stack import read_all, send, status_of
from tests.support.sudden_load import CLIENTS, Load, heads_in

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.demo_engine import RunningDemo

PING = request("GET", "/v1.44/_ping", headers="Connection: close\r\n")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "asked"])
def test_all_that_reached_the_engine_is_in_the_record(
    short_path: Path, engine: RunningDemo, number: signal.Signals
) -> None:
    with sockguard(short_path, "everything", engine.path) as guard:
        load = [Load(guard.socket(), f"c{client}") for client in range(CLIENTS)]
        engine.clear()
        for client in load:
            client.start()
        time.sleep(0.8)
        guard.process.send_signal(number)
        code = guard.process.wait(10)
        for client in load:
            client.join(15)
    reached = [item.path for item in engine.received if item.path.startswith("/containers/c")]
    found = events_before_a_kill(guard.audit)
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
