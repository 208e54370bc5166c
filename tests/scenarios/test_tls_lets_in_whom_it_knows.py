from __future__ import annotations

import socket
import ssl
from contextlib import suppress
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from tests.support.certificates import SERVER
from tests.support.live_certificates import DAY, Authority
from tests.support.stack import status_of
from tests.support.tls_client import TlsClient, guarded_over_tls, server_folder
from tests.support.wait import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.demo_engine import RunningDemo
    from tests.support.stack import Stack
    from tests.support.tls_client import Address

POLICY = """
version: 1
clients:
  ops: {match: {cert: {spiffe: "spiffe://home.lab/ops"}}, allow: [containers.list]}
  ci: {match: {cert: {dns: "*.ci.home.lab"}}, allow: [containers.list]}
  anna: {match: {cert: {email: anna@home.lab}}, allow: [system.ping]}
  local: {allow: [containers.list]}
"""
LIST = b"GET /v1.44/containers/json HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n"
OPS = x509.UniformResourceIdentifier("spiffe://home.lab/ops")
RUNNER = x509.DNSName("7.ci.home.lab")
ANNA = x509.RFC822Name("anna@home.lab")
NUL = x509.DNSName("7.ci.home.lab\0.evil.org")
STARRED = x509.DNSName("*.ci.home.lab")
OTHER = x509.UniformResourceIdentifier("spiffe://home.lab/ops/../ops")


@pytest.fixture(scope="module")
def authority() -> Authority:
    """A CA for all tests here."""
    return Authority.new()


@pytest.fixture
def served(
    short_path: Path, engine: RunningDemo, authority: Authority
) -> Iterator[tuple[Stack, Address]]:
    """A server whose list revokes one certificate: that of the folder `revoked`."""
    tls_dir = server_folder(authority, short_path / "tls")
    revoked = authority.issue(short_path / "revoked", names=[OPS])
    (tls_dir / "crl.pem").write_bytes(authority.revoked(revoked))
    with guarded_over_tls(short_path, short_path / "engine.sock", POLICY, tls_dir) as running:
        engine.clear()
        yield running


def asked(address: Address, folder: Path, version: ssl.TLSVersion | None = None) -> bytes:
    """The whole answer to a list of containers."""
    client = TlsClient(address, folder, version=version).shake()
    try:
        client.send(LIST)
        return client.read_all()
    finally:
        client.close()


def refused(stack: Stack, count: int = 1) -> list[dict[str, Any]]:
    """The events of connections that were refused, once there are as many."""
    found: list[dict[str, Any]] = []

    def seen() -> bool:
        found[:] = stack.events(kind="connection_refused")
        return len(found) >= count

    wait_until(seen, "the refusal to be recorded")
    return found


def test_a_caller_is_who_its_certificate_says(
    short_path: Path, served: tuple[Stack, Address], engine: RunningDemo, authority: Authority
) -> None:
    stack, address = served
    made = authority.issue(short_path / "ops", "ops of home", [OPS, x509.DNSName("pc.home.lab")])

    assert status_of(asked(address, short_path / "ops")) == 200
    assert [item.path for item in engine.received] == ["/containers/json"]
    (event,) = stack.events(kind="decision")
    fingerprint = sha256(made.public_bytes(Encoding.DER)).hexdigest()
    assert (event["client"], event["listener"]) == ("ops", "tls://fd:tls")
    for told in (
        "address=127.0.0.1",
        "spiffe=spiffe://home.lab/ops",
        "dns=pc.home.lab",
        'common_name="ops of home"',
        f"sha256={fingerprint}",
    ):
        assert told in event["caller"]


