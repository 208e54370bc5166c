"""The Engine, as `sockguard doctor` sees it: its socket, its API range, who goes past sockguard.

Must never send it anything but the questions below, each a GET that changes nothing.
"""

from __future__ import annotations

import asyncio
import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from sockguard.cli.engine_socket import Barred, what_bars
from sockguard.cli.files_seen import Kind, look_at_file
from sockguard.cli.finding import ok, problem, remark
from sockguard.engine.version import FLOOR, NEWEST
from sockguard.errors import Refusal
from sockguard.proxy.ask import ask
from sockguard.proxy.upstream import connect

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from sockguard.cli.files_seen import FileSeen
    from sockguard.cli.finding import Finding
    from sockguard.cli.process_seen import ProcessSeen
    from sockguard.settings import Settings
    from sockguard.wire.document import Value

_VERSION = re.compile(r"1\.([1-9][0-9]{0,2})")
_NO_ROUTE = "/sockguard/doctor"
"""No Engine has it and no policy can allow it: who answers it with our words is sockguard."""
_OUR_WORDS = "sockguard: "
_OK = 200


@dataclass(frozen=True, slots=True)
class EngineSeen:
    """What stands at the upstream path, and what it answered.

    `fault` says why it gave no answer that an Engine gives, "" when it did. `oldest` and `newest`
    are minor versions, 0 where none was told. `elsewhere` are other sockets that look like an
    Engine's.
    """

    path: Path
    file: FileSeen
    barred: Barred | None = None
    guarded: bool = False
    fault: str = ""
    oldest: int = 0
    newest: int = 0
    version: str = ""
    security: tuple[str, ...] = ()
    containers: Value = None
    elsewhere: tuple[Path, ...] = ()

    @property
    def answers(self) -> bool:
        """Whether requests get answers there."""
        return self.newest > 0 and not self.guarded


def look_at_engine(
    settings: Settings, process: ProcessSeen, own: Collection[tuple[int, int]]
) -> EngineSeen:
    """Look, and ask if there is somebody to ask; `own` are the identities of our own sockets."""
    path = settings.upstream
    seen = EngineSeen(path, look_at_file(path), elsewhere=_elsewhere(path))
    if seen.file.kind is not Kind.SOCKET:
        return seen
    if seen.file.identity in own:
        return replace(seen, guarded=True)
    barred = what_bars(path, in_container=bool(process.container))
    if barred is not None:
        return replace(seen, barred=barred)
    return asyncio.run(_asked(seen, settings.timeouts.connect))


def _elsewhere(path: Path) -> tuple[Path, ...]:
    """Return where else an Engine may be: rootless ones and Podman, by their documents."""
    runtime = os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.geteuid()}"
    places = (
        Path(runtime) / "docker.sock",
        Path("/var/run/docker.sock"),
        Path(runtime) / "podman/podman.sock",
        Path("/run/podman/podman.sock"),
    )
    return tuple(one for one in places if one != path and look_at_file(one).kind is Kind.SOCKET)


async def _asked(seen: EngineSeen, seconds: float) -> EngineSeen:
    try:
        status, version = await _get(seen.path, "/version", seconds)
        _, refused = await _get(seen.path, _NO_ROUTE, seconds)
    except Refusal as refusal:
        return replace(seen, fault=refusal.message)
    except TimeoutError:
        return replace(seen, fault=f"the Engine did not answer within {seconds:g} s")
    if _is_ours(version) or _is_ours(refused):
        return replace(seen, guarded=True)
    told = version if isinstance(version, dict) and status == _OK else {}
    seen = replace(
        seen,
        oldest=_minor(told.get("MinAPIVersion")),
        newest=_minor(told.get("ApiVersion")),
        version=_text(told.get("Version")),
    )
    if not seen.newest:
        return replace(seen, fault="what answers there is no Docker Engine")
    return replace(
        seen,
        security=_security(await _told(seen.path, "/info", seconds)),
        containers=await _told(seen.path, "/containers/json?all=1", seconds),
    )


async def _told(path: Path, target: str, seconds: float) -> Value:
    """Return what it tells, None where it does not: these questions are beside the point."""
    try:
        status, document = await _get(path, target, seconds)
    except (Refusal, TimeoutError):
        return None
    return document if status == _OK else None


async def _get(path: Path, target: str, seconds: float) -> tuple[int, Value]:
    channel = await connect(path, seconds)
    try:
        async with asyncio.timeout(seconds):
            return await ask(channel, target)
    finally:
        channel.abort()


def _is_ours(document: Value) -> bool:
    message = document.get("message") if isinstance(document, dict) else None
    return isinstance(message, str) and message.startswith(_OUR_WORDS)


