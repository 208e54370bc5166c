"""`sockguard doctor`: looks at all that `serve` rests on, and says what is wrong and what mends it.

Must never change anything: no socket, no file and no lock is made or taken.
"""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sockguard.audit.folder import default_audit_dir
from sockguard.cli.compat import where_it_can_listen
from sockguard.cli.doctor_audit import AuditSeen, judge_audit, look_at_audit
from sockguard.cli.doctor_engine import EngineSeen, judge_engine, look_at_engine
from sockguard.cli.doctor_exports import ExportSeen, judge_exports, look_at_exports
from sockguard.cli.doctor_listeners import (
    ListenerSeen,
    judge_listener,
    judge_wanting,
    look_at_listeners,
)
from sockguard.cli.doctor_mounts import containers_in, judge_bypassing, judge_file_mounts
from sockguard.cli.doctor_policy import PolicySeen, judge_clients, judge_policy, look_at_policy
from sockguard.cli.doctor_sockets import (
    ServerSeen,
    SocketSeen,
    judge_folder,
    judge_server,
    judge_socket,
    look_at_server,
    look_at_sockets,
)
from sockguard.cli.doctor_versions import judge_versions
from sockguard.cli.files_seen import FileSeen, look_at_file
from sockguard.cli.finding import FindingLevel
from sockguard.cli.process_seen import ProcessSeen, judge_process, look_at_process
from sockguard.cli.say import say
from sockguard.options import add_options
from sockguard.policy.model import NETWORK
from sockguard.proxy.own_paths import paths_of
from sockguard.settings import read_settings

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Iterator

    from sockguard.cli.doctor_certificates import TlsSeen
    from sockguard.cli.finding import Finding
    from sockguard.settings import Settings

    Told = list[tuple[str, Finding]]

_GOOD, _FINDING = 0, 1


@dataclass(frozen=True, slots=True)
class Seen:
    """All that was found out, before anything of it is judged."""

    settings: Settings
    process: ProcessSeen
    policy: PolicySeen
    server: ServerSeen
    socket_dir: FileSeen
    sockets: tuple[SocketSeen, ...]
    engine: EngineSeen
    audit: AuditSeen | None
    exports: tuple[ExportSeen, ...]
    listeners: tuple[ListenerSeen, ...]
    tls: TlsSeen | None


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb; it takes all that `serve` takes."""
    parser = commands.add_parser("doctor", help="look at all that serve rests on, change nothing")
    parser.add_argument("--json", action="store_true", help="findings as one JSON document")
    add_options(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print all findings; return 0 when none of them is a problem, else 1."""
    said = read_settings(arguments, os.environ, default_audit_dir(os.environ, os.geteuid()))
    settings = where_it_can_listen(said)
    told = findings(look(settings))
    counts = Counter(finding.level for _, finding in told)
    if arguments.json:
        print(json.dumps(_document(told, counts), indent=2))
    else:
        say(_lines(told, counts))
    return _FINDING if counts[FindingLevel.PROBLEM] else _GOOD


def look(settings: Settings) -> Seen:
    """Find out everything once."""
    proc = Path("/proc/self")
    process, policy = look_at_process(proc), look_at_policy(settings)
    sockets = () if policy.policy is None else look_at_sockets(settings, policy.policy)
    now = time.time()
    own = [seen.file.identity for seen in sockets]
    return Seen(
        settings,
        process,
        policy,
        look_at_server(settings.socket_dir),
        look_at_file(settings.socket_dir),
        sockets,
        look_at_engine(settings, process, own),
        look_at_audit(settings, now),
        look_at_exports(settings),
        look_at_listeners(settings, proc),
        _look_at_tls(settings, now),
    )


def _look_at_tls(settings: Settings, now: float) -> TlsSeen | None:
    if settings.tls_dir is None:
        return None
    # Only who has certificates pays for cryptography.
    from sockguard.cli.doctor_certificates import look_at_tls_dir  # noqa: PLC0415

    return look_at_tls_dir(settings.tls_dir, now)


