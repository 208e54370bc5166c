from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from demo.faults import Kind
from sockguard.policy.load import load_text
from tests.support.raw_client import connected, read_head, read_to_end, request
from tests.support.stack import Stack, read_all, running_stack, send, status_of
from tests.support.wait import wait_until

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.demo_engine import RunningDemo

ALL = "version: 1\nclients:\n  one: {allow: [engine/everything]}\n"
EVENTS_TOO = "system.events: {response: any}"
READS = f"version: 1\nclients:\n  one: {{allow: [system/hello, containers.list, {EVENTS_TOO}]}}\n"
HELLO = "version: 1\nclients:\n  one: {allow: [system/hello]}\n"
NOBODY = "version: 1\nclients:\n  two: {allow: [engine/everything]}\n"
EVENTS = b"GET /v1.44/events HTTP/1.1\r\nHost: d\r\n\r\n"
UPGRADE = "Connection: Upgrade\r\nUpgrade: tcp\r\n"


@pytest.fixture
def stack(short_path: Path, engine: RunningDemo) -> Iterator[Stack]:
    with running_stack(short_path, short_path / "engine.sock", policy=ALL) as running:
        engine.clear()
        yield running


@contextmanager
def stream(stack: Stack, sent: bytes) -> Iterator[tuple[socket.socket, bytes]]:
    with connected(stack.socket("one")) as peer:
        peer.sendall(sent)
        yield peer, read_head(peer)


@contextmanager
def tunnel(stack: Stack) -> Iterator[socket.socket]:
    """An exec that answers what it is told."""
    body = json.dumps({"Cmd": ["cat"], "AttachStdin": True, "AttachStdout": True, "Tty": True})
    create = request("POST", "/v1.44/containers/web/exec", body.encode(), "Connection: close\r\n")
    identity = json.loads(send(stack.socket("one"), create).split(b"\r\n\r\n", 1)[1])["Id"]
    start = request(
        "POST", f"/v1.44/exec/{identity}/start", b'{"Detach":false,"Tty":true}', UPGRADE
    )
    with stream(stack, start) as (peer, head):
        assert status_of(head) == 101
        peer.sendall(b"hello\n")
        assert peer.recv(100)
        yield peer


def ended(stack: Stack) -> dict[str, str]:
    return {e["operation"]: e["ended"] for e in stack.events(kind="outcome")}


def test_a_tunnel_is_cut_and_an_allowed_stream_goes_on(stack: Stack) -> None:
    with stream(stack, EVENTS) as (events, _), tunnel(stack) as terminal:
        stack.reload(READS)

        terminal.settimeout(2)
        read_to_end(terminal)
        wait_until(lambda: ended(stack).get("exec.start") == "reload", "the tunnel's outcome")
        assert "system.events" not in ended(stack)
        # The other stream still carries what happens.
        world = request("POST", "/v1.44/containers/db/stop", headers="Connection: close\r\n")
        send(engine_socket(stack), world)
        told = b""
        while b'"Action":"stop"' not in told:
            told += events.recv(65536)

    [outcome] = stack.events(kind="outcome", ended="reload")
    assert outcome["policy"] == load_text(ALL).sha256


def engine_socket(stack: Stack) -> Path:
    return stack.folder / "engine.sock"


@pytest.mark.parametrize(
    "after",
    [
        HELLO,
        NOBODY,
        READS.replace("{allow", "{match: {uid: 54321}, allow"),
        READS.replace("any}", 'any, query: {until: {always: "9999999999"}}}'),
        READS.replace("any}", "any, query: {since: {required: true}}}"),
    ],
    ids=["operation", "client", "match", "another query", "a condition"],
)
def test_a_stream_ends_when_the_new_policy_would_not_let_it_pass_as_it_was_sent(
    stack: Stack, after: str
) -> None:
    with stream(stack, EVENTS) as (events, head):
        assert status_of(head) == 200
        stack.reload(after)
        assert stack.gate.policy_fault == ""
        events.settimeout(2)
        assert not read_all(events).endswith(b"0\r\n\r\n")
        assert events.recv(1) == b""
    wait_until(lambda: ended(stack) == {"system.events": "reload"}, "the outcome")
    stack.until_quiet()


def test_a_stream_that_has_no_answer_yet_gets_a_refusal(stack: Stack, engine: RunningDemo) -> None:
    engine.fault(Kind.HANG, path="/events")
    with connected(stack.socket("one")) as peer:
        peer.sendall(EVENTS)
        wait_until(lambda: engine.received, "the request at the Engine")
        stack.reload(HELLO)
        answer = read_to_end(peer)
    assert status_of(answer) == 403
    assert b"the policy has changed" in answer
    wait_until(lambda: ended(stack) == {"system.events": "reload"}, "the outcome")


def test_a_request_that_is_no_stream_finishes(stack: Stack, engine: RunningDemo) -> None:
    engine.fault(Kind.SLOW, path="/containers/json", bytes_per_second=20000)
    listing = b"GET /v1.44/containers/json HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n"
    with stream(stack, listing) as (peer, head):
        stack.reload(HELLO)
        answer = head + read_to_end(peer)
    json.loads(answer.split(b"\r\n\r\n", 1)[1].split(b"\r\n")[-1] or b"[]")
    wait_until(lambda: ended(stack) == {"containers.list": "complete"}, "the outcome")
