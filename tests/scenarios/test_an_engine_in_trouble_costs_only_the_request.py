from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from demo.faults import Kind
from demo.state import Settings
from tests.support.demo_engine import running_demo_engine
from tests.support.raw_client import connected, read_head
from tests.support.stack import read_all, read_until, running_stack, send, status_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.demo_engine import RunningDemo
    from tests.support.stack import Stack

LIST = b"GET /v1.44/containers/json HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n"
PING = b"GET /v1.44/_ping HTTP/1.1\r\nHost: d\r\n\r\n"


def test_an_engine_that_is_down_costs_502_and_is_used_again_when_it_is_back(
    short_path: Path,
) -> None:
    upstream = short_path / "engine.sock"
    with running_stack(short_path, upstream) as stack:
        down = send(stack.socket(), LIST)
        with running_demo_engine(upstream):
            back = send(stack.socket(), LIST)

        assert (status_of(down), status_of(back)) == (502, 200)
        assert b"cannot be reached" in down
        assert b"Content-Type: application/json\r\n" in down


@pytest.mark.parametrize(
    ("kind", "more", "status"),
    [
        (Kind.CLOSE, {}, 502),
        (Kind.RAW, {"text": "SSH-2.0-OpenSSH_9\r\n\r\n"}, 502),
        (
            Kind.RAW,
            {"text": "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"},
            502,
        ),
        (Kind.RAW, {"text": "HTTP/1.1 101 Switching\r\nUpgrade: tcp\r\n\r\nsecret"}, 502),
        (Kind.REDIRECT, {"text": "http://elsewhere/"}, 502),
    ],
)
def test_what_is_no_answer_becomes_502(
    stack: Stack, engine: RunningDemo, kind: Kind, more: dict[str, str], status: int
) -> None:
    engine.fault(kind, **more)

    answer = send(stack.socket(), LIST)
    after = send(stack.socket(), LIST)

    assert status_of(answer) == status
    assert b"elsewhere" not in answer
    assert b"secret" not in answer
    assert status_of(after) == 200


@pytest.mark.parametrize("kind", [Kind.CUT, Kind.CUT_CHUNKED])
def test_an_answer_that_is_cut_short_is_not_made_to_look_whole(
    stack: Stack, engine: RunningDemo, kind: Kind
) -> None:
    engine.fault(kind)

    answer = send(stack.socket(), LIST)

    head, _, body = answer.partition(b"\r\n\r\n")
    assert status_of(answer) == 200
    assert not body.endswith(b"0\r\n\r\n")
    if b"Content-Length" in head:
        assert len(body) < 1000
    assert stack.events(kind="outcome")[0]["ended"] == "engine_gone"


def test_a_reused_connection_that_the_engine_had_closed_is_opened_again_for_a_get(
    short_path: Path,
) -> None:
    upstream = short_path / "engine.sock"
    with running_stack(short_path, upstream) as stack, connected(stack.socket()) as peer:
        with running_demo_engine(upstream):
            peer.sendall(PING)
            read_until(peer, b"OK")
        with running_demo_engine(upstream):
            peer.sendall(PING)
            answer = read_until(peer, b"OK")

    assert status_of(answer) == 200


def test_a_post_is_never_sent_twice(stack: Stack, engine: RunningDemo) -> None:
    engine.fault(Kind.CLOSE, path="/containers/web/stop", times=1)
    with connected(stack.socket()) as peer:
        peer.sendall(PING)
        read_until(peer, b"OK")
        peer.sendall(
            b"POST /v1.44/containers/web/stop HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n"
        )
        answer = read_until(peer, b"}\n")

    assert status_of(answer) == 502
    assert len(engine.sent("POST", "/containers/web/stop")) == 1


def test_an_answer_that_comes_before_the_body_is_complete_reaches_the_client(
    stack: Stack, engine: RunningDemo
) -> None:
    engine.fault(Kind.EARLY, path=".*/archive", status=409)
    with connected(stack.socket()) as peer:
        peer.sendall(
            b"PUT /v1.44/containers/web/archive?path=/ HTTP/1.1\r\nHost: d\r\n"
            b"Content-Type: application/x-tar\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"5\r\nhello\r\n"
        )
        answer = read_until(peer, b"}\n")

    assert status_of(answer) == 409
    assert b"Connection: close" in answer
    stack.until_quiet()


def test_an_engine_that_came_back_as_an_older_one_gets_the_version_it_serves(
    short_path: Path,
) -> None:
    bare = b"GET /containers/json HTTP/1.1\r\nHost: d\r\n\r\n"
    upstream = short_path / "engine.sock"
    with running_stack(short_path, upstream) as stack, connected(stack.socket()) as peer:
        with running_demo_engine(upstream, Settings(api_max=(1, 47))):
            peer.sendall(bare)
            assert b"1.47" in read_head(peer)
        peer.settimeout(0.2)
        read_all(peer)
        peer.settimeout(5)
        with running_demo_engine(upstream, Settings(api_max=(1, 43))) as older:
            peer.sendall(bare)
            answer = read_head(peer)

    assert status_of(answer) == 200
    assert [item.version for item in older.sent("GET", "/containers/json")] == ["1.43"]


@pytest.mark.parametrize(
    ("kind", "ended"),
    [(Kind.RAW, "refused"), (Kind.REDIRECT, "refused"), (Kind.CLOSE, "engine_gone")],
)
def test_the_outcome_says_how_it_ended(
    stack: Stack, engine: RunningDemo, kind: Kind, ended: str
) -> None:
    engine.fault(kind)
    send(stack.socket(), LIST)

    outcome = stack.events(kind="outcome", operation="containers.list")[0]
    assert (outcome["status"], outcome["ended"]) == (502, ended)
