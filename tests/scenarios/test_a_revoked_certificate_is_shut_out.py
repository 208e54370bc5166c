from __future__ import annotations

import ssl
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from cryptography import x509

from sockguard.proxy.tls_files import TlsFiles
from tests.support.live_certificates import Authority
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
  ops: {match: {cert: {dns: ops.home.lab}}, allow: [engine/everything]}
  ci: {match: {cert: {dns: ci.home.lab}}, allow: [engine/everything]}
"""
EVENTS = b"GET /v1.44/events HTTP/1.1\r\nHost: d\r\n\r\n"
PING = b"GET /v1.44/_ping HTTP/1.1\r\nHost: d\r\n\r\n"


class Home:
    """A CA with a server and two callers, all in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.authority = Authority.new()
        self.tls_dir = server_folder(self.authority, folder / "tls")
        self.callers = {
            name: self.authority.issue(folder / name, names=[x509.DNSName(f"{name}.home.lab")])
            for name in ("ops", "ci")
        }
        self.revoke()

    def revoke(self, *names: str) -> None:
        """Write a list with the certificates of these callers."""
        listed = self.authority.revoked(*(self.callers[name] for name in names))
        new = self.tls_dir / "crl.new"
        new.write_bytes(listed)
        new.rename(self.tls_dir / "crl.pem")


@pytest.fixture
def home(short_path: Path) -> Home:
    """Certificates for all."""
    return Home(short_path)


@pytest.fixture
def served(home: Home, engine: RunningDemo) -> Iterator[tuple[Stack, Address]]:
    """A server for them."""
    upstream = home.folder / "engine.sock"
    with guarded_over_tls(home.folder, upstream, POLICY, home.tls_dir) as running:
        engine.clear()
        yield running


def opened(address: Address, folder: Path, request: bytes) -> TlsClient:
    """A connection with a request on it that began to be answered."""
    client = TlsClient(address, folder).shake()
    try:
        client.send(request)
        assert status_of(client.read_some()) == 200
    except OSError:
        client.close()
        raise
    return client


def is_over(client: TlsClient) -> bool:
    """Whether the server has ended the connection; waits for that."""
    try:
        return client.read_all() == b""
    except (ssl.SSLError, ConnectionError):
        return True
    finally:
        client.close()


@pytest.mark.parametrize("request_", [EVENTS, PING], ids=["a stream", "an idle connection"])
def test_its_connections_end_and_others_go_on(
    request_: bytes, home: Home, served: tuple[Stack, Address], engine: RunningDemo
) -> None:
    stack, address = served
    lost = opened(address, home.folder / "ops", request_)
    kept = opened(address, home.folder / "ci", PING)

    home.revoke("ops")
    assert is_over(lost)
    if request_ is EVENTS:
        outcomes = stack.events(kind="outcome", operation="system.events")
        assert [event["ended"] for event in outcomes] == ["disowned"]
    with pytest.raises((ssl.SSLError, OSError)):
        opened(address, home.folder / "ops", PING)
    wait_until(lambda: stack.events(kind="connection_refused") != [], "the refusal")
    assert "revoked" in stack.events(kind="connection_refused")[0]["text"]
    asked_before = len(engine.received)
    kept.send(PING)
    assert status_of(kept.read_some()) == 200
    assert len(engine.received) == asked_before + 1
    kept.close()


def test_what_is_remembered_of_it_counts_no_more(
    home: Home, served: tuple[Stack, Address], engine: RunningDemo
) -> None:
    stack, address = served
    client = opened(address, home.folder / "ops", PING)
    for _ in range(3):
        client.send(PING)
        assert status_of(client.read_some()) == 200
    (connection,) = stack.gate.connections
    before = len(engine.received)
    stack.call(lambda: connection.disown("for a test"))
    with suppress(OSError):
        client.send(PING)
        answer = client.read_all()
        assert answer == b"" or status_of(answer) == 403
    client.close()
    assert len(engine.received) == before