def _container(seen: Seen) -> Iterator[Finding]:
    yield from judge_process(seen.process)


def _engine(seen: Seen) -> Iterator[Finding]:
    yield from judge_engine(seen.engine, seen.process)
    inside, containers = paths_of(seen.settings), containers_in(seen.engine.containers)
    yield from judge_versions(containers, seen.engine.oldest)
    yield from judge_bypassing(containers, inside, seen.process.container)


def _policy(seen: Seen) -> Iterator[Finding]:
    yield from judge_policy(seen.policy, seen.server.fault("policy"))


def _sockets(seen: Seen) -> Iterator[Finding]:
    yield from judge_server(seen.server, seen.settings.socket_dir)
    yield from judge_folder(seen.settings.socket_dir, seen.socket_dir, seen.process)
    for one in seen.sockets:
        yield from judge_socket(one, seen.server, seen.process)
    paths = {one.name: str(one.path) for one in seen.sockets}
    containers = containers_in(seen.engine.containers)
    yield from judge_file_mounts(containers, paths, seen.process.container)


def _clients(seen: Seen) -> Iterator[Finding]:
    if seen.policy.policy is not None:
        served = {one.name for one in seen.sockets if one.may_be_served_by(seen.server)}
        if seen.server.runs and any(one.may_admit for one in seen.listeners):
            served.add(NETWORK)
        hindrance = "" if seen.engine.answers else "the Engine does not answer"
        yield from judge_clients(seen.policy.policy, seen.settings, served, hindrance)


def _audit(seen: Seen) -> Iterator[Finding]:
    yield from judge_audit(seen.audit, seen.settings, seen.server, seen.process)


def _exports(seen: Seen) -> Iterator[Finding]:
    yield from judge_exports(seen.exports, seen.server)


def _listeners(seen: Seen) -> Iterator[Finding]:
    if seen.policy.policy is not None:
        yield from judge_wanting(seen.policy.policy, seen.settings)
    for one in seen.listeners:
        yield from judge_listener(one, seen.server)


def _certificates(seen: Seen) -> Iterator[Finding]:
    if seen.tls is not None:
        from sockguard.cli.doctor_certificates import (  # noqa: PLC0415  # as above
            judge_mounts,
            judge_tls_dir,
        )

        yield from judge_mounts(seen.tls.folder, seen.process.mounted)
        yield from judge_tls_dir(seen.tls)


AREAS: dict[str, Callable[[Seen], Iterable[Finding]]] = {
    "container": _container,
    "engine": _engine,
    "policy": _policy,
    "sockets": _sockets,
    "clients": _clients,
    "audit": _audit,
    "exports": _exports,
    "listeners": _listeners,
    "certificates": _certificates,
}
"""What is told, in this order; what a later area rests on comes before it."""


def findings(seen: Seen) -> Told:
    """Return every finding with its area."""
    return [(area, finding) for area, judge in AREAS.items() for finding in judge(seen)]


def _document(told: Told, counts: Counter[FindingLevel]) -> dict[str, object]:
    return {
        "problems": counts[FindingLevel.PROBLEM],
        "warnings": counts[FindingLevel.WARNING],
        "findings": [
            {"area": area, "level": one.level, "text": one.text, "mend": one.mend}
            for area, one in told
        ],
    }


def _lines(told: Told, counts: Counter[FindingLevel]) -> Iterator[str]:
    for area, finding in told:
        yield f"{area:<12}  {finding.level:<7}  {finding.text}"
        if finding.mend:
            yield f"{'':<12}  {'':<7}  to mend it: {finding.mend}"
    yield ", ".join(
        _counted(level, counts) for level in (FindingLevel.PROBLEM, FindingLevel.WARNING)
    )


def _counted(level: FindingLevel, counts: Counter[FindingLevel]) -> str:
    return f"{counts[level]} {level}" + ("" if counts[level] == 1 else "s")
