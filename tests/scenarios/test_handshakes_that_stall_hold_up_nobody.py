from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from cryptography import x509

from sockguard.proxy.handshakes import MOST_HANDSHAKES
from tests.support.live_certificates import Authority
from tests.support.stack import status_of
from tests.support.tls_client import TlsClient, guarded_over_tls, server_folder

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.demo_engine import RunningDemo

POLICY = """
version: 1
clients:
  ops: {match: {cert: {dns: ops.home.lab}}, allow: [system.ping]}
"""
PING = b"GET /v1.44/_ping HTTP/1.1\r\nHost: d\r\n\r\n"
STALLED = 1000


def test_a_thousand_stalled_handshakes_keep_nobody_out(
    short_path: Path, engine: RunningDemo
) -> None:
    authority = Authority.new()
    tls_dir = server_folder(authority, short_path / "tls")
    authority.issue(short_path / "ops", names=[x509.DNSName("ops.home.lab")])
    upstream = short_path / "engine.sock"
    with guarded_over_tls(short_path, upstream, POLICY, tls_dir) as (stack, address):
        open_before = TlsClient(address, short_path / "ops").shake()
        stalled = []
        for _ in range(STALLED):
            peer = socket.create_connection(address, 5)
            peer.sendall(b"\x16\x03\x01\x00")
            stalled.append(peer)
        for client in (open_before, TlsClient(address, short_path / "ops").shake()):
            client.send(PING)
            assert status_of(client.read_some()) == 200
            client.close()

        for peer in stalled:
            assert peer.recv(64) == b""
            peer.close()
    one_by_one = len(stack.events(kind="connection_refused"))
    counted = [event["count"] for event in stack.events(kind="refusals_counted")]
    assert one_by_one + sum(counted) == STALLED
    assert one_by_one < STALLED / 2
    assert MOST_HANDSHAKES < STALLED
    assert len(engine.sent("GET", "/_ping")) == 2