def test_an_intermediate_that_comes_along_counts(
    short_path: Path, served: tuple[Stack, Address], engine: RunningDemo, authority: Authority
) -> None:
    stack, address = served
    below = authority.below()
    below.issue(short_path / "below", names=[OPS])
    # A list of revoked ones is asked for of whoever issued, so this CA needs one, too.
    lists = (short_path / "tls" / "crl.pem").read_bytes() + below.revoked()
    (short_path / "tls" / "ca.pem").write_bytes(
        (short_path / "tls" / "ca.pem").read_bytes() + below.certificate.public_bytes(Encoding.PEM)
    )
    (short_path / "tls" / "crl.pem").write_bytes(lists)
    wait_until(lambda: stack.events(kind="certificates_loaded") != [], "the list to be read")

    assert status_of(asked(address, short_path / "below")) == 200
    assert len(engine.received) == 1


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "expired": ({"valid": (-3 * DAY, -DAY)}, "certificate has expired"),
    "not yet valid": ({"valid": (DAY, 2 * DAY)}, "certificate is not yet valid"),
    "for servers only": ({"purposes": (SERVER,)}, "purpose"),
}


@pytest.mark.parametrize("fault", BAD)
def test_a_certificate_that_does_not_hold_ends_the_handshake(
    fault: str,
    short_path: Path,
    served: tuple[Stack, Address],
    engine: RunningDemo,
    authority: Authority,
) -> None:
    stack, address = served
    wrong, why = BAD[fault]
    authority.issue(short_path / "caller", names=[OPS], **wrong)

    with pytest.raises((ssl.SSLError, OSError)):
        asked(address, short_path / "caller")
    (event,) = refused(stack)
    assert (event["reason"], event["listener"]) == ("tls", "tls://fd:tls")
    assert why in event["text"]
    assert "address=127.0.0.1" in event["caller"]
    assert engine.received == []


def test_a_stranger_is_refused_at_the_handshake_and_told_of(
    short_path: Path, served: tuple[Stack, Address], engine: RunningDemo, authority: Authority
) -> None:
    stack, address = served
    Authority.new("other CA").issue(short_path / "stranger", names=[OPS])
    Authority.new("test CA").issue(short_path / "namesake", names=[OPS])
    authority.below().issue(short_path / "gap", names=[OPS], chain=False)
    for folder, why in (
        ("stranger", "unable to get local issuer certificate"),
        ("namesake", "signature failure"),
        ("gap", "unable to get local issuer certificate"),
        ("revoked", "certificate revoked"),
    ):
        before = len(stack.events(kind="connection_refused"))
        with pytest.raises((ssl.SSLError, OSError)):
            asked(address, short_path / folder)
        assert why in refused(stack, before + 1)[-1]["text"], folder
    assert engine.received == []


def test_no_certificate_is_not_enough(served: tuple[Stack, Address], engine: RunningDemo) -> None:
    stack, address = served
    client = TlsClient(address, None).shake()
    with suppress(OSError):  # an alert or a reset, as it comes
        client.send(LIST)
        assert client.read_all() == b""
    client.close()
    assert refused(stack)[0]["text"] == "the caller showed no certificate"
    assert engine.received == []


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_an_old_tls_is_refused(
    version: ssl.TLSVersion,
    short_path: Path,
    served: tuple[Stack, Address],
    authority: Authority,
) -> None:
    stack, address = served
    authority.issue(short_path / "ops", names=[OPS])
    with pytest.raises((ssl.SSLError, OSError)):
        asked(address, short_path / "ops", version)
    assert "version of TLS" in refused(stack)[0]["text"]


