from __future__ import annotations

import contextlib
import json
import select
import time
from dataclasses import replace
from textwrap import dedent
from typing import TYPE_CHECKING

from demo.faults import Kind
from tests.support.raw_client import connected, read_head, request
from tests.support.stack import QUICK, read_until, running_stack, send, status_of
from tests.support.wait import wait_until

if TYPE_CHECKING:
    import socket
    from pathlib import Path

    from tests.support.demo_engine import RunningDemo
    from tests.support.stack import Stack

POLICY = """
version: 1
clients:
  greedy: {role: all}
  modest: {role: all}
roles:
  all: {allow: [engine/everything]}
"""
MOST = 16
KEPT = 4
PATIENT = replace(QUICK, body=30.0)
PING = b"GET /v1.44/_ping HTTP/1.1\r\nHost: d\r\n\r\n"
LAST_PING = PING.replace(b"Host: d", b"Host: d\r\nConnection: close")
EVENTS = b"GET /v1.44/events HTTP/1.1\r\nHost: d\r\n\r\n"


def take_all(stack: Stack, open_ones: contextlib.ExitStack) -> list[socket.socket]:
    """Connect as the greedy client until somebody is turned away; return who got in."""
    got = []
    for _ in range(3 * MOST):
        peer = open_ones.enter_context(connected(stack.socket("greedy")))
        peer.sendall(EVENTS)
        if status_of(read_head(peer)) == 429:
            break
        got.append(peer)
    return got


def test_one_client_with_streams_without_end_leaves_the_others_their_places(
    short_path: Path, engine: RunningDemo
) -> None:
    upstream = short_path / "engine.sock"
    with (
        running_stack(short_path, upstream, policy=POLICY, most_connections=MOST) as stack,
        contextlib.ExitStack() as open_ones,
    ):
        streams = take_all(stack, open_ones)
        assert len(streams) == MOST - KEPT

        others = [open_ones.enter_context(connected(stack.socket("modest"))) for _ in range(KEPT)]
        for peer in others:
            peer.sendall(EVENTS)
            assert read_until(peer, b"\r\n\r\n").startswith(b"HTTP/1.1 200")
        assert status_of(send(stack.socket("modest"), LAST_PING)) == 429
        assert status_of(send(stack.socket("greedy"), LAST_PING)) == 429

    assert len(engine.sent("GET", "/events")) == MOST


def test_one_client_with_idle_connections_without_end_makes_room_for_others(
    short_path: Path, engine: RunningDemo
) -> None:
    upstream = short_path / "engine.sock"
    with (
        running_stack(short_path, upstream, policy=POLICY, most_connections=MOST) as stack,
        contextlib.ExitStack() as open_ones,
    ):
        idle = []
        for _ in range(2 * MOST):
            peer = open_ones.enter_context(connected(stack.socket("greedy")))
            peer.sendall(PING)
            assert read_until(peer, b"OK").startswith(b"HTTP/1.1 200")
            idle.append(peer)
        modest = [open_ones.enter_context(connected(stack.socket("modest"))) for _ in range(8)]
        for peer in modest:
            peer.sendall(EVENTS)
            assert read_until(peer, b"\r\n\r\n").startswith(b"HTTP/1.1 200")

        wait_until(lambda: len(stack.gate.connections) == MOST, "the evicted ones to leave")
        for peer in modest:
            peer.close()
        assert idle[0].recv(1) == b""
        idle[-1].sendall(LAST_PING)
        assert read_until(idle[-1], b"OK").startswith(b"HTTP/1.1 200")

    assert len(engine.sent("GET", "/events")) == 8


def test_one_client_that_never_takes_its_answers_leaves_the_others_their_places(
    short_path: Path, engine: RunningDemo
) -> None:
    upstream = short_path / "engine.sock"
    size = 1024**2
    with (
        running_stack(short_path, upstream, policy=POLICY, most_connections=MOST) as stack,
        contextlib.ExitStack() as open_ones,
    ):
        answer = f"HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n" + "x" * size
        engine.fault(Kind.RAW, path="/info", text=answer, times=0)
        for _ in range(3 * MOST):
            peer = open_ones.enter_context(connected(stack.socket("greedy")))
            with contextlib.suppress(OSError):
                peer.sendall(LAST_PING.replace(b"_ping", b"info"))
        answers = [send(stack.socket("modest"), LAST_PING) for _ in range(3)]

        assert len(stack.gate.connections) <= MOST
        assert [status_of(answer) for answer in answers] == [200, 200, 200]


def test_a_client_that_fills_its_room_for_bodies_leaves_the_others_theirs(
    short_path: Path, engine: RunningDemo
) -> None:
    size = 4 * 1024**2
    create = (
        b"POST /v1.44/containers/create HTTP/1.1\r\nHost: d\r\n"
        b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    )
    small = b'{"Image":"busybox"}'
    upstream = short_path / "engine.sock"
    with (
        running_stack(short_path, upstream, policy=POLICY, timeouts=PATIENT) as stack,
        contextlib.ExitStack() as open_ones,
    ):
        for _ in range(4):
            peer = open_ones.enter_context(connected(stack.socket("greedy")))
            peer.sendall(create % size)
            peer.sendall(b" " * (size - 1))
        wait_until(
            lambda: getattr(stack.gate.limiter.uses.get("greedy"), "buffered", 0) == 4 * size - 4,
            "the bodies to be waited for",
        )
        refused = send(stack.socket("greedy"), create % len(small) + small, seconds=0.3)
        passed = send(stack.socket("modest"), create % len(small) + small, seconds=0.3)

    assert status_of(refused) == 413
    assert status_of(passed) == 201
    assert len(engine.sent("POST", "/containers/create")) == 1


def test_long_bodies_of_one_client_are_judged_in_between_the_requests_of_others(
    short_path: Path, engine: RunningDemo
) -> None:
    policy = """
    version: 1
    clients:
      greedy: {allow: [{containers.create: {host_paths: {under: /srv}}}]}
      modest: {allow: [system/hello]}
    """
    body = json.dumps({"Image": "a", "HostConfig": {"Binds": ["/x/y:/z:ro"] * 9000}}).encode()
    long_one = request("POST", "/v1.44/containers/create", body)
    with (
        running_stack(
            short_path, short_path / "engine.sock", policy=dedent(policy), timeouts=PATIENT
        ) as stack,
        contextlib.ExitStack() as open_ones,
    ):
        greedy = [open_ones.enter_context(connected(stack.socket("greedy"), 60)) for _ in range(8)]
        for peer in greedy:
            peer.sendall(long_one)
        waits: list[float] = []
        while not waits or len(select.select(greedy, [], [], 0)[0]) < len(greedy):
            began = time.perf_counter()
            assert status_of(send(stack.socket("modest"), LAST_PING, seconds=30)) == 200
            waits.append(time.perf_counter() - began)
        assert {status_of(read_head(peer)) for peer in greedy} == {403}

    assert max(waits) < 1.5  # a turn takes a third of a second, all of them well over two
    assert engine.sent("POST", "/containers/create") == []
