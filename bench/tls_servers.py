"""Servers that speak TLS with the same certificates, each behind an adapter for h2load.

Must never count the adapters: they cost the same for all, and what is measured is behind them.
"""

from __future__ import annotations

import socket
import subprocess
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bench.client import answers
from bench.contenders import (
    BARE,
    DATA,
    SERVE,
    haproxies,
    haproxy_command,
    serving,
    sockguard,
)
from bench.processes import BenchError, running

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from bench.contenders import Contender, Server

_POLICY = DATA / "tls.yaml"
_HOST = "127.0.0.1"
_SOCKETS = ("kept.sock", "anew.sock", "straight.sock")
_START_SECONDS = 15.0
_POLL = 0.05


@dataclass(frozen=True, slots=True)
class Certificates:
    """A TLS folder as sockguard takes it, and two files of certificate and key as HAProxy does."""

    folder: Path
    server: Path
    client: Path


@dataclass(frozen=True, slots=True)
class Ways:
    """One server by its adapter's sockets.

    Connections are kept, made anew for each request, or those of the client, byte by byte.
    """

    kept: Server
    anew: Server
    straight: Server


def make_certificates(folder: Path) -> Certificates:
    """Make an authority, a server's certificate and a client's: P-256, with sockguard's command."""
    authority = f"--ca-dir={folder / 'authority'}"
    server, client = folder / "server", folder / "client"
    _certs("init", authority)
    _certs("issue", "server", authority, "--server", f"--ip={_HOST}", f"--out={server}")
    _certs("issue", "portal", authority, "--spiffe=spiffe://bench.lab/portal", f"--out={client}")
    return Certificates(server, _joined(server), _joined(client))


def _certs(*words: str) -> None:
    run = subprocess.run([*SERVE, "certs", *words], capture_output=True, text=True, check=False)
    if run.returncode:
        raise BenchError(f"no certificates: {run.stderr}")


def _joined(folder: Path) -> Path:
    joined = folder.with_suffix(".pem")
    joined.touch(mode=0o600)
    joined.write_bytes((folder / "cert.pem").read_bytes() + (folder / "key.pem").read_bytes())
    return joined


@contextmanager
def serving_tls(
    folder: Path,
    certificates: Certificates,
    upstream: Contender = BARE,
    serve: Sequence[str] = SERVE,
) -> Iterator[list[Ways]]:
    """Run sockguard and HAProxy, with an adapter before each, until the block ends."""
    ports = _free_ports(3)
    words = (f"--listen=tls://{_HOST}:{ports[0]}", f"--tls-dir={certificates.folder}")
    new, kept = ((_bind(port, certificates),) for port in ports[1:])
    contenders = (sockguard(serve, _POLICY, words), *haproxies(writes=True, more=(new, kept)))
    with ExitStack() as stack:
        servers = stack.enter_context(serving(folder, contenders, upstream))
        yield [
            _adapt(stack, folder / f"adapter-{port}", server, port, certificates)
            for server, port in zip(servers, ports, strict=False)
        ]


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind((_HOST, 0))
        return [each.getsockname()[1] for each in sockets]


def _bind(port: int, certificates: Certificates) -> str:
    folder = certificates.folder
    # Without tickets, as sockguard: a session would outlive the certificate that it began with.
    return (
        f"{_HOST}:{port} ssl crt {certificates.server} ca-file {folder / 'ca.pem'}"
        f" crl-file {folder / 'crl.pem'} verify required ssl-min-ver TLSv1.3 no-tls-tickets"
    )


def _adapt(
    stack: ExitStack, folder: Path, server: Server, port: int, certificates: Certificates
) -> Ways:
    folder.mkdir()
    command = haproxy_command(folder / "haproxy.cfg", _adapter_config(folder, port, certificates))
    kept, anew, straight = (folder / name for name in _SOCKETS)
    stack.enter_context(running(command, kept, folder / "printed.log"))
    _wait_until_answered(kept, server)
    return Ways(*(replace(server, socket=socket) for socket in (kept, anew, straight)))


def _wait_until_answered(adapter: Path, server: Server) -> None:
    """Wait for the TLS port behind the adapter: the server's own socket may be open before it."""
    deadline = time.monotonic() + _START_SECONDS
    while not answers(adapter):
        if time.monotonic() > deadline:
            told = server.log.read_text(errors="replace")[-2000:]
            raise BenchError(f"{server.contender.name} does not answer over TLS; it said:\n{told}")
        time.sleep(_POLL)


def _adapter_config(folder: Path, port: int, certificates: Certificates) -> str:
    kept, anew, straight = (folder / name for name in _SOCKETS)
    authority = certificates.folder / "ca.pem"
    server = (
        f"{_HOST}:{port} ssl crt {certificates.client} ca-file {authority} verify required"
        " ssl-min-ver TLSv1.3"
    )
    return f"""
global
  maxconn 4000
  nbthread 1

defaults
  mode http
  retries 5
  timeout connect 10s
  timeout client 10m
  timeout server 10m

listen kept
  bind unix@{kept}
  option http-keep-alive
  http-reuse always
  server under_test {server}

listen straight
  mode tcp
  bind unix@{straight}
  server under_test {server}

listen anew
  bind unix@{anew}
  option http-server-close
  server under_test {server} no-ssl-reuse
"""
