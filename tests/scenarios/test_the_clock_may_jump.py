from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.support.leaks import nothing_stays
from tests.support.raw_client import connected, read_head
from tests.support.stack import read_until, running_stack, send, status_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.demo_engine import RunningDemo

HOUR = 3600.0
POLICY = """
version: 1
clients:
  limited: {role: all, limits: {requests: 3/minute}}
  free: {role: all}
  nothing: {allow: [system/hello]}
roles:
  all: {allow: [engine/everything]}
"""
LIST = b"GET /v1.44/containers/json HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n"
REMOVE = b"DELETE /v1.44/containers/web HTTP/1.1\r\nHost: d\r\n\r\n"


class Clock:
    """The time of day, which somebody sets."""

    def __init__(self) -> None:
        self._true = time.time
        self.ahead = 0.0

    def __call__(self) -> float:
        return self._true() + self.ahead


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Stands in place of `time.time` wherever it is asked."""
    clock = Clock()
    monkeypatch.setattr(time, "time", clock)
    return clock


JUMPS = (5 * HOUR, -7 * HOUR, 0.0, -400 * 24 * HOUR, 400 * 24 * HOUR, -1.0)


def test_events_stay_in_order_when_the_clock_jumps(
    clock: Clock, short_path: Path, engine: RunningDemo
) -> None:
    with running_stack(short_path, short_path / "engine.sock", policy=POLICY) as stack:
        with nothing_stays(stack):
            for jump in JUMPS:
                clock.ahead = jump
                assert status_of(send(stack.socket("free"), LIST)) == 200
        found = stack.events()

    numbers = [event["seq"] for event in found]
    decided = [event["id"] for event in found if event["kind"] == "decision"]
    outcomes = [event for event in found if event["kind"] == "outcome"]
    assert numbers == list(range(1, len(found) + 1))
    assert decided == sorted(set(decided))
    assert [event["id"] for event in outcomes] == decided
    assert all(0 <= event["ms"] < 5000 for event in outcomes)
    assert {event["kind"] for event in found} == {"decision", "outcome"}
    assert len(engine.sent("GET", "/containers/json")) == len(JUMPS)


def test_a_limit_neither_ends_nor_tightens_when_the_clock_jumps(
    clock: Clock, short_path: Path, engine: RunningDemo
) -> None:
    with running_stack(short_path, short_path / "engine.sock", policy=POLICY) as stack:
        answers = []
        for jump in (0.0, -HOUR, 24 * HOUR, 48 * HOUR, -48 * HOUR):
            clock.ahead = jump
            answers.append(status_of(send(stack.socket("limited"), LIST)))

    assert answers == [200, 200, 200, 429, 429]
    assert len(engine.sent("GET", "/containers/json")) == 3


def test_the_quota_of_refusals_goes_by_no_clock_that_can_be_set(
    clock: Clock, short_path: Path, engine: RunningDemo
) -> None:
    with running_stack(short_path, short_path / "engine.sock", policy=POLICY) as stack:
        with connected(stack.socket("nothing")) as peer:
            for number in range(300):
                clock.ahead = (number % 7 - 3) * HOUR
                peer.sendall(REMOVE)
                assert status_of(read_head(peer)) == 403
        alone = len(stack.events(kind="decision", decision="deny"))

    assert 20 <= alone < 40
    assert engine.received == []


def test_a_time_limit_goes_by_no_clock_that_can_be_set(
    clock: Clock, short_path: Path, engine: RunningDemo
) -> None:
    with (
        running_stack(short_path, short_path / "engine.sock", policy=POLICY) as stack,
        connected(stack.socket("free")) as stream,
        connected(stack.socket("free")) as late,
    ):
        stream.sendall(b"GET /v1.44/events HTTP/1.1\r\nHost: d\r\n\r\n")
        read_until(stream, b"\r\n\r\n")
        late.sendall(b"GET /v1.44/")
        clock.ahead = -24 * HOUR
        began = time.monotonic()
        refused = read_head(late)
        took = time.monotonic() - began
        clock.ahead = 24 * HOUR
        time.sleep(0.3)
        open_streams = stack.gate.limiter.uses["free"].streams

    assert status_of(refused) == 408
    assert 0.2 < took < 20.0
    assert open_streams == 1
    assert len(engine.sent("GET", "/events")) == 1
