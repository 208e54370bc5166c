"""A TLS client over memory: it can end one way, stall, or send what no library would."""

from __future__ import annotations

import socket
import ssl
from contextlib import contextmanager, suppress
from ipaddress import ip_address
from typing import TYPE_CHECKING, Self

from cryptography import x509

from sockguard.identity.listener import NetworkListener, Scheme
from tests.support.certificates import SERVER
from tests.support.stack import running_stack

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.live_certificates import Authority
    from tests.support.stack import Stack

Address = tuple[str, int]
_SECONDS = 5.0


class TlsClient:
    """A blocking client with the certificate of a folder; `shake` before anything else."""

    def __init__(
        self,
        address: Address,
        folder: Path | None,
        *,
        version: ssl.TLSVersion | None = None,
        source: Address | None = None,
    ) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        if version is not None:
            context.set_ciphers("DEFAULT:@SECLEVEL=0")  # TLS 1.1 is offered in no other way
            context.minimum_version = context.maximum_version = version
        if folder is not None:
            context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
        self.raw = socket.create_connection(address, _SECONDS, source)
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self._incoming, self._outgoing)
        self._held = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def shake(self) -> TlsClient:
        """Finish the handshake; raises ssl.SSLError or OSError, and then it is closed."""
        try:
            self._shake()
        except OSError:
            self.close()
            raise
        return self

    def _shake(self) -> None:
        while True:
            try:
                self.tls.do_handshake()
            except ssl.SSLWantReadError:
                self.flush()
                self._more()
            else:
                self.flush()
                return

    def send(self, data: bytes) -> None:
        """Send these bytes."""
        rest = memoryview(data)
        while rest:
            rest = rest[self.tls.write(rest) :]
            self.flush()

    def end(self) -> None:
        """Say that no more comes, and go on reading."""
        with suppress(ssl.SSLWantReadError):  # what came before would be lost
            while self._incoming.pending or self.tls.pending():
                self._held += self.tls.read(65536)
        with suppress(ssl.SSLWantReadError):
            self.tls.unwrap()
        self.flush()

    def read_some(self) -> bytes:
        """Read at least one byte, b"" at the end. Raises ssl.SSLError when it was refused."""
        if self._held:
            held, self._held = self._held, b""
            return held
        while True:
            try:
                return self.tls.read(65536)
            except ssl.SSLWantReadError:
                self.flush()
                if not self._more():
                    return b""
            except ssl.SSLZeroReturnError:
                return b""

    def read_all(self) -> bytes:
        """Read until the end."""
        data = b""
        while piece := self.read_some():
            data += piece
        return data

    def flush(self) -> None:
        """Send what TLS has to send."""
        if sealed := self._outgoing.read():
            self.raw.sendall(sealed)

    def close(self) -> None:
        """Close without a word of TLS."""
        self.raw.close()

    def _more(self) -> bool:
        data = self.raw.recv(65536)
        if not data:
            self._incoming.write_eof()
        self._incoming.write(data)
        return bool(data)


def listening() -> tuple[socket.socket, Address]:
    """A socket that listens on a free port of this host, and its address."""
    sock = socket.create_server(("127.0.0.1", 0), backlog=1024)
    return sock, sock.getsockname()[:2]


def server_folder(authority: Authority, folder: Path) -> Path:
    """A TLS folder for a server of this host."""
    names = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
    authority.issue(folder, "server", names, purposes=(SERVER,))
    return folder


@contextmanager
def guarded_over_tls(
    folder: Path, upstream: Path, policy: str, tls_dir: Path, tls_min: str = "1.3"
) -> Iterator[tuple[Stack, Address]]:
    """Run a server with one TLS listener; yield it and where it listens."""
    sock, address = listening()
    listener = NetworkListener(Scheme.TLS, passed="tls")
    with (
        sock,
        running_stack(
            folder,
            upstream,
            policy=policy,
            listen={listener: sock},
            tls_dir=tls_dir,
            tls_min=tls_min,
        ) as stack,
    ):
        yield stack, address
