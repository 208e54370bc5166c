"""`sockguard health`: 0 when the policy is loaded, the Engine answers and the log can be written.

Must never change anything: it is the image's health check.
"""

from __future__ import annotations

import json
import os
import socket
from typing import TYPE_CHECKING

from sockguard.cli.say import say
from sockguard.errors import SockguardError
from sockguard.proxy.health import health_path
from sockguard.settings import socket_dir_of

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

_SECONDS = 5.0
_LONGEST = 64 * 1024


class HealthError(SockguardError):
    """The server cannot be asked."""


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb."""
    parser = commands.add_parser("health", help="ask the running server whether all is well")
    parser.add_argument(
        "--socket-dir",
        metavar="DIR",
        help="where the server has its sockets [SOCKGUARD_SOCKET_DIR; /run/sockguard]",
    )
    parser.add_argument("--json", action="store_true", help="print the server's answer as it is")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print one line for each part; return 0 when all are well, else 1."""
    path = health_path(socket_dir_of(arguments.socket_dir, os.environ))
    told = ask_server(path)
    if arguments.json:
        print(json.dumps(told))
    else:
        say(f"{part}: {state}" for part, state in told.items() if part != "healthy")
    return 0 if told["healthy"] is True else 1


def ask_server(path: Path) -> dict[str, object]:
    """Return what the server at its health socket says of itself; raises HealthError."""
    return _read(_ask(str(path)), str(path))


def _read(answer: bytes, path: str) -> dict[str, object]:
    try:
        told = json.loads(answer)
    except ValueError:
        told = None
    if not isinstance(told, dict) or "healthy" not in told:
        raise HealthError(f"what answers at {path} is no sockguard")
    return told


def _ask(path: str) -> bytes:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as peer:
        peer.settimeout(_SECONDS)
        try:
            peer.connect(path)
            with peer.makefile("rb") as lines:
                answer = lines.readline(_LONGEST)
        except OSError as error:
            raise HealthError(
                f"no server answers at {path} ({error.strerror or error}); "
                "is `sockguard serve` running with this --socket-dir?"
            ) from error
    if not answer:
        raise HealthError(f"the server at {path} closed without an answer")
    return answer
