"""sockguard's own sockets, as `sockguard doctor` sees them: what stands there, for whom, by whom.

Must never send a byte to who listens, but to the health socket, which answers unasked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sockguard.cli.files_seen import (
    Ear,
    FileSeen,
    Kind,
    look_at_file,
    who_listens,
    who_may_open,
)
from sockguard.cli.finding import ok, problem, remark, warning
from sockguard.cli.health import HealthError, ask_server
from sockguard.policy.check import LONGEST_SOCKET_PATH
from sockguard.policy.model import MAIN
from sockguard.proxy.health import health_path
from sockguard.proxy.server import wanted_sockets
from sockguard.proxy.sockets import socket_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from sockguard.cli.finding import Finding
    from sockguard.cli.process_seen import ProcessSeen
    from sockguard.policy.model import Policy, SocketFile
    from sockguard.settings import Settings


_OTHERS_MAY_WRITE, _MAY_ENTER = 0o002, 0o001


@dataclass(frozen=True, slots=True)
class ServerSeen:
    """The server with these sockets. `parts` is what it says of itself, {} where none answers.

    `unknown`: this process may not ask.
    """

    path: Path
    parts: Mapping[str, object]
    pid: int | None = None
    unknown: bool = False

    @property
    def runs(self) -> bool:
        """Whether a server answered."""
        return bool(self.parts)

    def fault(self, part: str) -> str:
        """Return what it says is wrong with a part, "" where nothing is."""
        told = self.parts.get(part, "ok")
        return "" if told == "ok" else str(told)


@dataclass(frozen=True, slots=True)
class SocketSeen:
    """The socket of one listener: what the policy wants there, and what is there."""

    name: str
    path: Path
    wanted: SocketFile
    file: FileSeen
    folder: FileSeen
    ear: Ear | None = None
    pid: int | None = None

    def is_served_by(self, server: ServerSeen) -> bool:
        """Whether the server that answered for its health listens here."""
        return self.ear is Ear.LIVE and server.runs and self.pid == server.pid

    def may_be_served_by(self, server: ServerSeen) -> bool:
        """Whether it serves here, or this process may not find out."""
        if self.file.kind is Kind.HIDDEN or self.ear is Ear.BARRED:
            return True
        return self.is_served_by(server) or (self.ear is Ear.LIVE and server.unknown)


def look_at_server(socket_dir: Path) -> ServerSeen:
    """Ask the server on its health socket, as `sockguard health` does."""
    path = health_path(socket_dir)
    if look_at_file(path).kind is Kind.HIDDEN:
        return ServerSeen(path, {}, unknown=True)
    try:
        ear, pid = who_listens(path)
        parts = ask_server(path)
    except (HealthError, OSError):
        return ServerSeen(path, {})
    return ServerSeen(path, parts, pid if ear is Ear.LIVE else None)


def look_at_sockets(settings: Settings, policy: Policy) -> tuple[SocketSeen, ...]:
    """Look at the place of each socket that this policy uses."""
    wanted = wanted_sockets(settings, policy)
    return tuple(_look(settings, name, wanted[name]) for name in sorted(wanted))


def _look(settings: Settings, name: str, wanted: SocketFile) -> SocketSeen:
    path = socket_path(settings.socket_dir, name)
    file, folder = look_at_file(path, through_links=False), look_at_file(path.parent)
    ear, pid = who_listens(path) if file.kind is Kind.SOCKET else (None, None)
    return SocketSeen(name, path, wanted, file, folder, ear, pid)


def judge_server(server: ServerSeen, folder: Path) -> Iterator[Finding]:
    """Say whether a server runs with this folder."""
    if len(str(server.path).encode()) > LONGEST_SOCKET_PATH:
        yield problem(
            f"the path of {server.path} is over {LONGEST_SOCKET_PATH} bytes",
            "choose a shorter --socket-dir",
        )
    elif server.runs:
        pid = f" (pid {server.pid})" if server.pid else ""
        yield ok(f"a sockguard serves in {folder}{pid}")
    elif server.unknown:
        yield remark(f"whether a sockguard serves in {folder}, only its own user may ask")
    else:
        yield remark(f"no sockguard serves in {folder}", "sockguard serve, with the same settings")


def judge_folder(folder: Path, seen: FileSeen, process: ProcessSeen) -> Iterator[Finding]:
    """Say whether sockets can be made in a folder."""
    if seen.kind in (Kind.SOCKET, Kind.OTHER):
        yield problem(f"{folder} is no folder", f"rm {folder}")
    elif not seen.fits:
        cannot = "cannot be made" if seen.kind is Kind.MISSING else "cannot be written"
        yield problem(f"{folder} {cannot} by uid {process.uid}", _mend_folder(folder, process))


def _mend_folder(folder: Path, process: ProcessSeen) -> str:
    gid = min(process.groups, default=process.uid)
    if process.container:
        owner = f"uid={process.uid},gid={gid},mode=0755"
        return (
            f'give {folder} a volume with driver_opts: {{type: tmpfs, device: tmpfs, o: "{owner}"}}'
        )
    return f"as root: install -d -o {process.uid} -g {gid} -m 0755 {folder}"


def judge_socket(seen: SocketSeen, server: ServerSeen, process: ProcessSeen) -> Iterator[Finding]:
    """Say what stands at the place of one socket."""
    if seen.file.kind is Kind.SOCKET:
        yield from _judge_what_listens(seen, server, process)
    elif seen.file.kind is Kind.FOLDER:
        yield problem(
            f"{seen.path} is a folder: Docker makes one where a socket that is to be mounted is"
            " missing",
            f"rmdir {seen.path}, and let the consumer mount {seen.path.parent}, not what is in it",
        )
    elif seen.file.kind is Kind.OTHER:
        yield problem(f"{seen.path} is a file and no socket", f"rm {seen.path}")
    elif seen.file.kind is Kind.HIDDEN:
        yield problem(
            f"{process.describe()} may not look into {seen.path.parent}",
            _mend_folder(seen.path.parent, process),
        )
    else:
        yield from _judge_missing(seen, server, process)


def _judge_missing(seen: SocketSeen, server: ServerSeen, process: ProcessSeen) -> Iterator[Finding]:
    if server.runs:
        yield problem(
            f"the sockguard that runs has no socket {seen.path}",
            f"sockguard health tells whether it rejected this policy; else restart it, to make"
            f" the socket of '{seen.name}' anew",
        )
        return
    yield from judge_folder(seen.path.parent, seen.folder, process)
    yield from _judge_gift(seen, process)


def _judge_gift(seen: SocketSeen, process: ProcessSeen) -> Iterator[Finding]:
    """Say which owner the policy wants that this process could not give to a socket."""
    uid, gid = seen.wanted.uid, seen.wanted.gid
    if process.may_give_away:
        return
    if uid not in (None, process.uid):
        yield problem(
            f"uid {process.uid} may not give the socket of '{seen.name}' to uid {uid}",
            f"run as root, or take `uid: {uid}` out of its `socket`",
        )
    if gid is not None and gid not in process.groups:
        yield problem(
            f"uid {process.uid} may not give the socket of '{seen.name}' to group {gid}",
            f'group_add: ["{gid}"]' if process.container else f"run as root, or in group {gid}",
        )


def _judge_what_listens(
    seen: SocketSeen, server: ServerSeen, process: ProcessSeen
) -> Iterator[Finding]:
    if seen.ear is Ear.BARRED:
        yield remark(f"uid {process.uid} may not open {seen.path}: {_for_whom(seen)}")
    elif seen.ear is Ear.STALE:
        if str(seen.path) in process.mounted:
            yield problem(
                f"nobody listens on {seen.path}, which is mounted as a file",
                f"mount the folder {seen.path.parent} instead",
            )
            return
        yield warning(
            f"nobody listens on {seen.path} any more", "sockguard serve, which makes it anew"
        )
        yield from _judge_gift(seen, process)
    elif seen.may_be_served_by(server):
        yield ok(f"{seen.path} is open, {_for_whom(seen)}")
        yield from _judge_owner(seen)
    else:
        pid = f" (pid {seen.pid})" if seen.pid else ""
        yield problem(
            f"another process{pid} serves {seen.path}", "stop it, or choose another --socket-dir"
        )


def _for_whom(seen: SocketSeen) -> str:
    return f"for {who_may_open(seen.file, seen.folder)}"


def _judge_owner(seen: SocketSeen) -> Iterator[Finding]:
    file, wanted = seen.file, seen.wanted
    if seen.name == MAIN and wanted.mode & _OTHERS_MAY_WRITE and not seen.folder.mode & _MAY_ENTER:
        yield problem(
            f"{seen.path} is to be for everybody, and others may not enter its folder",
            f"chmod 0755 {seen.path.parent}",
        )
    if file.mode != wanted.mode:
        yield problem(
            f"{seen.path} has mode {file.mode:04o}, not the {wanted.mode:04o} that is asked for",
            f"chmod {wanted.mode:04o} {seen.path}",
        )
    for what, command, has, wants in (
        ("uid", "chown", file.uid, wanted.uid),
        ("group", "chgrp", file.gid, wanted.gid),
    ):
        if wants not in (None, has):
            yield problem(
                f"{seen.path} belongs to {what} {has}, not to the {wants} that is asked for",
                f"{command} {wants} {seen.path}",
            )
