from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from demo.faults import Kind
from sockguard.proxy.departures import Departures
from sockguard.proxy.exchange import Exchange
from tests.support.leaks import nothing_stays
from tests.support.raw_client import connected
from tests.support.stack import read_all, read_until, running_stack, status_of

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator
    from pathlib import Path

    from sockguard.proxy.express import Express
    from tests.support.demo_engine import RunningDemo
    from tests.support.stack import Stack

PING = b"GET /v1.44/_ping HTTP/1.1\r\nHost: d\r\n\r\n"
REFUSING = """
version: 1
allow: [system.version]
"""
LIMITED = """
version: 1
clients:
  portal: {socket: main, role: some}
roles:
  some: {limits: {requests: 3/minute}, allow: [system.ping]}
"""
KEPT_TO_ITS_OWN = """
version: 1
clients:
  portal: {socket: main, role: some, own_objects_only: true}
roles:
  some: {allow: [system.ping]}
"""
MESSAGE = (
    '{"message":"failed to mount local volume: mount //nas:/x, data: password=geheim: denied"}'
)


@contextmanager
def remembered(stack: Stack) -> Iterator[socket.socket]:
    """A connection on which the ping was sent before, so that it is remembered now."""
    with connected(stack.socket()) as peer:
        for _ in range(2):
            peer.sendall(PING)
            read_until(peer, b"OK")
        yield peer


def ended(stack: Stack) -> list[tuple[int, str]]:
    return [(event["status"], event["ended"]) for event in stack.events(kind="outcome")]


def test_it_goes_there_from_the_second_time_on_and_each_time_is_recorded(
    stack: Stack, engine: RunningDemo, monkeypatch: pytest.MonkeyPatch
) -> None:
    long_ways: list[Exchange] = []
    run = Exchange.run

    async def counted(exchange: Exchange, *, sent: bool = False) -> None:
        long_ways.append(exchange)
        await run(exchange, sent=sent)

    monkeypatch.setattr(Exchange, "run", counted)
    with nothing_stays(stack), connected(stack.socket()) as peer:
        answers = set()
        for _ in range(5):
            peer.sendall(PING)
            answers.add(read_until(peer, b"OK").partition(b"Date: ")[0])

    assert len(long_ways) == 1
    assert len(answers) == 1
    assert len(engine.sent("GET", "/_ping")) == 5
    decisions, outcomes = stack.events(kind="decision"), stack.events(kind="outcome")
    assert [event["id"] for event in decisions] == [event["id"] for event in outcomes]
    assert len({event["id"] for event in decisions}) == 5
    unlike = ("seq", "time", "id", "ms", "prev")
    for events in (decisions, outcomes):
        assert len({str({**event, **dict.fromkeys(unlike)}) for event in events}) == 1
    cell = stack.gate.recorder.tally.cells["main", "system.ping", "allow"]
    assert (cell.requests, sum(cell.buckets), cell.bytes_out) == (5, 5, 10)


@pytest.mark.parametrize(
    ("fault", "status", "outcome"),
    [
        pytest.param({"kind": Kind.CLOSE}, 200, (200, "complete"), id="asked again"),
        pytest.param({"kind": Kind.HANG}, 504, (504, "timeout"), id="silent"),
        pytest.param(
            {"kind": Kind.RAW, "text": "HTTP/1.1 301 F\r\nLocation: /\r\n\r\n"},
            502,
            (502, "refused"),
            id="redirected",
        ),
        pytest.param({"kind": Kind.RAW, "text": "nonsense\r\n\r\n"}, 502, (502, "refused"), id="?"),
        pytest.param(
            {
                "kind": Kind.RAW,
                "text": f"HTTP/1.1 200 OK\r\nX: {'x' * 66_000}\r\nContent-Length: 0\r\n\r\n",
            },
            502,
            (502, "refused"),
            id="a head too long",
        ),
        pytest.param({"kind": Kind.CUT}, 200, (200, "engine_gone"), id="cut"),
        pytest.param({"kind": Kind.CUT_CHUNKED}, 200, (200, "engine_gone"), id="cut chunked"),
        pytest.param(
            {"kind": Kind.SLOW, "bytes_per_second": 20}, 200, (200, "complete"), id="in pieces"
        ),
        pytest.param(
            {
                "kind": Kind.RAW,
                "text": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n0\r\n\r\n",
                "keep": True,
            },
            200,
            (200, "complete"),
            id="more than was due",
        ),
    ],
)
def test_an_engine_in_trouble_costs_what_it_costs_on_the_long_way(
    stack: Stack, engine: RunningDemo, fault: dict[str, Any], status: int, outcome: object
) -> None:
    with nothing_stays(stack):
        with remembered(stack) as peer:
            engine.fault(path="/_ping", **fault)
            peer.sendall(PING)
            answer = read_all(peer) if status != 200 else peer.recv(65536)
            peer.settimeout(0.5)
            read_all(peer)
        with connected(stack.socket()) as other:
            other.sendall(PING)
            assert read_until(other, b"OK").startswith(b"HTTP/1.1 200")

    assert status_of(answer) == status
    assert ended(stack)[2] == outcome


def test_a_client_that_ends_early_still_gets_its_answer(stack: Stack, engine: RunningDemo) -> None:
    with nothing_stays(stack), remembered(stack) as peer:
        engine.fault(path="/_ping", kind=Kind.SLOW, bytes_per_second=20)
        peer.sendall(PING)
        peer.shutdown(1)
        answer = read_all(peer)

    assert answer.endswith(b"OK")
    assert ended(stack)[2] == (200, "complete")


