from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING

import pytest

from demo.faults import Kind
from tests.support.leaks import nothing_stays
from tests.support.raw_client import connected
from tests.support.stack import read_all, running_stack, send, status_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.demo_engine import RunningDemo
    from tests.support.stack import Stack

LIST = b"GET /v1.44/containers/json HTTP/1.1\r\nHost: d\r\n\r\n"
OK = "HTTP/1.1 200 OK\r\n"
INTERIM = "HTTP/1.1 102 Processing\r\n\r\n"
CHUNKED = f"{OK}Transfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    "text",
    [
        f"{CHUNKED}2\r\n[]\r\nxyz\r\n",
        f"{CHUNKED}-2\r\n[]\r\n",
        f"{CHUNKED}2\n[]\n0\n\n",
        f"{CHUNKED}2\r\n[]0\r\n\r\n",
        f"{CHUNKED}0\r\nX-Trailer: 1\r\n\r\n",
        f"{CHUNKED}{'f' * 17}\r\n",
    ],
)
def test_nonsense_within_an_answer_ends_it_there(
    stack: Stack, engine: RunningDemo, text: str
) -> None:
    engine.fault(Kind.RAW, text=text)
    with nothing_stays(stack):
        answer = send(stack.socket(), LIST, end=True)
        after = send(stack.socket(), LIST, end=True)

    assert b"Transfer-Encoding: chunked" in answer
    assert not answer.endswith(b"0\r\n\r\n")
    assert status_of(after) == 200
    ended = [event["ended"] for event in stack.events(kind="outcome")]
    assert ended == ["engine_gone", "complete"]


@pytest.mark.parametrize(
    "text",
    [
        "\r\n" * 40_000,
        OK + "X-Long: " + "x" * 70_000 + "\r\n\r\n",
        "HTTP/1.1 99 What\r\n\r\n",
        "HTTP/2 200 OK\r\n\r\n",
        f"{OK}Content-Length: -1\r\n\r\n",
        f"{OK}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n[]",
        f"{OK}Transfer-Encoding: gzip\r\n\r\n",
        f"{OK}X: a\r\n folded\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n" * 3 + "\x16\x03\x01\x02\x00",
        f"{INTERIM * 17}{OK}Content-Length: 2\r\n\r\n[]",
        *(f"HTTP/1.1 {s} Found\r\nLocation: /_ping\r\n\r\n" for s in (301, 302, 303, 307, 308)),
    ],
    ids=lambda text: text[:30].strip() or "blank lines",
)
def test_an_answer_head_that_is_none_costs_502(
    stack: Stack, engine: RunningDemo, text: str
) -> None:
    engine.fault(Kind.RAW, text=text)
    with nothing_stays(stack):
        answer = send(stack.socket(), LIST, end=True)
        after = send(stack.socket(), LIST, end=True)

    assert (status_of(answer), status_of(after)) == (502, 200)
    assert b"Location" not in answer
    ended = [event["ended"] for event in stack.events(kind="outcome")]
    assert ended[0] in ("refused", "engine_gone")
    assert ended[1:] == ["complete"]


def test_a_few_answers_that_announce_one_are_passed_over(stack: Stack, engine: RunningDemo) -> None:
    engine.fault(Kind.RAW, text=f"{INTERIM * 16}{OK}Content-Length: 2\r\n\r\n[]")
    with nothing_stays(stack):
        answer = send(stack.socket(), LIST, end=True)
    assert status_of(answer) == 200
    assert answer.endswith(b"[]")


def test_an_engine_that_goes_on_after_its_answer_is_not_listened_to(
    stack: Stack, engine: RunningDemo
) -> None:
    twice = f"{OK}Content-Length: 2\r\n\r\n[]" * 2
    engine.fault(Kind.RAW, text=twice, keep=True)
    with nothing_stays(stack), connected(stack.socket()) as peer:
        peer.sendall(LIST)
        first = peer.recv(65536)
        peer.sendall(LIST)
        second = peer.recv(65536)

    assert first.count(b"HTTP/1.1") == 1
    assert first.endswith(b"[]")
    assert b"nginx" in second


def test_an_engine_that_answers_and_closes_while_a_body_is_sent_is_heard(
    short_path: Path, engine: RunningDemo
) -> None:
    refusal = b'HTTP/1.1 409 Conflict\r\nContent-Length: 16\r\n\r\n{"message":"no"}'
    path = short_path / "rude.sock"

    def answer_once(listener: socket.socket) -> None:
        peer, _ = listener.accept()
        with peer:
            peer.recv(1000)
            peer.sendall(refusal)

    with socket.socket(socket.AF_UNIX) as listener, running_stack(short_path, path) as stack:
        listener.bind(str(path))
        listener.listen()
        rude = threading.Thread(target=answer_once, args=[listener])
        with nothing_stays(stack):
            rude.start()
            with connected(stack.socket()) as peer:
                peer.sendall(
                    b"PUT /v1.44/containers/web/archive?path=/ HTTP/1.1\r\nHost: d\r\n"
                    b"Content-Type: application/x-tar\r\nContent-Length: 60000000\r\n\r\n"
                )
                send_what_is_taken(peer, b"x" * 1_000_000, 60)
                answer = read_all(peer)
            rude.join(5)

    assert status_of(answer) in (409, 502)
    ended = [event["ended"] for event in stack.events(kind="outcome")] if stack.is_alive() else []
    assert ended in ([], ["complete"], ["engine_gone"])
    assert engine.received == []


def send_what_is_taken(peer: socket.socket, piece: bytes, times: int) -> None:
    """Send until all is sent or the other side has had enough."""
    try:
        for _ in range(times):
            peer.sendall(piece)
    except (TimeoutError, BrokenPipeError, ConnectionResetError):
        pass


def test_an_engine_whose_queue_is_full_costs_an_error_and_no_waiting(short_path: Path) -> None:
    path = short_path / "full.sock"
    with socket.socket(socket.AF_UNIX) as listener, running_stack(short_path, path) as stack:
        listener.bind(str(path))
        listener.listen(0)
        waiting = [socket.socket(socket.AF_UNIX) for _ in range(2)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(str(path))
        with nothing_stays(stack):
            answer = send(stack.socket(), LIST, end=True)
        for one in waiting:
            one.close()

    assert status_of(answer) in (502, 504)
    assert b"application/json" in answer
