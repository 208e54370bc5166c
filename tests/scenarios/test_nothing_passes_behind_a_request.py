"""What comes behind a judged request is never read as anything, by us or by the Engine."""

from __future__ import annotations

import json
import socket
import time
from typing import TYPE_CHECKING

import pytest

from demo.faults import Kind
from tests.support.raw_client import connected
from tests.support.stack import read_all, read_until, send, status_of

if TYPE_CHECKING:
    from tests.support.demo_engine import RunningDemo
    from tests.support.stack import Stack

LIST = b"GET /v1.44/containers/json HTTP/1.1\r\nHost: d\r\n\r\n"
SMUGGLED = b"GET /v1.44/secrets HTTP/1.1\r\nHost: d\r\n\r\n"
PING = b"GET /v1.44/_ping HTTP/1.1\r\nHost: d\r\n\r\n"
START = b"POST /v1.44/exec/%b/start HTTP/1.1\r\nHost: d\r\nContent-Type: application/json\r\n"
UPGRADE = b"Connection: Upgrade\r\nUpgrade: tcp\r\n"


def paths(engine: RunningDemo) -> list[str]:
    return [item.path for item in engine.received if item.path not in ("/version", "/info")]


@pytest.mark.parametrize(
    "request_bytes",
    [
        pytest.param(LIST + SMUGGLED, id="two pipelined requests"),
        pytest.param(
            b"GET /v1.44/containers/json HTTP/1.1\r\nHost: d\r\n"
            b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n" + SMUGGLED,
            id="an upgrade where none is offered",
        ),
        pytest.param(
            b"GET /v1.44/containers/json HTTP/1.1\r\nHost: d\r\n"
            b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
            b"HTTP2-Settings: AAMAAABk\r\n\r\n" + SMUGGLED,
            id="h2c",
        ),
        pytest.param(
            b"POST /v1.44/containers/web/stop HTTP/1.1\r\nHost: d\r\n\r\n" + SMUGGLED,
            id="a post without length",
        ),
        pytest.param(
            b"GET /v1.44/containers/json HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" + SMUGGLED,
            id="HTTP/1.0 keep-alive",
        ),
        pytest.param(
            b"GET /v1.44/containers/json HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n"
            + SMUGGLED,
            id="connection close",
        ),
    ],
)
def test_only_the_first_request_is_served(
    stack: Stack, engine: RunningDemo, request_bytes: bytes
) -> None:
    answer = send(stack.socket(), request_bytes)

    assert answer.count(b"HTTP/1.1 ") == 1
    assert "/secrets" not in paths(engine)
    assert len(paths(engine)) == 1
    stack.until_quiet()


def test_one_request_after_the_other_shares_both_connections(
    stack: Stack, engine: RunningDemo
) -> None:
    with connected(stack.socket()) as peer:
        for _ in range(3):
            peer.sendall(PING)
            read_until(peer, b"OK")

    pings = engine.sent("GET", "/_ping")
    assert len(pings) == 3
    assert len({item.connection for item in pings}) == 1


def test_two_clients_never_share_an_engine_connection(stack: Stack, engine: RunningDemo) -> None:
    with connected(stack.socket()) as one, connected(stack.socket()) as other:
        for peer in (one, other, one, other):
            peer.sendall(PING)
            read_until(peer, b"OK")

    assert len({item.connection for item in engine.sent("GET", "/_ping")}) == 2


def test_a_body_that_breaks_off_poisons_no_later_request(stack: Stack, engine: RunningDemo) -> None:
    with connected(stack.socket()) as peer:
        peer.sendall(
            b"PUT /v1.44/containers/web/archive?path=/ HTTP/1.1\r\nHost: d\r\n"
            b"Content-Type: application/x-tar\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"5\r\nhello\r\n"
        )
        engine.wait_for(lambda item: item.body_length == 5)
        peer.sendall(b"ZZ\r\n" + SMUGGLED)
        answer = read_all(peer)
    after = send(stack.socket(), LIST.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))

    assert status_of(answer) == 400
    assert status_of(after) == 200
    assert "/secrets" not in paths(engine)
    put = next(item for item in engine.received if item.method == "PUT")
    later = engine.sent("GET", "/containers/json")[0]
    assert not put.body_complete
    assert put.connection != later.connection


def test_an_early_answer_leaves_no_half_body_for_the_next_request(
    stack: Stack, engine: RunningDemo
) -> None:
    engine.fault(Kind.EARLY, path=".*/archive", status=404)
    with connected(stack.socket()) as peer:
        peer.sendall(
            b"PUT /v1.44/containers/web/archive?path=/ HTTP/1.1\r\nHost: d\r\n"
            b"Content-Type: application/x-tar\r\nContent-Length: 400000\r\n\r\nhello"
        )
        first = read_until(peer, b"}\n")
        peer.sendall(b"x" * 399_995 + SMUGGLED)
        rest = read_all(peer)

    assert status_of(first) == 404
    assert rest == b""
    assert "/secrets" not in paths(engine)


def test_stdin_that_comes_with_the_request_is_held_until_the_tunnel_is_open(
    stack: Stack, engine: RunningDemo
) -> None:
    exec_id = create_exec(stack)
    with connected(stack.socket()) as peer:
        peer.sendall(
            START % exec_id + UPGRADE + b'Content-Length: 16\r\n\r\n{"Detach":false}' + b"early\n"
        )
        data = read_until(peer, b"early\r\n")
        peer.sendall(b"late\n")
        data += read_until(peer, b"late\r\n")

    assert data.startswith(b"HTTP/1.1 101 ")
    start = engine.sent("POST", f"/exec/{exec_id.decode()}/start")[0]
    assert start.early == b""
    assert start.hijacked.startswith(b"early\n")


