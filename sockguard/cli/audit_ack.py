"""`sockguard audit ack`: mark what has been reviewed, as an event of the log itself.

Must never write to a log that a server writes, nor to one of which the server's user is another.
"""

from __future__ import annotations

import json
import os
import pwd
import socket
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from sockguard.audit.acknowledgment import Acknowledgment, check, write_said
from sockguard.audit.closed_store import Keeping
from sockguard.audit.event import format_time
from sockguard.audit.segment_store import lock_holder
from sockguard.audit.sink import AuditError
from sockguard.audit.store import Store
from sockguard.audit.ulid import UlidSource
from sockguard.cli.audit_log import as_json, filter_of, folder_of, opened
from sockguard.cli.say import UsageError, put, say
from sockguard.proxy.acknowledge import acknowledge_path, identity_of
from sockguard.review.filters import FilterError, parse_filter
from sockguard.settings import socket_dir_of

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from sockguard.review.filters import Filter

_SECONDS = 10.0
_LONGEST = 64 * 1024
_ENDLESS = 1 << 60


def run(arguments: argparse.Namespace) -> int:
    """Write the acknowledgment, through the server where one runs; return 0."""
    wanted, folder = _filter(arguments), folder_of(arguments)
    with opened(arguments) as (finder, _, _):
        last = finder.last_seq
    said = Acknowledgment(
        arguments.by or login(os.environ, os.getuid()),
        arguments.note,
        arguments.up_to or last,
        str(wanted),
        identity_of(folder),
    )
    check(said, last)
    path = acknowledge_path(socket_dir_of(arguments.socket_dir, os.environ))
    told = _ask_server(path, said) or _write_ourselves(folder, said, path)
    if arguments.json:
        put(as_json(told))
    else:
        say([f"{said.fields()['text']} (event {told['id']})"])
    return 0


def _filter(arguments: argparse.Namespace) -> Filter:
    """Read the filter; of what was reviewed before there is nothing to say again."""
    wanted = replace(filter_of(arguments), unreviewed=False)
    if any(one.name == "open" for one in wanted.conditions):
        raise UsageError("open changes by itself: acknowledge by client, operation or group")
    try:
        if parse_filter(str(wanted), 0.0) == wanted:
            return wanted
    except FilterError:
        pass
    raise UsageError("this filter cannot be written down")


def login(environ: dict[str, str] | os._Environ[str], uid: int) -> str:
    """Name who runs this, behind sudo too."""
    if environ.get("SUDO_USER"):
        return environ["SUDO_USER"]
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


def _ask_server(path: Path, said: Acknowledgment) -> dict[str, object] | None:
    """Let the server write it; None when there is none, or it writes another log."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as peer:
        peer.settimeout(_SECONDS)
        try:
            peer.connect(str(path))
        except OSError:
            return None
        try:
            peer.sendall(write_said(said))
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


def _write_ourselves(folder: Path, said: Acknowledgment, path: Path) -> dict[str, object]:
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
        event_id = UlidSource(time.time)()
        caller = f"uid={os.getuid()} gid={os.getgid()} pid={os.getpid()}"
        stamp = {"time": format_time(time.time()), "id": event_id, "host": host}
        store.append({**said.fields(), **stamp, "caller": caller})
        store.flush()
        return {"id": event_id, "seq": store.seq}
    finally:
        store.close()