def test_a_new_server_certificate_is_used_and_connections_stay(
    home: Home, served: tuple[Stack, Address]
) -> None:
    stack, address = served
    kept = opened(address, home.folder / "ops", PING)

    def shown() -> bytes | None:
        with TlsClient(address, home.folder / "ops").shake() as client:
            return client.tls.getpeercert(binary_form=True)

    before = shown()
    server_folder(home.authority, home.tls_dir)
    wait_until(lambda: stack.events(kind="certificates_loaded") != [], "the files to be read")
    assert shown() != before
    kept.send(PING)
    assert status_of(kept.read_some()) == 200
    kept.close()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("crl.pem", b"nonsense", "crl.pem"),
        ("cert.pem", b"", "cert.pem"),
        ("key.pem", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "key.pem"),
        ("ca.pem", None, "ca.pem"),
    ],
)
def test_files_at_fault_change_nothing_and_are_told_of(
    name: str, content: bytes | None, said: str, home: Home, served: tuple[Stack, Address]
) -> None:
    stack, address = served
    good = (home.tls_dir / name).read_bytes()
    if content is None:
        (home.tls_dir / name).unlink()
    else:
        (home.tls_dir / name).write_bytes(content)
    wait_until(lambda: stack.events(kind="certificates_rejected") != [], "the fault to be told")
    assert said in stack.gate.tls_fault
    opened(address, home.folder / "ops", PING).close()
    assert len(stack.events(kind="certificates_rejected")) == 1

    (home.tls_dir / name).write_bytes(good)
    wait_until(lambda: not stack.gate.tls_fault, "the files to be well again")
    opened(address, home.folder / "ops", PING).close()


def test_whoever_came_with_a_ca_that_is_gone_is_gone(
    home: Home, served: tuple[Stack, Address]
) -> None:
    stack, address = served
    lost = opened(address, home.folder / "ops", EVENTS)
    other = Authority.new("another")
    (home.tls_dir / "crl.pem").unlink()
    server_folder(other, home.tls_dir)
    assert is_over(lost)
    assert stack.events(kind="certificates_loaded") != []


def test_nobody_resumes_what_came_before_a_revocation(
    home: Home, served: tuple[Stack, Address]
) -> None:
    _, address = served
    client = TlsClient(address, home.folder / "ops").shake()
    client.send(PING)
    assert status_of(client.read_some()) == 200
    session = client.tls.session
    client.close()
    assert session is None or not session.has_ticket


def test_a_handshake_from_before_a_ca_went_ends_in_nothing(
    home: Home, served: tuple[Stack, Address]
) -> None:
    stack, address = served
    slow = TlsClient(address, home.folder / "ops")
    with suppress(ssl.SSLWantReadError):
        slow.tls.do_handshake()
    slow.flush()
    other = Authority.new("another")
    (home.tls_dir / "crl.pem").unlink()
    server_folder(other, home.tls_dir)
    wait_until(lambda: stack.events(kind="certificates_loaded") != [], "the files to be read")
    with suppress(OSError):
        slow.shake()
        slow.send(PING)
        assert slow.read_all() == b""
    slow.close()
    refused = stack.events(kind="connection_refused")
    assert any("under other authorities" in event["text"] for event in refused)


@pytest.mark.parametrize("how", ["gone", "older"])
def test_a_list_that_goes_back_is_not_obeyed(
    how: str, home: Home, served: tuple[Stack, Address]
) -> None:
    stack, address = served
    older = (home.tls_dir / "crl.pem").read_bytes()
    time.sleep(1.1)  # a list says when it was made in whole seconds
    home.revoke("ops")
    wait_until(lambda: stack.events(kind="certificates_loaded") != [], "the list to be read")
    if how == "gone":
        (home.tls_dir / "crl.pem").unlink()
    else:
        (home.tls_dir / "crl.pem").write_bytes(older)
    wait_until(lambda: stack.events(kind="certificates_rejected") != [], "the fault to be told")
    assert "a revocation list is" in stack.gate.tls_fault
    with pytest.raises((ssl.SSLError, OSError)):
        opened(address, home.folder / "ops", PING)


def test_a_watch_that_fails_goes_on_and_is_told(
    home: Home, served: tuple[Stack, Address], monkeypatch: pytest.MonkeyPatch
) -> None:
    stack, address = served

    def fail(_: TlsFiles) -> None:
        raise RuntimeError("not foreseen")

    with monkeypatch.context() as patch:
        patch.setattr(TlsFiles, "look", fail)
        wait_until(lambda: "not foreseen" in stack.gate.tls_fault, "the fault to show")
    home.revoke("ops")
    wait_until(lambda: stack.events(kind="certificates_loaded") != [], "the list to be read")
    assert not stack.gate.tls_fault
    with pytest.raises((ssl.SSLError, OSError)):
        opened(address, home.folder / "ops", PING)
