"""Listening sockets of the network, and those that systemd passes on.

Must never listen wider than the address that was asked for.
"""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

from sockguard.errors import SockguardError
from sockguard.identity.listener import Scheme
from sockguard.proxy.sockets import BACKLOG, SocketError
from sockguard.settings import refuse_open

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sockguard.identity.listener import NetworkListener

_FIRST_PASSED = 3  # sd_listen_fds(3): SD_LISTEN_FDS_START
_DIGITS = 5
_IDLE_SECONDS, _PROBE_SECONDS, _PROBES = 60, 15, 4
"""A host that vanished is noticed after two minutes; no event would ever tell."""


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < _DIGITS):
        raise SocketError(f"LISTEN_FDS={text!r} is no number of sockets; systemd sets it")
    return int(text)


def passed_sockets(environ: Mapping[str, str], pid: int) -> dict[str, socket.socket]:
    """Return the listening sockets that systemd passes on, by name; raises SocketError.

    sd_listen_fds(3): the variables count only where they are for this process.
    """
    if environ.get("LISTEN_PID") != str(pid):
        return {}
    count = _count(environ.get("LISTEN_FDS", "0"))
    names = environ.get("LISTEN_FDNAMES", "").split(":")
    found: dict[str, socket.socket] = {}
    for number in range(count):
        name = names[number] if number < len(names) else ""
        if name in found:
            raise SocketError(
                f"systemd passes two sockets named '{name}'; give each socket unit a name of its "
                "own with FileDescriptorName="
            )
        found[name] = _adopt(_FIRST_PASSED + number, name)
    return found


def _adopt(descriptor: int, name: str) -> socket.socket:
    os.set_inheritable(descriptor, False)
    try:
        sock = socket.socket(fileno=descriptor)
        listening = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    except OSError as error:
        raise SocketError(f"what systemd passes as '{name}' is no socket: {error}") from error
    if not listening or sock.type != socket.SOCK_STREAM:
        raise SocketError(f"systemd passes '{name}', which does not listen; use ListenStream=")
    sock.setblocking(False)
    return sock


def listen_at(
    listener: NetworkListener, passed: Mapping[str, socket.socket], *, plain_anywhere: bool
) -> socket.socket:
    """Return a socket that listens there; raises SockguardError with what would mend it."""
    sock = _take(listener, passed) if listener.passed else _bind(listener)
    for option, value in (
        (socket.TCP_KEEPIDLE, _IDLE_SECONDS),
        (socket.TCP_KEEPINTVL, _PROBE_SECONDS),
        (socket.TCP_KEEPCNT, _PROBES),
    ):
        sock.setsockopt(socket.IPPROTO_TCP, option, value)  # accepted sockets take them over
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if listener.scheme is Scheme.TCP and not plain_anywhere:
        try:
            refuse_open(listener, *sock.getsockname()[:2])
        except SockguardError:
            sock.close()
            raise
    return sock


def _take(listener: NetworkListener, passed: Mapping[str, socket.socket]) -> socket.socket:
    sock = passed.get(listener.passed)
    if sock is None:
        known = ", ".join(f"'{name}'" for name in passed) or "none"
        raise SocketError(
            f"--listen={listener}: systemd passes no socket of this name ({known}); "
            f"set FileDescriptorName={listener.passed} in the socket unit"
        )
    if sock.family not in (socket.AF_INET, socket.AF_INET6):
        raise SocketError(
            f"--listen={listener}: that is a Unix socket; without --listen it serves the client "
            "of its name"
        )
    return sock


def _bind(listener: NetworkListener) -> socket.socket:
    family = socket.AF_INET6 if ":" in listener.host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family is socket.AF_INET6:
            # [::] would take IPv4 callers as well, which nobody asked for.
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind((listener.host, listener.port))
        sock.listen(BACKLOG)
        sock.setblocking(False)
    except OSError as error:
        sock.close()
        raise SocketError(
            f"--listen={listener}: {error.strerror or error}; choose an address of this host and "
            "a port that nothing else listens at"
        ) from error
    return sock
