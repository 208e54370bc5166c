from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import pytest
from cryptography import x509

from tests.scenarios.test_an_end_is_passed_on_as_a_half_close import ATTACH, UPGRADE, running_cat
from tests.support.live_certificates import Authority
from tests.support.tls_client import TlsClient, guarded_over_tls, server_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.demo_engine import RunningDemo
    from tests.support.stack import Stack
    from tests.support.tls_client import Address

POLICY = """
version: 1
clients:
  ops: {match: {cert: {dns: ops.home.lab}}, allow: [engine/everything]}
  host: {socket: main, allow: [engine/everything]}
"""
MUCH = 8 * 1024 * 1024


@pytest.fixture
def served(short_path: Path, engine: RunningDemo) -> Iterator[tuple[Stack, Address]]:
    """A server for one caller, whose certificate is in `ops`."""
    authority = Authority.new()
    tls_dir = server_folder(authority, short_path / "tls")
    authority.issue(short_path / "ops", names=[x509.DNSName("ops.home.lab")])
    upstream = short_path / "engine.sock"
    with guarded_over_tls(short_path, upstream, POLICY, tls_dir, "1.2") as running:
        engine.clear()
        yield running


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_output_goes_on_after_the_clients_end(
    version: ssl.TLSVersion,
    short_path: Path,
    served: tuple[Stack, Address],
    engine: RunningDemo,
) -> None:
    stack, address = served
    name = running_cat(stack)
    client = TlsClient(address, short_path / "ops", version=version).shake()
    client.send(ATTACH % name + UPGRADE + b"\r\n")
    assert client.read_some().startswith(b"HTTP/1.1 101 ")
    client.send(b"hi\n")
    client.end()
    output = client.read_all()
    client.close()

    assert b"hi\n" in output
    attach = engine.wait_for(lambda item: item.path.endswith("/attach") and item.eof)
    assert attach.hijacked == b"hi\n"
    stack.until_quiet()
    outcome = stack.events(kind="outcome", operation="containers.attach")[0]
    assert (outcome["ended"], outcome["bytes_in"]) == ("complete", 3)


def test_much_goes_both_ways_and_arrives_whole(
    short_path: Path, served: tuple[Stack, Address], engine: RunningDemo
) -> None:
    stack, address = served
    name = running_cat(stack)
    client = TlsClient(address, short_path / "ops").shake()
    client.send(ATTACH % name + UPGRADE + b"\r\n")
    assert client.read_some().startswith(b"HTTP/1.1 101 ")
    sent = bytes(range(256)) * 256
    count, came = MUCH // len(sent), bytearray()
    for _ in range(count):
        client.send(sent)
        came += client.read_some()
    client.end()
    came += client.read_all()
    client.close()
    attach = engine.wait_for(lambda item: item.path.endswith("/attach") and item.eof)
    assert attach.hijacked_length == count * len(sent)
    assert len(came) >= count * len(sent)
