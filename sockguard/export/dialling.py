"""Connections to receivers of syslog: Unix sockets, UDP, TCP and TLS.

Must never speak TLS with who does not prove to be the host that was named.
"""

from __future__ import annotations

import errno
import select
import socket
import ssl
from typing import TYPE_CHECKING

from sockguard.export.sending import ExportError
from sockguard.export.target import Scheme

if TYPE_CHECKING:
    from sockguard.export.target import Target

CONNECT_SECONDS = 5.0
PATIENCE = 0.5
"""Seconds that one call may wait for the socket."""

_GREETING_MS = 1000
_GONE_MS = 30_000
_KEEPALIVE = (
    (socket.TCP_KEEPIDLE, 60),
    (socket.TCP_KEEPINTVL, 15),
    (socket.TCP_KEEPCNT, 4),
    (socket.TCP_USER_TIMEOUT, _GONE_MS),  # RFC 5482: when what was sent counts as lost
)


def dial(target: Target) -> socket.socket:
    """Return a socket that is connected to the target; raises OSError or ExportError.

    Its calls give up after `PATIENCE`.
    """
    match target.scheme:
        case Scheme.UNIX:
            peer = _unix(target.path)
        case Scheme.UDP:
            peer = _udp(target)
        case Scheme.TLS:
            peer = _tls(target)
        case _:
            peer = _tcp(target)
    peer.settimeout(PATIENCE)
    return peer


def tls_context(target: Target) -> ssl.SSLContext:
    """Read the files of a target that is reached by TLS; raises ExportError naming the file."""
    try:
        context = ssl.create_default_context(cafile=target.ca or None)
    except OSError as error:
        raise ExportError(f"{target}: cannot read {target.ca}: {why_of(error)}") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if target.cert:
        try:
            # Without a password OpenSSL would ask whoever sits at the terminal.
            context.load_cert_chain(target.cert, target.key or None, password="")
        except OSError as error:
            files = " and ".join(filter(None, (target.cert, target.key)))
            raise ExportError(f"{target}: cannot use {files}: {why_of(error)}") from error
    return context


def why_of(error: Exception) -> str:
    """Return what went wrong with a connection, as a part of a sentence."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate does not hold: {error.verify_message}"
    if isinstance(error, ssl.SSLError) and error.reason:
        return f"TLS: {error.reason.replace('_', ' ').lower()}"
    return str(getattr(error, "strerror", "") or error) or type(error).__name__


def _unix(path: str) -> socket.socket:
    """Connect to a socket of whichever of the two types it is."""
    try:
        return _connected(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM), path)
    except OSError as error:
        if error.errno != errno.EPROTOTYPE:
            raise
    return _connected(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM), path)


def _udp(target: Target) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(
        target.host, target.port, type=socket.SOCK_DGRAM
    )[0]
    return _connected(socket.socket(family, kind, protocol), address)


def _connected(peer: socket.socket, address: object) -> socket.socket:
    try:
        peer.settimeout(CONNECT_SECONDS)
        peer.connect(address)  # type: ignore[arg-type]  # what an address is depends on the family
    except BaseException:
        peer.close()
        raise
    return peer


def _tcp(target: Target) -> socket.socket:
    peer = socket.create_connection((target.host, target.port), CONNECT_SECONDS)
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in _KEEPALIVE:
        peer.setsockopt(socket.IPPROTO_TCP, option, value)
    return peer


def _tls(target: Target) -> socket.socket:
    context = tls_context(target)  # each time, because certificates are renewed
    peer = _tcp(target)
    try:
        secured = context.wrap_socket(peer, server_hostname=target.host)
    except BaseException:
        peer.close()
        raise
    try:
        _hear(secured)
    except BaseException:
        secured.close()
        raise
    return secured


def _hear(peer: ssl.SSLSocket) -> None:
    """Wait a moment for what a server says once it has looked at our certificate.

    With TLS 1.3 a client is done before the server has (RFC 8446, section 4.4.4); one that is
    content mostly sends tickets, one that is not an alert.
    """
    if peer.version() != "TLSv1.3":
        return
    ear = select.poll()
    ear.register(peer, select.POLLIN)
    if not ear.poll(_GREETING_MS):
        return
    peer.settimeout(0)
    try:
        if not peer.recv(1):
            raise ConnectionResetError("it closed the connection after the handshake")
    except ssl.SSLWantReadError:
        return
