"""`sockguard serve`: put policy, record and sockets together and run until told to stop.

Must never start half: what cannot work is an error before the first socket opens.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import uvloop

from sockguard.audit.closed_store import Keeping
from sockguard.audit.event import Kind
from sockguard.audit.folder import default_audit_dir
from sockguard.audit.key_store import PRIVATE
from sockguard.audit.quota import Quota
from sockguard.audit.store import Store
from sockguard.audit.stream_store import StdoutSink
from sockguard.cli.compat import policy_warnings, say_what_is_followed, where_it_can_listen
from sockguard.cli.engine_socket import what_bars
from sockguard.cli.export import open_exports
from sockguard.cli.network import listener_warnings, read_tls_files, sockets_passed_on
from sockguard.cli.policy_files import load_served, look_at, policy_files
from sockguard.cli.show import Show
from sockguard.errors import Refusal
from sockguard.options import add_options
from sockguard.policy.question import OwnObjects
from sockguard.policy.risks import amounts_to, risks_of
from sockguard.proxy.acknowledge import AcknowledgeSocket
from sockguard.proxy.engine_facts import EngineRange
from sockguard.proxy.gate import Gate
from sockguard.proxy.health import HealthSocket
from sockguard.proxy.network import Network
from sockguard.proxy.own_log import note
from sockguard.proxy.own_objects import Ourselves, SelfKnowledge, own_container_id
from sockguard.proxy.own_paths import paths_of
from sockguard.proxy.record import Recorder
from sockguard.proxy.reload import Reloader
from sockguard.proxy.server import Server, connection_limit
from sockguard.proxy.sockets import place_of
from sockguard.proxy.watchdog import Watchdog
from sockguard.settings import read_settings

if TYPE_CHECKING:
    import argparse
    from collections.abc import Hashable, Mapping

    from sockguard.audit.sink import Sink
    from sockguard.cli.export import Exports
    from sockguard.policy.model import Policy
    from sockguard.proxy.metrics_http import MetricsHttp
    from sockguard.proxy.tls_files import TlsFiles
    from sockguard.settings import Settings


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb."""
    parser = commands.add_parser("serve", help="guard the Engine's socket")
    add_options(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Serve until SIGTERM or SIGINT; return 0."""
    said = read_settings(arguments, os.environ, default_audit_dir(os.environ, os.geteuid()))
    settings = where_it_can_listen(said)
    looked = look_at(settings.policy)
    policy = load_served(settings)
    say_what_is_followed(settings)
    _ask_for_group(settings)
    most = connection_limit()
    files, passed = read_tls_files(settings), sockets_passed_on(settings, policy)
    exports = open_exports(settings)
    try:
        sink = _open_sink(settings, exports)
        uvloop.run(_serve(_Ready(settings, policy, looked, sink, most, files, passed, exports)))
    finally:
        exports.stop()
    return 0


@dataclass(frozen=True, slots=True)
class _Ready:
    """All that has to be there before the first socket opens."""

    settings: Settings
    policy: Policy
    looked: Hashable
    sink: Sink
    most: int
    files: TlsFiles | None
    passed: Mapping[str, socket.socket]
    exports: Exports


async def _serve(ready: _Ready) -> None:
    settings, policy = ready.settings, ready.policy
    show = Show(settings)
    gate = _build_gate(settings, policy, ready.sink, show)
    gate.exporters = ready.exports.exporters
    server, stopped = Server(gate, ready.most, ready.passed), _stop_signal()
    health, acknowledge = HealthSocket(gate), AcknowledgeSocket(gate)
    network = Network(gate, server.accept, ready.files)
    reloader = Reloader(
        gate, server, policy_files(settings), lambda policy: _announce(settings, policy)
    )
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, reloader.ask)
    knowledge = await _know_ourselves(gate)
    metrics = await _open_metrics(gate, server)
    await server.start()
    await network.start(ready.passed)
    await health.start()
    await acknowledge.start()
    learning = asyncio.create_task(_know_the_engine(gate))
    reloading = asyncio.create_task(reloader.run(ready.looked))
    watching = asyncio.create_task(Watchdog(gate).watch())
    gate.recorder.happened(Kind.START, f"serving policy {settings.policy}")
    _announce(settings, policy)
    try:
        reason = await stopped
    finally:
        acknowledge.stop()
        health.stop()
        await _end(reloading)
        network.close()
        await server.stop()
        await network.stop()
        for task in filter(None, (knowledge, learning, watching)):
            await _end(task)
        if metrics is not None:
            await metrics.stop()
    await gate.recordings.close()
    await gate.recorder.close(f"stopped by {reason}")
    show.close()


async def _open_metrics(gate: Gate, server: Server) -> MetricsHttp | None:
    if gate.settings.metrics is None:
        return None
    # Only who asks for it pays for aiohttp: 16 MB and 0.15 s.
    from sockguard.proxy.metrics import Sources  # noqa: PLC0415
    from sockguard.proxy.metrics_http import MetricsHttp  # noqa: PLC0415

    host, port = gate.settings.metrics
    metrics = MetricsHttp(Sources(gate, server.places), host, port)
    await metrics.start()
    shown = f"[{host}]" if ":" in host else host
    note(f"health and metrics at http://{shown}:{port}/metrics")
    return metrics


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


def _build_gate(settings: Settings, policy: Policy, sink: Sink, show: Show) -> Gate:
    engine = EngineRange(settings.upstream, settings.timeouts.connect)
    recorder = Recorder(
        sink,
        Quota(),
        show,
        host=socket.gethostname(),
        origin=lambda: (gate.policy.sha256, engine.facts.identity if engine.facts else ""),
    )
    gate = Gate(settings, policy, engine, recorder)
    gate.recordings.look_back()
    return gate


def _open_sink(settings: Settings, exports: Exports) -> Sink:
    host = socket.gethostname()
    if settings.audit == "stdout":
        return StdoutSink(now=time.time, host=host, copy=exports.copy)
    return Store.open(
        Path(settings.audit),
        now=time.time,
        keeping=Keeping(
            segment_bytes=settings.audit_segment_bytes,
            total_bytes=settings.audit_total_bytes,
            days=settings.audit_days,
            packed=True,
        ),
        host=host,
        key=settings.audit_key or Path(settings.audit) / PRIVATE,
        copy=exports.copy,
    )


async def _know_ourselves(gate: Gate) -> asyncio.Task[None] | None:
    """Find our own container before any client can name it, and follow its renames."""
    container = own_container_id(Path("/proc/self"))
    settings = gate.settings
    paths = paths_of(settings)
    if not container:
        note("its sockets, policy and log are protected; it is in no container of its own")
        gate.know_own(OwnObjects(paths=paths.held, engine_paths=paths.sockets))
        return None
    knowledge = SelfKnowledge(
        settings.upstream,
        Ourselves(container, paths),
        settings.timeouts.connect,
        gate.know_own,
        note,
    )
    await knowledge.look()
    return asyncio.create_task(knowledge.watch())


async def _know_the_engine(gate: Gate) -> None:
    """Learn the Engine's API range before the first client needs it; say so when it is away."""
    try:
        await gate.engine.learn()
    except Refusal as refusal:
        note(f"warning: {refusal.message}")


def _stop_signal() -> asyncio.Future[str]:
    loop = asyncio.get_running_loop()
    stopped: asyncio.Future[str] = loop.create_future()

    def stop(name: str) -> None:
        if not stopped.done():
            stopped.set_result(name)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop, number.name)
    return stopped


def _announce(settings: Settings, policy: Policy) -> None:
    note(f"guarding {settings.upstream} with policy {settings.policy} ({policy.sha256[:12]})")
    clients = policy.clients.values()
    risks = {client.name: risks_of(client, clients) for client in clients}
    for client in clients:
        place = place_of(settings.socket_dir, client)
        note(f"client '{client.name}' ({client.role.describe()}) at {place}")
        note(f"client '{client.name}' amounts to {amounts_to(risks[client.name])}")
    for listener in settings.listen:
        note(f"listening at {listener}")
    for warning in (*listener_warnings(settings, policy), *policy_warnings(settings, policy)):
        note(f"warning: {warning}")
    for name in (one.name for one in clients if risks[one.name].recorded):
        if settings.audit == "stdout":
            note(f"warning: --audit stdout keeps no recordings: sessions of {name!r} are refused")


def _ask_for_group(settings: Settings) -> None:
    """Say in words which group is missing when the Engine's socket cannot be opened."""
    in_container = bool(own_container_id(Path("/proc/self")))
    barred = what_bars(settings.upstream, in_container=in_container)
    if barred is not None:
        note(f"{barred.text}: {barred.mend}")
