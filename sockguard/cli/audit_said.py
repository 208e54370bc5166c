"""How a command writes an event: through the server that writes the log, or by itself.

Must never write to a log that a server writes, nor to one of which the server's user is another.
"""

from __future__ import annotations

import json
import os
import pwd
import socket
import time
from typing import TYPE_CHECKING

from sockguard.audit.closed_store import Keeping
from sockguard.audit.event import format_time
from sockguard.audit.segment_store import lock_holder
from sockguard.audit.sink import AuditError
from sockguard.audit.store import Store
from sockguard.audit.ulid import UlidSource
from sockguard.proxy.acknowledge import acknowledge_path
from sockguard.settings import socket_dir_of

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping
    from pathlib import Path

_SECONDS = 10.0
_LONGEST = 64 * 1024
_ENDLESS = 1 << 60


def add_socket_dir(parser: argparse.ArgumentParser) -> None:
    """Add the flag by which the running server is found."""
    parser.add_argument(
        "--socket-dir",
        metavar="DIR",
        help="where a running server has its sockets [SOCKGUARD_SOCKET_DIR; /run/sockguard]",
    )


def write_down(
    arguments: argparse.Namespace, folder: Path, line: bytes, fields: Mapping[str, object]
) -> Mapping[str, object]:
    """Have an event written; return its id and number. AuditError: it is not written.

    `line` says it to the server, `fields` are the event's own.
    """
    path = acknowledge_path(socket_dir_of(arguments.socket_dir, os.environ))
    return _ask_server(path, line) or _write_ourselves(folder, fields, path)


def login(environ: dict[str, str] | os._Environ[str], uid: int) -> str:
    """Name who runs this, behind sudo too."""
    if environ.get("SUDO_USER"):
        return environ["SUDO_USER"]
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


def _ask_server(path: Path, line: bytes) -> dict[str, object] | None:
    """Let the server write it; None when there is none, or it writes another log."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as peer:
        peer.settimeout(_SECONDS)
        try:
            peer.connect(str(path))
        except OSError:
            return None
        try:
            peer.sendall(line)
            with peer.makefile("rb") as lines:
                told = json.loads(lines.readline(_LONGEST))
        except (OSError, ValueError) as error:
            raise AuditError(f"the server at {path} did not take it: {error}") from error
    if not isinstance(told, dict) or not told.keys() & {"id", "error"}:
        raise AuditError(f"what answers at {path} is no sockguard")
    if told.get("another_log"):
        return None
    if "error" in told:
        raise AuditError(str(told["error"]))
    return told


def _write_ourselves(folder: Path, fields: Mapping[str, object], path: Path) -> dict[str, object]:
    owner = folder.stat().st_uid
    if owner != os.geteuid():
        raise AuditError(
            f"{folder} belongs to uid {owner}, who could not write on what uid {os.geteuid()} "
            f"writes there: run this as uid {owner}"
        )
    if pid := lock_holder(folder):
        raise AuditError(
            f"the server that writes {folder} (pid {pid}) does not answer at {path}: "
            "name its --socket-dir"
        )
    host = socket.gethostname()
    # How much is kept is for the server to say: here nothing may make room. So is the key, of which
    # only its flags know the file: its first checkpoint signs this event as well.
    store = Store.open(folder, now=time.time, host=host, keeping=Keeping(_ENDLESS, 2 * _ENDLESS))
    try:
        event_id = str(fields.get("id") or UlidSource(time.time)())
        caller = f"uid={os.getuid()} gid={os.getgid()} pid={os.getpid()}"
        stamp = {"time": format_time(time.time()), "id": event_id, "host": host}
        store.append({**fields, **stamp, "caller": caller})
        store.flush()
        store.sync()
        return {"id": event_id, "seq": store.seq}
    finally:
        store.close()
