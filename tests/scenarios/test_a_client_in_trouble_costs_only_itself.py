"""Clients that vanish, drip or never read: each costs itself, and nothing of it stays."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from demo.faults import Kind
from demo.state import Settings
from tests.support.demo_engine import running_demo_engine
from tests.support.leaks import nothing_stays
from tests.support.raw_client import connected, read_head, request
from tests.support.stack import read_all, running_stack, send, status_of
from tests.support.wait import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.demo_engine import RunningDemo
    from tests.support.stack import Stack

MIB = 1024 * 1024
LIST = b"GET /v1.44/containers/json HTTP/1.1\r\nHost: d\r\n\r\n"
UPLOAD = (
    "PUT /v1.44/containers/web/archive?path=/tmp HTTP/1.1\r\nHost: d\r\n"
    "Content-Type: application/x-tar\r\n"
)
CREATE = (
    b"POST /v1.44/containers/create HTTP/1.1\r\nHost: d\r\n"
    b"Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
)
STOP = b"POST /v1.44/containers/web/stop HTTP/1.1\r\nHost: d\r\n\r\n"
SAVE = b"GET /v1.44/images/nginx:1.27/get HTTP/1.1\r\nHost: d\r\n\r\n"
EVENTS = b"GET /v1.44/events HTTP/1.1\r\nHost: d\r\n\r\n"
MANY = 20


@dataclass(frozen=True, slots=True)
class Left:
    """What a client had sent and waited for when it vanished, and how that ended."""

    name: str
    sent: bytes
    ended: str
    awaited: bytes = b""


LEFT = (
    Left("within a head", LIST[:20], "refused"),
    Left("within a JSON body", CREATE, "refused"),
    Left("within an upload", UPLOAD.encode() + b"Content-Length: 99\r\n\r\nxyz", "client_gone"),
    Left("before its answer", STOP, "client_gone"),
    Left("within its answer", SAVE, "client_gone", b"\r\n\r\n"),
    Left("in a stream", EVENTS, "client_gone", b"\r\n\r\n"),
    Left(
        "in a tunnel",
        b"POST /v1.44/containers/web/attach?stream=1&stdin=1&stdout=1 HTTP/1.1\r\nHost: d\r\n"
        b"Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n",
        "client_gone",
        b"\r\n\r\n",
    ),
)


@pytest.mark.parametrize("left", LEFT, ids=lambda left: left.name)
def test_clients_that_vanish_leave_nothing_behind(short_path: Path, left: Left) -> None:
    upstream = short_path / "engine.sock"
    with (
        running_demo_engine(upstream, Settings(save_bytes=64 * MIB)) as engine,
        running_stack(short_path, upstream) as stack,
    ):
        engine.fault(Kind.HANG, path=".*/stop", times=0)
        with nothing_stays(stack):
            for _ in range(MANY):
                with connected(stack.socket()) as peer:
                    peer.sendall(left.sent)
                    if left.awaited:
                        assert left.awaited in read_head(peer)
                    else:
                        time.sleep(0.005)
            after = send(stack.socket(), LIST, end=True)

        assert status_of(after) == 200
        ended = Counter(event["ended"] for event in stack.events(kind="outcome"))
        assert ended == {left.ended: MANY, "complete": 1}


@pytest.mark.parametrize("sent", [LIST[:-4], CREATE], ids=["a head", "a JSON body"])
def test_what_is_dripped_has_to_come_within_its_time(stack: Stack, sent: bytes) -> None:
    with nothing_stays(stack), connected(stack.socket()) as peer:
        peer.sendall(sent)
        began = time.monotonic()
        over = threading.Event()
        dripping = threading.Thread(target=drip, args=[peer, b" " * 99, over])
        dripping.start()
        answer = read_all(peer)
        took = time.monotonic() - began
        over.set()
        dripping.join(5)

    assert status_of(answer) == 408
    assert took < 20.0
    assert stack.events(kind="decision")[0]["reason"] == "malformed"


def drip(peer: socket.socket, data: bytes, over: threading.Event) -> None:
    """Send byte by byte, much slower than the network."""
    for place in range(len(data)):
        if over.wait(0.05):
            return
        try:
            peer.send(data[place : place + 1])
        except OSError:
            return


def test_an_upload_may_be_dripped_for_longer_than_any_limit_and_disturbs_nobody(
    stack: Stack, engine: RunningDemo
) -> None:
    body = b"x" * 20
    with nothing_stays(stack):
        peers = [connected(stack.socket()) for _ in range(MANY)]
        opened = [peer.__enter__() for peer in peers]
        for peer in opened:
            peer.sendall(f"{UPLOAD}Content-Length: {len(body)}\r\n\r\n".encode())
        slowest = 0.0
        for place in range(len(body)):
            for peer in opened:
                peer.sendall(body[place : place + 1])
            began = time.monotonic()
            assert status_of(send(stack.socket(), LIST, end=True)) == 200
            slowest = max(slowest, time.monotonic() - began)
            time.sleep(0.05)
        answers = [status_of(read_head(peer)) for peer in opened]
        for context in peers:
            context.__exit__(None, None, None)

    assert 408 not in answers
    assert {item.body for item in engine.sent("PUT", "/containers/web/archive")} == {body}
    assert slowest < 1.0


def test_a_client_that_reads_a_byte_at_a_time_gets_all_of_its_answer(
    stack: Stack, engine: RunningDemo
) -> None:
    with connected(stack.socket()) as peer:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        peer.sendall(LIST.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        answer = b""
        while byte := peer.recv(1):
            answer += byte

    head, _, body = answer.partition(b"\r\n\r\n")
    assert f"Content-Length: {len(body)}".encode() in head
    assert len(json.loads(body)) == 3
    assert len(engine.sent("GET", "/containers/json")) == 1


def test_a_tunnel_whose_client_sends_and_never_reads_takes_little_memory(
    stack: Stack, engine: RunningDemo
) -> None:
    config = b'{"Cmd":["cat"],"AttachStdin":true,"AttachStdout":true}'
    made = send(stack.socket(), request("POST", "/v1.44/containers/web/exec", config), end=True)
    exec_id = json.loads(made.partition(b"\r\n\r\n")[2])["Id"]
    with nothing_stays(stack, 10):
        with connected(stack.socket(), timeout=0.5) as peer:
            upgrade = "Connection: Upgrade\r\nUpgrade: tcp\r\n"
            peer.sendall(request("POST", f"/v1.44/exec/{exec_id}/start", b"{}", upgrade))
            assert status_of(read_head(peer)) == 101
            sent = push(peer, 64 * MIB)
            waiting = [
                connection.channel.transport.get_write_buffer_size()
                for connection in stack.gate.connections
            ]
            ping = send(stack.socket(), LIST, end=True)
        assert status_of(ping) == 200
    wait_until(lambda: stack.events(kind="outcome", operation="exec.start"), "the outcome")

    assert sent < 16 * MIB
    assert sum(waiting) < 4 * MIB
    assert len(engine.sent("POST", f"/exec/{exec_id}/start")) == 1


def push(peer: socket.socket, most: int) -> int:
    """Send until nobody takes more for a while; how much was taken."""
    sent = 0
    try:
        while sent < most:
            sent += peer.send(b"x" * 65536)
    except TimeoutError:
        pass
    return sent
