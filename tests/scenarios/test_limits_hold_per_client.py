from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.raw_client import connected
from tests.support.stack import read_all, read_until, running_stack, send, status_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.demo_engine import RunningDemo

POLICY = """
version: 1
clients:
  a: {role: all, limits: {requests: 3/minute}}
  b: {role: all, limits: {streams: 1}}
  c: {role: all, limits: {body: 1KiB}}
  d: {role: all}
roles:
  all: {allow: [engine/everything]}
"""
PING = b"GET /v1.44/_ping HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n"
EVENTS = b"GET /v1.44/events HTTP/1.1\r\nHost: d\r\n\r\n"


def test_too_many_requests_get_429_with_the_seconds_to_wait(
    short_path: Path, engine: RunningDemo
) -> None:
    with running_stack(short_path, short_path / "engine.sock", policy=POLICY) as stack:
        answers = [send(stack.socket("a"), PING) for _ in range(4)]
        other = send(stack.socket("d"), PING)

    assert [status_of(answer) for answer in answers] == [200, 200, 200, 429]
    assert b"\r\nRetry-After: 20\r\n" in answers[3]
    assert status_of(other) == 200
    assert len(engine.sent("GET", "/_ping")) == 4


def test_a_stream_over_the_limit_is_refused_and_a_closed_one_makes_room(
    short_path: Path, engine: RunningDemo
) -> None:
    with running_stack(short_path, short_path / "engine.sock", policy=POLICY) as stack:
        with connected(stack.socket("b")) as first:
            first.sendall(EVENTS)
            read_until(first, b"\r\n\r\n")
            second = send(stack.socket("b"), EVENTS, seconds=1)
        stack.until_quiet()
        with connected(stack.socket("b")) as third:
            third.sendall(EVENTS)
            assert read_until(third, b"\r\n\r\n").startswith(b"HTTP/1.1 200")

    assert status_of(second) == 429
    assert len(engine.sent("GET", "/events")) == 2


@pytest.mark.parametrize(
    "framing",
    [
        pytest.param(b"Content-Length: 2000\r\n\r\n" + b"x" * 2000, id="sized"),
        pytest.param(
            b"Transfer-Encoding: chunked\r\n\r\n7d0\r\n" + b"x" * 2000 + b"\r\n0\r\n\r\n",
            id="chunked",
        ),
    ],
)
def test_a_stream_body_over_the_limit_gets_413(
    short_path: Path, engine: RunningDemo, framing: bytes
) -> None:
    with running_stack(short_path, short_path / "engine.sock", policy=POLICY) as stack:
        answer = send(
            stack.socket("c"),
            b"PUT /v1.44/containers/web/archive?path=/ HTTP/1.1\r\nHost: d\r\n"
            b"Content-Type: application/x-tar\r\n" + framing,
        )

    assert status_of(answer) == 413
    assert not any(item.body_complete for item in engine.received if item.method == "PUT")


def test_a_json_body_over_4_mib_gets_413_and_the_client_sees_it(
    short_path: Path, engine: RunningDemo
) -> None:
    body = b'{"Image":"a","Env":["' + b"x" * 5_000_000 + b'"]}'
    with (
        running_stack(short_path, short_path / "engine.sock", policy=POLICY) as stack,
        connected(stack.socket("d")) as peer,
    ):
        peer.sendall(
            b"POST /v1.44/containers/create HTTP/1.1\r\nHost: d\r\n"
            b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
        )
        peer.sendall(body)
        answer = read_all(peer)

    assert status_of(answer) == 413
    assert engine.sent("POST", "/containers/create") == []


def test_when_all_connections_are_in_use_the_longest_idle_one_makes_room(
    short_path: Path, engine: RunningDemo
) -> None:
    upstream = short_path / "engine.sock"
    with (
        running_stack(short_path, upstream, policy=POLICY, most_connections=2) as stack,
        connected(stack.socket("d")) as idle,
        connected(stack.socket("d")) as busy,
    ):
        idle.sendall(PING.replace(b"Connection: close\r\n", b""))
        read_until(idle, b"OK")
        busy.sendall(EVENTS)
        read_until(busy, b"\r\n\r\n")
        with connected(stack.socket("d")) as third:
            third.sendall(EVENTS)
            assert read_until(third, b"\r\n\r\n").startswith(b"HTTP/1.1 200")
            assert read_all(idle) == b""
            fourth = send(stack.socket("d"), PING)

    assert status_of(fourth) == 429
    assert len(engine.sent("GET", "/events")) == 2