def test_what_comes_behind_it_ends_the_connection_after_its_answer(
    stack: Stack, engine: RunningDemo
) -> None:
    with nothing_stays(stack), remembered(stack) as peer:
        engine.fault(path="/_ping", kind=Kind.SLOW, bytes_per_second=20)
        peer.sendall(PING)
        peer.sendall(PING)
        answer = read_all(peer)

    assert answer.count(b"HTTP/1.1 200") == 1
    assert len(engine.sent("GET", "/_ping")) == 3


def test_a_head_in_pieces_is_read_on(stack: Stack) -> None:
    with nothing_stays(stack), remembered(stack) as peer:
        peer.sendall(PING[:20])
        peer.sendall(PING[20:])
        assert read_until(peer, b"OK").startswith(b"HTTP/1.1 200")


def test_another_policy_is_asked_at_once(stack: Stack, engine: RunningDemo) -> None:
    with nothing_stays(stack), remembered(stack) as peer:
        stack.reload(REFUSING)
        peer.sendall(PING)
        answer = read_until(peer, b"}\n")

    assert status_of(answer) == 403
    assert len(engine.sent("GET", "/_ping")) == 2


def test_a_limit_of_requests_counts_there_too(short_path: Path, engine: RunningDemo) -> None:
    with (
        running_stack(short_path, short_path / "engine.sock", policy=LIMITED) as stack,
        nothing_stays(stack),
        remembered(stack) as peer,
    ):
        peer.sendall(PING)
        read_until(peer, b"OK")
        peer.sendall(PING)
        answer = read_until(peer, b"}\n")

    assert status_of(answer) == 429
    assert len(engine.sent("GET", "/_ping")) == 3
    assert [event["decision"] for event in stack.events(kind="decision")][-1] == "deny"


def test_a_shutdown_waits_for_its_answer(short_path: Path, engine: RunningDemo) -> None:
    with ExitStack() as peers:
        with running_stack(short_path, short_path / "engine.sock") as stack:
            peer = peers.enter_context(remembered(stack))
            engine.fault(path="/_ping", kind=Kind.SLOW, bytes_per_second=20)
            peer.sendall(PING)
            assert peer.recv(1)
        answer = read_all(peer)

    assert answer.endswith(b"OK")
    assert ended(stack)[2] == (200, "complete")


def test_what_an_error_may_not_tell_is_masked_there_too(
    short_path: Path, engine: RunningDemo
) -> None:
    with (
        running_stack(short_path, short_path / "engine.sock", policy=KEPT_TO_ITS_OWN) as stack,
        nothing_stays(stack),
        remembered(stack) as peer,
    ):
        engine.fault(path="/_ping", kind=Kind.BODY, status=500, text=MESSAGE)
        peer.sendall(PING)
        answer = read_until(peer, b"}")

    assert status_of(answer) == 500
    assert b"geheim" not in answer
    assert ended(stack)[2] == (500, "complete")


def test_nothing_stays_of_many_that_a_silent_engine_leaves_waiting(
    stack: Stack, engine: RunningDemo
) -> None:
    with nothing_stays(stack), ExitStack() as peers:
        waiting = [peers.enter_context(remembered(stack)) for _ in range(20)]
        engine.fault(path="/_ping", kind=Kind.HANG, times=20)
        for peer in waiting:
            peer.sendall(PING)
        answers = [status_of(read_all(peer)) for peer in waiting]

    assert answers == [504] * 20


@pytest.mark.parametrize("happens", ["speaks", "ends"])
def test_an_engine_that_speaks_or_ends_right_before_it_is_asked_is_left(
    stack: Stack, engine: RunningDemo, monkeypatch: pytest.MonkeyPatch, happens: str
) -> None:
    add = Departures.add

    def added(departures: Departures, express: Express) -> None:
        add(departures, express)
        channel = express._engine
        assert channel is not None
        if happens == "speaks":
            channel.data_received(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nEARLY")
        else:
            channel.eof_received()

    with nothing_stays(stack), remembered(stack) as peer:
        before = len(engine.connections)
        monkeypatch.setattr(Departures, "add", added)
        peer.sendall(PING)
        assert read_until(peer, b"OK").count(b"HTTP/1.1") == 1
        assert len(engine.connections) == before + 1

    assert len(engine.sent("GET", "/_ping")) == 3
    assert ended(stack) == [(200, "complete")] * 3


def test_an_engine_that_is_learned_later_is_told_of_from_then_on(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    def origin() -> tuple[str, str]:
        facts = stack.gate.engine.facts
        return stack.gate.policy.sha256, facts.identity if facts else ""

    monkeypatch.setattr(stack.gate.recorder, "_origin", origin)
    with nothing_stays(stack), remembered(stack) as peer:
        with connected(stack.socket()) as other:
            other.sendall(b"GET /containers/json HTTP/1.1\r\nHost: d\r\n\r\n")
            assert other.recv(65536).startswith(b"HTTP/1.1 200")
        for _ in range(2):
            peer.sendall(PING)
            read_until(peer, b"OK")

    pings = stack.events(kind="decision", operation="system.ping")
    assert ["engine_id" in event for event in pings] == [False, False, True, True]


def test_all_connections_of_one_caller_share_what_is_prepared_for_it(stack: Stack) -> None:
    with nothing_stays(stack), ExitStack() as peers:
        for _ in range(5):
            peers.enter_context(remembered(stack))
        assert len(stack.gate.memo.forms) == 1
        stack.reload(REFUSING)
        assert stack.gate.memo.forms == {}