def test_stdin_and_its_end_before_the_tunnel_is_open_both_arrive(
    stack: Stack, engine: RunningDemo
) -> None:
    exec_id = create_exec(stack, tty=False)
    with connected(stack.socket()) as peer:
        peer.sendall(
            START % exec_id + UPGRADE + b'Content-Length: 16\r\n\r\n{"Detach":false}' + b"hi\n"
        )
        peer.shutdown(socket.SHUT_WR)
        output = read_all(peer)

    start = engine.sent("POST", f"/exec/{exec_id.decode()}/start")[0]
    assert (start.early, start.hijacked, start.eof) == (b"", b"hi\n", True)
    assert b"hi\n" in output


def test_a_get_is_not_sent_again_once_the_client_has_sent_more(
    stack: Stack, engine: RunningDemo
) -> None:
    body = SMUGGLED.replace(b"GET", b"POST")
    put = b"PUT /v1.44/containers/web/archive?path=/ HTTP/1.1\r\nHost: d\r\n"
    with connected(stack.socket()) as peer:
        peer.sendall(PING)
        read_until(peer, b"OK")
        engine.fault(Kind.CLOSE, path="/containers/json")
        peer.sendall(LIST + put + b"Content-Length: %d\r\n\r\n" % len(body))
        peer.sendall(body)
        answer = read_all(peer)

    assert answer.count(b"HTTP/1.1 ") == 1
    assert "/secrets" not in paths(engine)
    assert "/containers/web/archive" not in paths(engine)


def test_more_than_64_kib_before_the_tunnel_ends_the_connection(
    stack: Stack, engine: RunningDemo
) -> None:
    exec_id = create_exec(stack)
    engine.fault(Kind.HANG, path="/exec/.*/start")
    with connected(stack.socket()) as peer:
        peer.sendall(START % exec_id + UPGRADE + b'Content-Length: 16\r\n\r\n{"Detach":false}')
        time.sleep(0.1)
        peer.sendall(b"x" * 70_000)
        data = read_all(peer)

    assert b"101" not in data
    stack.until_quiet()


def test_a_detached_exec_opens_no_tunnel_whatever_it_asks(
    stack: Stack, engine: RunningDemo
) -> None:
    exec_id = create_exec(stack)
    answer = send(
        stack.socket(),
        START % exec_id + UPGRADE + b'Content-Length: 15\r\n\r\n{"Detach":true}' + SMUGGLED,
    )

    assert status_of(answer) == 200
    assert answer.count(b"HTTP/1.1 ") == 1
    start = engine.sent("POST", f"/exec/{exec_id.decode()}/start")[0]
    assert start.header("upgrade") is None
    assert start.hijacked == b""
    assert "/secrets" not in paths(engine)


@pytest.mark.parametrize(
    "upgrade",
    [
        b"Upgrade: tcp\r\n",
        b"Connection: Upgrade\r\nUpgrade: websocket\r\n",
        b"Connection: Upgrade\r\nUpgrade: h2c\r\n",
    ],
)
def test_an_attach_with_another_upgrade_is_malformed(
    stack: Stack, engine: RunningDemo, upgrade: bytes
) -> None:
    answer = send(
        stack.socket(),
        b"POST /v1.44/containers/web/attach?stream=1&stdout=1 HTTP/1.1\r\nHost: d\r\n"
        + upgrade
        + b"\r\n",
    )

    assert status_of(answer) == 400
    assert paths(engine) == []


def test_an_attach_without_stdin_passes_no_byte_but_the_end(
    stack: Stack, engine: RunningDemo
) -> None:
    with connected(stack.socket(), timeout=1.0) as peer:
        peer.sendall(
            b"POST /v1.44/containers/web/attach?stream=1&stdout=1 HTTP/1.1\r\nHost: d\r\n"
            + UPGRADE
            + b"\r\n"
        )
        assert b"101" in peer.recv(4096)
        peer.sendall(b"rm -rf /\n")
        time.sleep(0.2)
        attach = engine.sent("POST", "/containers/web/attach")[0]

    assert attach.hijacked == b""


def test_a_body_of_very_many_tiny_chunks_is_refused(stack: Stack, engine: RunningDemo) -> None:
    answer = send(
        stack.socket(),
        b"PUT /v1.44/containers/web/archive?path=/ HTTP/1.1\r\nHost: d\r\n"
        b"Content-Type: application/x-tar\r\nTransfer-Encoding: chunked\r\n\r\n"
        + b"1\r\nx\r\n" * 2000
        + b"0\r\n\r\n",
    )

    assert status_of(answer) == 400
    assert b"too many chunks" in answer
    assert not any(item.body_complete for item in engine.received if item.method == "PUT")


def create_exec(stack: Stack, *, tty: bool = True) -> bytes:
    body = {"Cmd": ["cat"], "AttachStdin": True, "AttachStdout": True, "Tty": tty}
    answer = send(
        stack.socket(),
        b"POST /v1.44/containers/web/exec HTTP/1.1\r\nHost: d\r\nConnection: close\r\n"
        b"Content-Type: application/json\r\nContent-Length: 100\r\n\r\n"
        + json.dumps(body).encode().ljust(100),
    )
    assert status_of(answer) == 201
    return answer.split(b'"Id"')[1].split(b'"')[1]
