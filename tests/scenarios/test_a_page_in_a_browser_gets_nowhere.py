from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from sockguard.identity.listener import NetworkListener, Scheme
from tests.support.stack import read_all, read_until, running_stack, status_of
from tests.support.tls_client import listening

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.demo_engine import RunningDemo
    from tests.support.stack import Stack
    from tests.support.tls_client import Address


POLICY = """
version: 1
clients:
  here: {match: {from: 127.0.0.0/8, anyone_there: true}, allow: [engine/everything]}
"""
LIST = "GET /v1.44/containers/json HTTP/1.1\r\nHost: %s\r\n%s\r\n"


@pytest.fixture
def served(short_path: Path, engine: RunningDemo) -> Iterator[tuple[Stack, Address]]:
    """A server with a plain listener on the loopback interface."""
    sock, address = listening()
    with (
        sock,
        running_stack(
            short_path,
            short_path / "engine.sock",
            policy=POLICY,
            listen={NetworkListener(Scheme.TCP, passed="plain"): sock},
        ) as stack,
    ):
        engine.clear()
        yield stack, address


def asked(address: Address, request: str) -> bytes:
    with socket.create_connection(address, 5) as peer:
        peer.sendall(request.encode())
        peer.shutdown(socket.SHUT_WR)
        return read_all(peer)


HOSTS = ("127.0.0.1:2375", "127.0.0.1", "localhost:2375", "[::1]:2375", "docker")


@pytest.mark.parametrize("host", HOSTS)
def test_a_program_of_this_host_is_served(
    host: str, served: tuple[Stack, Address], engine: RunningDemo
) -> None:
    _, address = served
    assert status_of(asked(address, LIST % (host, ""))) == 200
    assert len(engine.received) == 1


@pytest.mark.parametrize(
    ("host", "header"),
    [
        ("127.0.0.1:2375", "Origin: https://evil.example\r\n"),
        ("127.0.0.1:2375", "Origin: null\r\n"),
        ("127.0.0.1:2375", "Referer: http://127.0.0.1:2375/\r\n"),
        ("127.0.0.1:2375", "Sec-Fetch-Site: cross-site\r\n"),
        ("127.0.0.1:2375", "sec-fetch-mode: no-cors\r\n"),
        ("rebound.evil.example:2375", ""),
        ("evil.example", ""),
        ("127.0.0.1.evil.example", ""),
        ("localhost.evil.example:2375", ""),
        ("dockerhub", ""),
    ],
)
def test_a_page_is_not(
    host: str, header: str, served: tuple[Stack, Address], engine: RunningDemo
) -> None:
    stack, address = served
    assert status_of(asked(address, LIST % (host, header))) == 403
    assert engine.received == []
    (event,) = stack.events(kind="decision")
    assert event["reason"] == "unknown_caller"
    assert "browser" in event["text"]


def test_what_a_program_asked_before_opens_nothing_to_a_page(
    served: tuple[Stack, Address], engine: RunningDemo
) -> None:
    _, address = served
    ping = "GET /v1.44/_ping HTTP/1.1\r\nHost: docker\r\n%s\r\n"
    with socket.create_connection(address, 5) as peer:
        for _ in range(3):
            peer.sendall((ping % "").encode())
            assert status_of(read_until(peer, b"\r\n\r\nOK")) == 200
        peer.sendall((ping % "Origin: null\r\n").encode())
        assert status_of(read_until(peer, b"}\n")) == 403
    assert len(engine.sent("GET", "/_ping")) == 3
