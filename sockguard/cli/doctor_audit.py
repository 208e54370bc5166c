"""The audit folder, as `sockguard doctor` sees it.

Must never write to the folder, nor take its lock.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sockguard.audit.key_store import OPEN_TO_OTHERS, PRIVATE
from sockguard.audit.read_store import last_event
from sockguard.audit.segment_store import lock_holder, segments
from sockguard.audit.sink import AuditError
from sockguard.cli.files_seen import FileSeen, Kind, look_at_file
from sockguard.cli.finding import ok, problem, remark, warning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sockguard.cli.doctor_sockets import ServerSeen
    from sockguard.cli.finding import Finding
    from sockguard.cli.process_seen import ProcessSeen
    from sockguard.settings import Settings

_MIB = 1024**2
_OTHERS = 0o077
_AGES = ((172_800.0, 86_400.0, "days"), (7200.0, 3600.0, "h"), (120.0, 60.0, "min"))


@dataclass(frozen=True, slots=True)
class AuditSeen:
    """An audit folder. `used` and `free` are bytes, `holder` is the pid in its lock, "" for none.

    `open_to_others` are its segments that more than their owner may read, `open_key` is the key if
    others may use it, "" if not.
    """

    folder: Path
    file: FileSeen
    used: int = 0
    free: int = 0
    holder: str = ""
    age: float | None = None
    open_to_others: tuple[str, ...] = ()
    open_key: str = ""


def look_at_audit(settings: Settings, now: float) -> AuditSeen | None:
    """Look at the folder; None where events go to standard output."""
    if settings.audit == "stdout":
        return None
    folder = Path(settings.audit)
    seen = AuditSeen(folder, look_at_file(folder))
    if seen.file.kind is not Kind.FOLDER:
        return seen
    disk = os.statvfs(folder)
    sizes: dict[Path, int] = {}
    shared = []
    with suppress(OSError):
        for segment in segments(folder):
            found = segment.path.stat()
            sizes[segment.path] = found.st_size
            if found.st_mode & _OTHERS:
                shared.append(segment.path.name)
    return AuditSeen(
        folder,
        seen.file,
        sum(sizes.values()),
        disk.f_bavail * disk.f_frsize,
        lock_holder(folder),
        _age(folder, now),
        tuple(shared),
        _open_key(settings.audit_key or folder / PRIVATE),
    )


def _open_key(path: Path) -> str:
    with suppress(OSError):
        if path.stat().st_mode & OPEN_TO_OTHERS:
            return str(path)
    return ""


def _age(folder: Path, now: float) -> float | None:
    """Return the seconds since the last event, None where there is none that can be read."""
    try:
        event = last_event(folder)
        moment = datetime.fromisoformat(str(event.get("time"))) if event else None
    except (AuditError, ValueError):
        return None
    return None if moment is None else now - moment.astimezone(UTC).timestamp()


def judge_audit(
    seen: AuditSeen | None, settings: Settings, server: ServerSeen, process: ProcessSeen
) -> Iterator[Finding]:
    """Say whether events can be written there, and who else may read them."""
    fault = server.fault("audit")
    if fault:
        yield problem(
            f"the sockguard that runs cannot write its log, and refuses every request: {fault}",
            "make room, or let it write the folder again; the next request tries",
        )
    if seen is None:
        yield ok("events go to standard output, and no folder is kept")
        return
    if settings.audit_total_bytes < 2 * settings.audit_segment_bytes:
        yield problem(
            "--audit-total has no room for two segments",
            f"--audit-total {-(-2 * settings.audit_segment_bytes // _MIB)}MiB",
        )
    if seen.file.kind is Kind.FOLDER and seen.file.fits:
        yield ok(f"{seen.folder} can be written; {_last(seen)}")
        yield from _judge_privacy(seen)
        yield from _judge_room(seen, settings)
        yield from _judge_lock(seen, server)
    elif seen.file.kind is Kind.MISSING and seen.file.fits:
        yield ok(f"{seen.folder} is made at the start")
    else:
        yield _unfit(seen, process)


def _unfit(seen: AuditSeen, process: ProcessSeen) -> Finding:
    match seen.file.kind:
        case Kind.FOLDER:
            return problem(
                f"{seen.folder} belongs to uid {seen.file.uid} and cannot be written by uid"
                f" {process.uid}",
                f"as root: chown -R {process.uid} {seen.folder}",
            )
        case Kind.MISSING | Kind.HIDDEN:
            return problem(
                f"{seen.folder} cannot be made by uid {process.uid}",
                f"as root: install -d -o {process.uid} -m 0700 {seen.folder}",
            )
        case _:
            return problem(f"{seen.folder} is no folder", "choose another --audit-dir")


def _last(seen: AuditSeen) -> str:
    return "no event yet" if seen.age is None else f"the last event came {_words(seen.age)} ago"


def _words(seconds: float) -> str:
    for least, unit, name in _AGES:
        if seconds >= least:
            return f"{seconds / unit:.0f} {name}"
    return f"{max(0.0, seconds):.0f} s"


def _judge_privacy(seen: AuditSeen) -> Iterator[Finding]:
    if seen.file.mode & _OTHERS:
        yield warning(
            f"{seen.folder} has mode {seen.file.mode:04o}: others than uid {seen.file.uid} may look"
            " into it",
            f"chmod 0700 {seen.folder}",
        )
    if seen.open_key:
        yield problem(
            f"others may use {seen.open_key}, which signs the log; serve does not start with it",
            f"chmod 0600 {seen.open_key}, or move it away if somebody may have read it",
        )
    if seen.open_to_others:
        yield warning(
            f"{len(seen.open_to_others)} files of the log may be read by others, "
            f"{seen.open_to_others[0]} first",
            f"chmod 0600 {seen.folder}/audit-*.jsonl*",
        )


def _judge_room(seen: AuditSeen, settings: Settings) -> Iterator[Finding]:
    growth = settings.audit_total_bytes - seen.used
    if seen.free < growth:
        fits = max(2 * settings.audit_segment_bytes, seen.used + seen.free) // _MIB
        yield warning(
            f"the log may still grow by {growth // _MIB} MiB, and {seen.free // _MIB} MiB are free",
            f"make room, or --audit-total {fits}MiB",
        )


def _judge_lock(seen: AuditSeen, server: ServerSeen) -> Iterator[Finding]:
    if seen.holder and not server.runs and not server.unknown:
        yield problem(
            f"another sockguard writes {seen.folder} (pid {seen.holder})",
            "give each its own --audit-dir",
        )
    elif server.runs and not seen.holder:
        yield remark(
            f"the sockguard that runs does not write {seen.folder}",
            "give this command the --audit-dir of that one",
        )
