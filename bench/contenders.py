"""The servers that are compared, each in front of the same upstream.

Must never give one of them what the others do not get: same machine, same moment, same requests.
"""

from __future__ import annotations

import sys
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bench import haproxy, nginx
from bench.processes import running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bench.processes import Process

SERVE = (sys.executable, "-m", "sockguard")
DATA = Path(__file__).with_name("data")
POLICY = DATA / "policy.yaml"
"""Several clients of usual kinds; the socket `main` is that of a portal."""
ONE_CLIENT = DATA / "streams.yaml"
_UPSTREAM = Path(__file__).with_name("upstream.py")


@dataclass(frozen=True, slots=True)
class Contender:
    """A server to compare: `command` gets its folder, its socket and the upstream's socket.

    `judges` tells whether it can refuse anything.
    """

    name: str
    command: Callable[[Path, Path, Path], list[str]]
    judges: bool


@dataclass(frozen=True, slots=True)
class Server:
    """A contender that runs. `log` is what it prints, which may grow with each request."""

    contender: Contender
    socket: Path
    process: Process
    log: Path


def _sockguard(  # noqa: PLR0913, PLR0917 - where, and how
    folder: Path,
    socket: Path,
    upstream: Path,
    serve: Sequence[str],
    policy: Path,
    more: Sequence[str],
) -> list[str]:
    arguments = {
        "policy": policy,
        "socket-dir": socket.parent.parent,
        "upstream": f"unix://{upstream}",
        "audit-dir": folder / "audit",
    }
    return [*serve, "serve", *(f"--{name}={value}" for name, value in arguments.items()), *more]


def _haproxy(  # noqa: PLR0913 - where, and how
    folder: Path,
    socket: Path,
    upstream: Path,
    connections: str,
    more: Sequence[str],
    *,
    writes: bool,
) -> list[str]:
    binds = [f"unix@{socket}", *more]
    text = haproxy.config(binds, upstream, connections, writes=writes)
    return haproxy_command(folder / "haproxy.cfg", text)


def haproxy_command(file: Path, text: str) -> list[str]:
    """Write a configuration; return the command that runs HAProxy with it."""
    file.write_text(text)
    return ["haproxy", "-db", "-f", str(file)]


def _nginx(folder: Path, socket: Path, upstream: Path) -> list[str]:
    return _nginx_command(folder, nginx.pass_through_config(folder, socket, upstream))


def _upstream(folder: Path, socket: Path, _upstream: Path) -> list[str]:
    return _nginx_command(folder, nginx.upstream_config(folder, socket))


def _nginx_command(folder: Path, text: str) -> list[str]:
    config = folder / "nginx.conf"
    config.write_text(text)
    return ["nginx", "-e", str(folder / "error.log"), "-c", str(config)]


def _own_upstream(
    _folder: Path, socket: Path, _upstream: Path, arguments: Sequence[str]
) -> list[str]:
    return [sys.executable, str(_UPSTREAM), str(socket), *arguments]


BARE = Contender("bare upstream", _upstream, judges=False)
REFERENCE = "HAProxy, new connections"
"""What the ratios are ratios to: the way the common image runs."""
KEPT = "HAProxy, kept connections"


def own_upstream(*arguments: str) -> Contender:
    """Return the upstream of bulk and streams, which takes these arguments."""
    return Contender("bare upstream", partial(_own_upstream, arguments=arguments), judges=False)


def sockguard(
    serve: Sequence[str] = SERVE, policy: Path = POLICY, more: Sequence[str] = ()
) -> Contender:
    """Return sockguard, started by the command `serve`; `more` are further words for it."""
    command = partial(_sockguard, serve=serve, policy=policy, more=more)
    return Contender("sockguard", command, judges=True)


def haproxies(
    *, writes: bool, more: tuple[Sequence[str], Sequence[str]] = ((), ())
) -> tuple[Contender, Contender]:
    """Return HAProxy with new connections to the upstream, and with kept ones.

    `writes` says that it lets pass what is not GET as well, `more` where each listens besides.
    """
    new, kept = (
        partial(_haproxy, connections=connections, more=binds, writes=writes)
        for connections, binds in zip(
            (haproxy.NEW_CONNECTIONS, haproxy.KEPT_CONNECTIONS), more, strict=True
        )
    )
    return Contender(REFERENCE, new, judges=True), Contender(KEPT, kept, judges=True)


def everyone(policy: Path = POLICY, *, writes: bool = False) -> tuple[Contender, ...]:
    """Return all that is compared with the bare upstream, sockguard first.

    `writes` says that HAProxy lets pass what is not GET as well.
    """
    return (
        sockguard(policy=policy),
        *haproxies(writes=writes),
        Contender("nginx, pass-through", _nginx, judges=False),
    )


@contextmanager
def serving(
    folder: Path, contenders: Sequence[Contender], upstream: Contender = BARE
) -> Iterator[list[Server]]:
    """Run the upstream and the contenders in front of it below `folder`, until the block ends.

    Yields their servers in the order given, the upstream's last.
    """
    with ExitStack() as stack:
        bare = _start(stack, folder / "bare", upstream, None)
        servers = [
            _start(stack, folder / str(number), contender, bare.socket)
            for number, contender in enumerate(contenders)
        ]
        yield [*servers, bare]


def _start(stack: ExitStack, folder: Path, contender: Contender, upstream: Path | None) -> Server:
    command, socket = starting(folder, contender, upstream)
    log = folder / "printed.log"
    process = stack.enter_context(running(command, socket, log))
    return Server(contender, socket, process, log)


def starting(folder: Path, contender: Contender, upstream: Path | None) -> tuple[list[str], Path]:
    """Make the folder of a server; return its command and where it is going to listen."""
    socket = folder / "sockets" / "main" / "docker.sock"
    socket.parent.mkdir(parents=True)
    return contender.command(folder, socket, upstream or socket), socket
