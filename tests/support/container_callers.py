"""Callers whose addresses are those of containers of a demo engine, all on the loopback interface.

Must never stand in for a real network: that containers arrive with their own addresses is shown
with a real Engine.
"""

from __future__ import annotations

import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sockguard.identity.listener import NetworkListener, Scheme
from tests.support.guarded import SLEEPS
from tests.support.stack import read_all, running_stack, status_of
from tests.support.tls_client import listening

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.guarded import Guarded
    from tests.support.stack import Stack
    from tests.support.tls_client import Address

PREFIX = "127.0.7"
NETWORK = "callers"
PING = b"GET /v1.44/_ping HTTP/1.1\r\nHost: docker\r\n\r\n"
EVENTS = b"GET /v1.44/events HTTP/1.1\r\nHost: docker\r\n\r\n"


def make_network(engine: Guarded) -> None:
    """Make a network of loopback addresses."""
    pool = {"Subnet": f"{PREFIX}.0/24", "Gateway": f"{PREFIX}.1"}
    body = {"Name": NETWORK, "IPAM": {"Config": [pool]}}
    assert engine.ask("POST", "/networks/create", body).status == 201


def end_at(number: int) -> dict[str, object]:
    """What asks for this address when a container is connected."""
    return {"IPAMConfig": {"IPv4Address": f"{PREFIX}.{number}"}}


def place(engine: Guarded, name: str, number: int, **body: object) -> str:
    """Make a container that has this address once it is started; its id."""
    ends = {"EndpointsConfig": {NETWORK: end_at(number)}}
    host = {"HostConfig": {"NetworkMode": NETWORK}}
    return engine.make(name, **(SLEEPS | host | {"NetworkingConfig": ends} | body))


def start(engine: Guarded, name: str, number: int, **body: object) -> str:
    """Make such a container and start it; its id."""
    identity = place(engine, name, number, **body)
    assert engine.ask("POST", f"/containers/{identity}/start").status == 204
    return identity


def called(address: Address, number: int, request: bytes = b"") -> socket.socket:
    """A connection from the container's address, with this request on it."""
    peer = socket.create_connection(address, 5, source_address=(f"{PREFIX}.{number}", 0))
    peer.sendall(request)
    return peer


@contextmanager
def opened(address: Address, request: bytes, number: int = 5) -> Iterator[socket.socket]:
    """A connection with a request on it that began to be answered."""
    with called(address, number, request) as peer:
        assert status_of(peer.recv(65536)) == 200
        yield peer


def answer_to(address: Address, number: int, request: bytes = PING, *, end: bool = False) -> bytes:
    """All that comes back for a request after which the connection is closed."""
    request = request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    with called(address, number, request) as peer:
        if end:
            peer.shutdown(socket.SHUT_WR)
        return read_all(peer)


@contextmanager
def guarded_by_container(
    folder: Path, upstream: Path, policy: str
) -> Iterator[tuple[Stack, Address]]:
    """Run a server with one plain listener; yield it and where it listens."""
    sock, address = listening()
    listener = NetworkListener(Scheme.TCP, passed="plain")
    with sock, running_stack(folder, upstream, policy=policy, listen={listener: sock}) as stack:
        yield stack, address
