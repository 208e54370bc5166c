"""What a container goes through: started, ended, renamed, removed; and the events of each step.

Must never speak HTTP.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from demo.call import EngineError
from demo.creation import check_name
from demo.documents import command
from demo.endpoints import join, leave
from demo.events import emit_container
from demo.health import watch_health
from demo.mounts import drop_anonymous, tell_mounts
from demo.process import SIGNALS, Process
from demo.streams import Pipe

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from demo.state import Container, World

_running: set[asyncio.Task[None]] = set()


async def start(world: World, container: Container) -> None:
    """Run the container's command; EngineError 304 when it runs already, 404 without a network."""
    if container.running:
        raise EngineError(304, "")
    join(world, container)
    tell_mounts(world, container, "mount")
    environment = [text.partition("=") for text in container.config.get("Env") or []]
    host = container.config.get("Hostname") or container.id[:12]
    container.stdin = Pipe()
    container.pid = world.pid()
    container.process = Process(
        argv=command(container),
        env={"HOSTNAME": host} | {key: value for key, _, value in environment},
        files=container.files,
        output=container.output,
        stdin=container.stdin,
        tty=container.tty,
        size=container.size,
        tick=world.settings.tick,
        pid=container.pid,
    )
    if not container.config.get("OpenStdin"):
        await container.stdin.close()
    container.status, container.started, container.exit_code = "running", time.time(), 0
    container.process.start()
    emit_container(world, "start", container)
    _keep(_watch(world, container, container.process))
    _keep(watch_health(world, container, container.process))
    await container.announce()


def _keep(work: Coroutine[Any, Any, None]) -> None:
    task = asyncio.create_task(work)
    _running.add(task)
    task.add_done_callback(_running.discard)


async def _watch(world: World, container: Container, process: Process) -> None:
    """Do what follows a process's end."""
    await process.ended.wait()
    container.status, container.finished = "exited", time.time()
    container.exit_code = process.exit_code or 0
    emit_container(world, "die", container, exitCode=str(container.exit_code))
    leave(world, container)
    tell_mounts(world, container, "unmount")
    await container.announce()
    if container.host_config.get("AutoRemove"):
        await remove(world, container, force=True, volumes=True)


async def kill(world: World, container: Container, number: int) -> None:
    """Send a signal; EngineError 409 when nothing runs."""
    if not container.running or container.process is None:
        raise EngineError(409, f"container {container.id} is not running")
    emit_container(world, "kill", container, signal=str(number))
    container.process.signal(number)
    if container.process.exit_code is not None:
        await ended(container)


async def stop(world: World, container: Container) -> None:
    """End the container's process; EngineError 304 when nothing runs."""
    if not container.running:
        raise EngineError(304, "")
    await kill(world, container, SIGNALS["TERM"])
    emit_container(world, "stop", container)


async def ended(container: Container) -> None:
    """Wait until the container does not run."""
    async with container.changed:
        await container.changed.wait_for(lambda: not container.running)


async def remove(world: World, container: Container, force: bool, volumes: bool = False) -> None:
    """Forget a container, perhaps with its anonymous volumes; EngineError 409 while it runs."""
    if container.running and not force:
        raise EngineError(
            409,
            f'cannot remove container "/{container.name}": container is running: '
            "stop the container before removing or force remove",
        )
    if container.running:
        await kill(world, container, SIGNALS["KILL"])
    if world.containers.pop(container.id, None) is None:
        return
    container.removed = True
    emit_container(world, "destroy", container)
    if volumes:
        drop_anonymous(world, container)
    await container.output.finish()
    await container.announce()


async def rename(world: World, container: Container, name: str) -> None:
    """Give a container another name; EngineError 400 or 409."""
    if not name:
        raise EngineError(400, "Neither old nor new names may be empty")
    check_name(world, name)
    old, container.name = container.name, name.removeprefix("/")
    emit_container(world, "rename", container, oldName=f"/{old}")
