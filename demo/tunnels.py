"""The routes whose connection becomes a process's terminal: attach, exec, and what they need.

Must never parse what flows through a tunnel.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiohttp import web

from demo.call import Call, EngineError, empty
from demo.events import emit_container
from demo.execs import words
from demo.logs import content_type
from demo.process import Process
from demo.programs import PROGRAMS
from demo.streams import STDERR, STDOUT, Output, Pipe, Subscription, frame

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from demo.connection import Tunnel
    from demo.state import Container, Exec, World

# A true process takes longer than its answer; docker-py loses output that comes with the head.
START_SECONDS = 0.02
_watched: set[asyncio.Task[None]] = set()


async def attach(call: Call) -> web.StreamResponse:
    """POST /containers/{id}/attach: wait for the process if it does not run yet."""
    container = call.world.container(call.params["id"])
    if container.status == "paused":
        raise EngineError(409, f"Container {container.id} is paused, unpause it before attach")
    streams = {STDOUT} if call.flag("stdout") else set()
    streams |= {STDERR} if call.flag("stderr") else set()
    past = list(container.output.history) if call.flag("logs") else []
    with container.output.subscribe() as live:
        tunnel = call.tunnel(content_type(call, container.tty), _upgrade(call))
        emit_container(call.world, "attach", container)
        encode = _encode(container.tty, streams)
        for piece in past:
            await tunnel.write(encode(piece))
        if not call.flag("stream"):
            tunnel.close()
            return web.Response()
        typed = container_stdin(container) if call.flag("stdin") else None
        await _pump(tunnel, live, encode, typed, lambda: stopped(container))
    return web.Response()


def container_stdin(container: Container) -> Callable[[bytes], Awaitable[None]]:
    """Write to the stdin of whatever process the container has by then; b"" is the end."""

    async def typed(data: bytes) -> None:
        await _started(container)
        if container.process and data:
            await container.process.type(data)
        elif container.process and container.config.get("StdinOnce"):
            await container.process.stdin.close()

    return typed


async def _started(container: Container) -> None:
    async with container.changed:
        await container.changed.wait_for(lambda: container.process is not None or container.removed)


async def stopped(container: Container) -> None:
    """Wait until the container's process has ended, however long it takes to start."""
    await _started(container)
    if container.process:
        await container.process.ended.wait()


async def start_exec(call: Call) -> web.StreamResponse:
    """POST /exec/{id}/start: a tunnel, or nothing but a status with Detach."""
    item = call.world.exec(call.params["id"])
    given = await call.document()
    if item.process:
        raise EngineError(409, f"Error: Exec command {item.id} is already running")
    if not item.container.running:
        raise EngineError(409, f"container {item.container.id} is not running")
    item.process = _process(call, item)
    if given.get("Detach"):
        await item.process.stdin.close()
        _begin(call, item, item.process)
        return empty(200)
    await _run_attached(call, item, item.process)
    return web.Response()


async def _run_attached(call: Call, item: Exec, process: Process) -> None:
    streams = {STDOUT} if item.config.get("AttachStdout") else set()
    streams |= {STDERR} if item.config.get("AttachStderr") else set()
    with process.output.subscribe() as live:
        tunnel = call.tunnel(content_type(call, process.tty), _upgrade(call))
        await asyncio.sleep(START_SECONDS)
        if not item.config.get("AttachStdin"):
            await process.stdin.close()
        _begin(call, item, process)

        async def typed(data: bytes) -> None:
            await (process.type(data) if data else process.stdin.close())

        wanted = typed if item.config.get("AttachStdin") else None
        await _pump(tunnel, live, _encode(process.tty, streams), wanted, process.ended.wait)


def _process(call: Call, item: Exec) -> Process:
    pairs = [text.partition("=") for text in item.container.config.get("Env") or []]
    pairs += [text.partition("=") for text in item.config.get("Env") or []]
    return Process(
        argv=list(item.config["Cmd"]),
        env={"HOSTNAME": item.container.id[:12]} | {key: value for key, _, value in pairs},
        files=item.container.files,
        output=Output(),
        stdin=Pipe(),
        tty=bool(item.config.get("Tty")),
        tick=call.world.settings.tick,
        pid=call.world.pid(),
    )


def _begin(call: Call, item: Exec, process: Process) -> None:
    if process.argv[0].rpartition("/")[2] not in PROGRAMS:
        process.argv = ["sh", "-c", f"echo exec failed: {process.argv[0]}: not found >&2; exit 127"]
    process.start()
    emit_container(call.world, f"exec_start: {words(item)}", item.container, execID=item.id)
    task = asyncio.create_task(_watch(call.world, item, process))
    _watched.add(task)
    task.add_done_callback(_watched.discard)


async def _watch(world: World, item: Exec, process: Process) -> None:
    await process.ended.wait()
    item.container.execs.remove(item.id)
    code = str(process.exit_code or 0)
    emit_container(world, "exec_die", item.container, execID=item.id, exitCode=code)


async def h2c(call: Call) -> web.StreamResponse:
    """POST /session and /grpc: after the 101 every byte comes back."""
    if call.request.headers.get("Upgrade") != "h2c":
        raise EngineError(400, "no upgrade to h2c requested")
    tunnel = call.tunnel("application/octet-stream", "h2c")
    while data := await tunnel.read():
        await tunnel.write(data)
    tunnel.close()
    return web.Response()


def _upgrade(call: Call) -> str | None:
    """The Engine answers 101 to any Upgrade header at all, and always names tcp."""
    return "tcp" if "Upgrade" in call.request.headers else None


def _encode(tty: bool, streams: set[int]) -> Callable[..., bytes]:
    return lambda piece: b"" if piece.stream not in streams else piece.data if tty else frame(piece)


async def _pump(
    tunnel: Tunnel,
    live: Subscription,
    encode: Callable[..., bytes],
    typed: Callable[[bytes], Awaitable[None]] | None,
    over: Callable[[], Awaitable[object]],
) -> None:
    """Carry bytes both ways until the process is over; a client's EOF only ends its stdin."""
    incoming = asyncio.create_task(_incoming(tunnel, typed))
    closed = asyncio.create_task(tunnel.connection.gone.wait())
    outgoing = asyncio.create_task(_outgoing(tunnel, live, encode, over))
    try:
        await asyncio.wait({outgoing, closed}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (incoming, closed, outgoing):
            task.cancel()
        await asyncio.gather(incoming, closed, outgoing, return_exceptions=True)
        tunnel.close()


async def _incoming(tunnel: Tunnel, typed: Callable[[bytes], Awaitable[None]] | None) -> None:
    while data := await tunnel.read():
        if typed:
            await typed(data)
    if typed:
        await typed(b"")


async def _outgoing(
    tunnel: Tunnel,
    live: Subscription,
    encode: Callable[..., bytes],
    over: Callable[[], Awaitable[object]],
) -> None:
    async for piece in live:
        if data := encode(piece):
            await tunnel.write(data)
    tunnel.write_eof()
    await over()