def _minor(told: Value) -> int:
    match = _VERSION.fullmatch(told) if isinstance(told, str) else None
    return int(match[1]) if match else 0


def _text(told: Value) -> str:
    return told if isinstance(told, str) else ""


def _security(info: Value) -> tuple[str, ...]:
    """Read the names of SecurityOptions, as in `name=rootless`."""
    match info:
        case {"SecurityOptions": list(options)}:
            named = (one for one in options if isinstance(one, str))
            return tuple(one.removeprefix("name=").partition(",")[0] for one in named)
        case _:
            return ()


def judge_engine(seen: EngineSeen, process: ProcessSeen) -> Iterator[Finding]:
    """Yield the one thing that keeps the Engine away, else what can be said of it."""
    away = _away(seen, process)
    if away is not None:
        yield away
        return
    told = f"Engine {seen.version}, " if seen.version else ""
    yield ok(f"{seen.path} answers: {told}API 1.{seen.oldest or FLOOR} to 1.{seen.newest}")
    yield from _judge_range(seen)
    yield from _judge_namespaces(seen)
    if str(seen.path) in process.mounted:
        yield remark(
            f"{seen.path} is mounted as a file: when the Engine makes its socket anew, this one is"
            " dead",
            "docker compose restart sockguard, each time after the Engine was restarted",
        )


def _away(seen: EngineSeen, process: ProcessSeen) -> Finding | None:
    if seen.guarded:
        return problem(
            f"{seen.path} is a socket of sockguard itself, not the Engine's",
            f"--upstream unix://{next(iter(seen.elsewhere), '/var/run/docker.sock')}",
        )
    if seen.file.kind is not Kind.SOCKET:
        return problem(*_no_socket(seen, process))
    if seen.barred is not None:
        return problem(seen.barred.text, seen.barred.mend)
    if seen.fault:
        return problem(seen.fault, _mend_silent(seen, process))
    return None


def _no_socket(seen: EngineSeen, process: ProcessSeen) -> tuple[str, str]:
    """Return what stands there instead, and what mends that."""
    path = seen.path
    match seen.file.kind:
        case Kind.HIDDEN:
            return (
                f"{process.describe()}, may not look into {path.parent}",
                "run as root, or name with --upstream the socket of an Engine of this user",
            )
        case Kind.FOLDER:
            return (
                f"{path} is a folder: Docker makes one where a socket to be mounted is missing",
                _mend_folder(path, process),
            )
        case Kind.MISSING:
            return f"there is no {path}", _mend_missing(seen, process)
        case _:
            return f"{path} is a file and no socket", _mend_missing(seen, process)


def _mend_folder(path: Path, process: ProcessSeen) -> str:
    if process.container:
        return (
            "on the host: rmdir the folder that is mounted here, start the Engine, then"
            " docker compose up -d --force-recreate sockguard"
        )
    return f"rmdir {path}, then start the Engine: systemctl restart docker.socket docker"


def _mend_missing(seen: EngineSeen, process: ProcessSeen) -> str:
    if seen.elsewhere:
        return f"--upstream unix://{seen.elsewhere[0]}"
    if process.container:
        return f"add to the volumes of the service: - /var/run/docker.sock:{seen.path}"
    return "start the Engine (systemctl start docker), or name its socket with --upstream"


def _mend_silent(seen: EngineSeen, process: ProcessSeen) -> str:
    if str(seen.path) in process.mounted:
        return "start the Engine, then docker compose restart sockguard: its old socket is mounted"
    return "start the Engine (systemctl restart docker), or name its socket with --upstream"


def _judge_range(seen: EngineSeen) -> Iterator[Finding]:
    known = f"sockguard knows 1.{FLOOR} to 1.{NEWEST}"
    if seen.newest < FLOOR:
        yield problem(f"this Engine is too old: {known}", "update the Engine")
    elif seen.oldest > NEWEST:
        yield problem(f"this Engine is too new: {known}", "update sockguard")
    elif seen.newest > NEWEST:
        yield remark(
            f"this Engine is newer than sockguard: {known}, and newer versions are refused",
            f"for clients that insist on a newer one: DOCKER_API_VERSION=1.{NEWEST}",
        )


def _judge_namespaces(seen: EngineSeen) -> Iterator[Finding]:
    if "rootless" in seen.security:
        yield remark("the Engine is rootless: root in a container is the Engine's user on the host")
    if "userns" in seen.security:
        yield remark(
            "the Engine keeps containers in a user namespace: ids in `match` and `socket` are those"
            " of the host"
        )
