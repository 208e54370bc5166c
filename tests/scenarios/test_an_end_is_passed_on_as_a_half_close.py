from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from demo.faults import Kind
from tests.support.raw_client import connected
from tests.support.stack import read_all, read_until
from tests.support.wait import wait_until

if TYPE_CHECKING:
    from tests.support.demo_engine import RunningDemo
    from tests.support.stack import Stack

UPGRADE = b"Connection: Upgrade\r\nUpgrade: tcp\r\n"
ATTACH = b"POST /v1.41/containers/%b/attach?stream=1&stdin=1&stdout=1 HTTP/1.1\r\nHost: d\r\n"


def running_cat(stack: Stack) -> bytes:
    """Create and start a container that echoes its standard input."""
    body = b'{"Image":"nginx:1.27","Cmd":["cat"],"OpenStdin":true,"StdinOnce":true,"Tty":false}'
    with connected(stack.socket()) as peer:
        peer.sendall(
            b"POST /v1.41/containers/create HTTP/1.1\r\nHost: d\r\nConnection: close\r\n"
            b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body
        )
        name = read_all(peer).split(b'"Id"')[1].split(b'"')[1]
    with connected(stack.socket()) as peer:
        peer.sendall(
            b"POST /v1.41/containers/%b/start HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n"
            % name
        )
        assert b"204" in read_all(peer)
    return name


@pytest.mark.parametrize("upgrade", [UPGRADE, b""], ids=["101", "200 raw stream"])
def test_output_goes_on_after_the_clients_end(
    stack: Stack, engine: RunningDemo, upgrade: bytes
) -> None:
    name = running_cat(stack)
    with connected(stack.socket()) as peer:
        peer.sendall(ATTACH % name + upgrade + b"\r\n")
        head = read_until(peer, b"\r\n\r\n")
        peer.sendall(b"hi\n")
        peer.shutdown(socket.SHUT_WR)
        output = read_all(peer)

    assert head.startswith(b"HTTP/1.1 101 " if upgrade else b"HTTP/1.1 200 ")
    assert b"hi\n" in output
    attach = engine.wait_for(lambda item: item.path.endswith("/attach") and item.eof)
    assert attach.hijacked == b"hi\n"
    stack.until_quiet()
    outcome = stack.events(kind="outcome", operation="containers.attach")[0]
    assert (outcome["ended"], outcome["bytes_in"]) == ("complete", 3)


def test_a_client_that_leaves_a_stream_frees_the_engine(stack: Stack, engine: RunningDemo) -> None:
    with connected(stack.socket()) as peer:
        peer.sendall(b"GET /v1.41/events HTTP/1.1\r\nHost: d\r\n\r\n")
        read_until(peer, b"\r\n\r\n")

    stack.until_quiet()
    engine.wait_for(lambda item: item.path == "/events" and item.closed)
    assert stack.events(kind="outcome")[0]["ended"] == "client_gone"


def test_a_client_that_left_before_its_answer_has_no_status_in_the_record(
    stack: Stack, engine: RunningDemo
) -> None:
    engine.fault(Kind.HANG, path=".*/stop")
    with connected(stack.socket()) as peer:
        peer.sendall(b"POST /v1.44/containers/web/stop HTTP/1.1\r\nHost: d\r\n\r\n")
        engine.wait_for(lambda item: item.path.endswith("/stop"))

    wait_until(lambda: stack.events(kind="outcome"), "the outcome")
    (outcome,) = stack.events(kind="outcome")
    assert (outcome["ended"], outcome["status"]) == ("client_gone", 0)


def test_a_client_that_half_closes_first_and_vanishes_later_is_noticed(
    stack: Stack, engine: RunningDemo
) -> None:
    name = running_cat(stack)
    with connected(stack.socket()) as watcher:
        watcher.sendall(ATTACH.replace(b"&stdin=1", b"") % name + UPGRADE + b"\r\n")
        read_until(watcher, b"\r\n\r\n")
        watcher.shutdown(socket.SHUT_WR)
        engine.wait_for(lambda item: item.path.endswith("/attach") and item.eof)
        assert stack.gate.connections

    stack.until_quiet()


def test_a_client_that_sends_and_leaves_at_once_still_gets_its_request_done(
    stack: Stack, engine: RunningDemo
) -> None:
    with connected(stack.socket()) as peer:
        peer.sendall(b"POST /v1.41/containers/web/stop HTTP/1.1\r\nHost: d\r\n\r\n")

    engine.wait_for(lambda item: item.path == "/containers/web/stop")
    wait_until(lambda: stack.events(kind="outcome", operation="containers.stop"), "the outcome")