def test_tls_1_2_is_spoken_where_it_is_asked_for(
    short_path: Path, engine: RunningDemo, authority: Authority
) -> None:
    tls_dir = server_folder(authority, short_path / "tls")
    authority.issue(short_path / "ops", names=[OPS])
    with guarded_over_tls(short_path, short_path / "engine.sock", POLICY, tls_dir, "1.2") as (
        _,
        address,
    ):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            assert status_of(asked(address, short_path / "ops", version)) == 200
    assert len(engine.sent("GET", "/containers/json")) == 2


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        (LIST, "plain HTTP was sent to a TLS port"),
        (b"\x00" * 64, "what was sent is not TLS"),
        (b"SSH-2.0-OpenSSH_9.2p1\r\n", "what was sent is not TLS"),
        (b"\x16\x03\x01\x02\x00\x01", "the caller left within the handshake"),
        (b"", "the caller left within the handshake"),
    ],
)
def test_what_is_no_handshake_is_refused_and_told_of(
    sent: bytes, why: str, served: tuple[Stack, Address], engine: RunningDemo
) -> None:
    stack, address = served
    with socket.create_connection(address, 5) as peer:
        peer.sendall(sent)
        peer.shutdown(socket.SHUT_WR)
        with suppress(OSError):
            while peer.recv(4096):
                pass
    assert refused(stack)[0]["text"] == why
    assert engine.received == []


def test_half_a_handshake_is_waited_for_only_so_long(served: tuple[Stack, Address]) -> None:
    stack, address = served
    with socket.create_connection(address, 5) as peer:
        peer.sendall(b"\x16\x03\x01")
        assert peer.recv(4096) == b""
    assert refused(stack)[0]["text"] == "no whole handshake within 0.5 s"


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        ([], "unknown_caller"),
        ([OPS, RUNNER], "ambiguous_caller"),
        ([OPS, OPS], "unknown_caller"),
        ([NUL], "unknown_caller"),
        ([STARRED], "unknown_caller"),
        ([OTHER], "unknown_caller"),
        ([x509.DNSName("ci.home.lab")], "unknown_caller"),
        ([x509.DNSName("a.7.ci.home.lab")], "unknown_caller"),
        ([x509.UniformResourceIdentifier("spiffe://home.lab/OPS")], "unknown_caller"),
    ],
)
def test_a_name_that_is_nobodys_or_two_peoples_gets_nothing(  # noqa: PLR0913, PLR0917
    names: list[x509.GeneralName],
    reason: str,
    short_path: Path,
    served: tuple[Stack, Address],
    engine: RunningDemo,
    authority: Authority,
) -> None:
    stack, address = served
    authority.issue(short_path / "caller", "local", names)
    assert status_of(asked(address, short_path / "caller")) == 403
    (event,) = stack.events(kind="decision")
    assert event["reason"] == reason
    assert engine.received == []


def test_what_one_may_another_may_not(
    short_path: Path, served: tuple[Stack, Address], engine: RunningDemo, authority: Authority
) -> None:
    stack, address = served
    authority.issue(short_path / "anna", names=[ANNA])
    assert status_of(asked(address, short_path / "anna")) == 403
    (event,) = stack.events(kind="decision")
    assert (event["client"], event["reason"]) == ("anna", "not_granted")
    assert engine.received == []


def test_an_end_without_a_word_of_tls_is_no_end(
    short_path: Path, served: tuple[Stack, Address], engine: RunningDemo, authority: Authority
) -> None:
    stack, address = served
    authority.issue(short_path / "ops", names=[OPS])
    client = TlsClient(address, short_path / "ops").shake()
    client.send(LIST[:-2])
    client.raw.shutdown(socket.SHUT_WR)
    with suppress(OSError):
        assert client.raw.recv(1) == b""
    client.close()
    stack.until_quiet()
    assert engine.received == []


def test_a_request_in_thousands_of_records_is_one_request(
    short_path: Path, served: tuple[Stack, Address], engine: RunningDemo, authority: Authority
) -> None:
    _, address = served
    authority.issue(short_path / "ops", "ops", [OPS])
    request = b"GET /v1.44/containers/json?x=" + b"y" * 3000 + b" HTTP/1.1\r\nHost: d\r\n\r\n"
    with TlsClient(address, short_path / "ops").shake() as client:
        for byte in request:
            client.tls.write(bytes([byte]))
        client.flush()
        assert status_of(client.read_some()) == 200
    assert len(engine.sent("GET", "/containers/json")) == 1
