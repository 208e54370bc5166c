from __future__ import annotations

import time
from typing import TYPE_CHECKING

from demo.faults import Kind
from tests.support.raw_client import connected
from tests.support.stack import read_all, send, status_of

if TYPE_CHECKING:
    import socket

    from tests.support.demo_engine import RunningDemo
    from tests.support.stack import Stack


def test_a_head_that_does_not_come_to_its_end_gets_408(stack: Stack, engine: RunningDemo) -> None:
    answer = send(stack.socket(), b"GET /v1.44/containers/json HTTP/1.1\r\nHost: d\r\n")

    assert status_of(answer) == 408
    assert engine.received == []
    assert stack.events(kind="decision")[0]["reason"] == "malformed"


def test_an_idle_connection_that_sent_nothing_is_left_alone(stack: Stack) -> None:
    with connected(stack.socket()) as peer:
        time.sleep(1.0)
        peer.sendall(b"GET /v1.44/_ping HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n")

        assert status_of(read_all(peer)) == 200


def test_a_json_body_that_does_not_come_to_its_end_gets_408(
    stack: Stack, engine: RunningDemo
) -> None:
    answer = send(
        stack.socket(),
        b"POST /v1.44/containers/create HTTP/1.1\r\nHost: d\r\n"
        b"Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
    )

    assert status_of(answer) == 408
    assert engine.received == []


def test_an_engine_that_does_not_answer_a_quick_request_costs_504(
    stack: Stack, engine: RunningDemo
) -> None:
    engine.fault(Kind.HANG)

    answer = send(stack.socket(), b"GET /v1.44/containers/json HTTP/1.1\r\nHost: d\r\n\r\n")

    assert status_of(answer) == 504
    assert [event["ended"] for event in stack.events(kind="outcome")] == ["timeout"]


def test_a_slow_request_that_is_not_quick_is_waited_for(stack: Stack, engine: RunningDemo) -> None:
    engine.fault(Kind.HANG)
    with connected(stack.socket(), timeout=2.0) as peer:
        peer.sendall(b"POST /v1.44/containers/web/stop HTTP/1.1\r\nHost: d\r\n\r\n")
        try:
            answer = peer.recv(1)
        except TimeoutError:
            answer = b"nothing yet"

    assert answer == b"nothing yet"


def test_a_stream_that_is_silent_for_longer_than_any_limit_stays_open(stack: Stack) -> None:
    with connected(stack.socket(), timeout=3.0) as peer:
        peer.sendall(b"GET /v1.44/events HTTP/1.1\r\nHost: d\r\n\r\n")
        assert b"200 OK" in peer.recv(65536)
        time.sleep(1.5)
        send(
            stack.socket(),
            b"POST /v1.44/containers/web/restart HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n",
        )

        assert b"restart" in _read_for(peer, b"restart")


def _read_for(peer: socket.socket, wanted: bytes) -> bytes:
    data = b""
    while wanted not in data:
        data += peer.recv(65536)
    return data
