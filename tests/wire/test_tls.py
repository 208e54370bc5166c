from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import pytest
from cryptography import x509

from sockguard.wire.tls import TlsEnd, TlsError
from tests.support.certificates import SERVER
from tests.support.live_certificates import Authority

if TYPE_CHECKING:
    from pathlib import Path

VERSIONS = (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)


class Client:
    """The other end, over memory as well."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing)

    def shake(self) -> bool:
        try:
            self.tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        return True


def pair(folder: Path, version: ssl.TLSVersion, *, trusted: bool = True) -> tuple[TlsEnd, Client]:
    """A server's end and a client with a certificate of a CA that the server trusts or not."""
    authority = Authority.new()
    authority.issue(folder / "server", "server", purposes=(SERVER,))
    issuer = authority if trusted else Authority.new("other")
    issuer.issue(folder / "client", names=[x509.DNSName("a.home.lab")])
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.verify_mode = ssl.CERT_REQUIRED
    server.load_cert_chain(folder / "server" / "cert.pem", folder / "server" / "key.pem")
    server.load_verify_locations(folder / "server" / "ca.pem")
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False
    client.verify_mode = ssl.CERT_NONE
    client.minimum_version = client.maximum_version = version
    client.load_cert_chain(folder / "client" / "cert.pem", folder / "client" / "key.pem")
    return TlsEnd(server), Client(client)


def meet(end: TlsEnd, client: Client) -> None:
    """Carry the handshake to its end."""
    done = False
    for _ in range(6):
        done = client.shake() or done
        end.feed(client.outgoing.read())
        end.shake()
        client.incoming.write(end.take())
    assert done
    assert end.ready


@pytest.mark.parametrize("version", VERSIONS)
def test_bytes_arrive_as_they_were_sent(version: ssl.TLSVersion, tmp_path: Path) -> None:
    end, client = pair(tmp_path, version)
    meet(end, client)
    names, der = end.certificate()
    assert names["subjectAltName"] == (("DNS", "a.home.lab"),)
    assert der.startswith(b"\x30")
    client.tls.write(b"ask")
    end.feed(client.outgoing.read())
    assert end.read() == b"ask"
    much = bytes(range(256)) * 1000
    end.write(much)
    client.incoming.write(end.take())
    came = b""
    while len(came) < len(much):
        came += client.tls.read(65536)
    assert came == much


def test_pieces_arrive_as_one_text(tmp_path: Path) -> None:
    end, client = pair(tmp_path, VERSIONS[1])
    meet(end, client)
    large = bytes(range(256)) * 300
    pieces = (b"", b"a", memoryview(b"bc"), large, large[:16384], b"", b"d", bytearray(large))
    end.write_pieces(pieces)
    end.write_pieces(())
    client.incoming.write(end.take())
    sent = b"".join(pieces)
    came = b""
    while len(came) < len(sent):
        came += client.tls.read(65536)
    assert came == sent


@pytest.mark.parametrize("version", VERSIONS)
def test_each_end_is_told_by_itself(version: ssl.TLSVersion, tmp_path: Path) -> None:
    end, client = pair(tmp_path, version)
    meet(end, client)
    with pytest.raises(ssl.SSLWantReadError):
        client.tls.unwrap()
    end.feed(client.outgoing.read())
    assert (end.read(), end.ended) == (b"", True)
    end.write(b"still here")
    client.incoming.write(end.take())
    assert client.tls.read(100) == b"still here"
    end.write_end()
    client.incoming.write(end.take())
    with pytest.raises(ssl.SSLZeroReturnError):
        client.tls.read(100)


@pytest.mark.parametrize("version", VERSIONS)
def test_what_comes_after_our_own_end_is_read(version: ssl.TLSVersion, tmp_path: Path) -> None:
    end, client = pair(tmp_path, version)
    meet(end, client)
    end.write_end()
    for piece in (b"one", b"two" * 10_000):
        client.tls.write(piece)
        sealed = client.outgoing.read()
        came = b""
        for at in range(0, len(sealed), 1000):  # records in parts
            end.feed(sealed[at : at + 1000])
            came += end.read()
        assert came == piece[: len(came)] != b""
        while client.outgoing.pending:
            end.feed(client.outgoing.read())
            came += end.read()
    assert not end.ended


def test_nothing_is_read_before_the_certificate_is_verified(tmp_path: Path) -> None:
    end, client = pair(tmp_path, VERSIONS[1], trusted=False)
    client.shake()
    end.feed(client.outgoing.read())
    assert not end.shake()
    client.incoming.write(end.take())
    assert client.shake()
    client.tls.write(b"GET /v1.44/containers/json HTTP/1.1\r\n\r\n")
    end.feed(client.outgoing.read())
    with pytest.raises(TlsError, match="certificate is not accepted"):
        end.shake()
    assert not end.ready
    with pytest.raises(TlsError):
        end.certificate()


def test_a_flipped_bit_is_noticed(tmp_path: Path) -> None:
    end, client = pair(tmp_path, VERSIONS[1])
    meet(end, client)
    client.tls.write(b"ask")
    sealed = bytearray(client.outgoing.read())
    sealed[-1] ^= 1
    end.feed(bytes(sealed))
    with pytest.raises(TlsError):
        end.read()
