"""The routes that list, inspect, create and steer containers.

Must never hold state of its own.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from demo import creation, lifecycle
from demo.call import Call, EngineError, empty, reply
from demo.container_filters import keep
from demo.documents import inspected, listed
from demo.events import emit, emit_container
from demo.process import signal_number

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiohttp import web

    from demo.state import Container


async def list_(call: Call) -> web.StreamResponse:
    """GET /containers/json."""
    filters = call.filters()
    everything = call.flag("all") or "status" in filters
    limit = call.number("limit", 0)
    found = sorted(call.world.containers.values(), key=lambda item: -item.created)
    found = [item for item in found if everything or limit > 0 or item.running]
    found = [item for item in found if keep(call.world, item, filters)]
    shown = found[: limit if limit > 0 else None]
    return reply([listed(item, call.flag("size"), call.version) for item in shown])


async def inspect(call: Call) -> web.StreamResponse:
    """GET /containers/{id}/json."""
    return reply(inspected(_container(call), call.flag("size"), call.version))


async def create(call: Call) -> web.StreamResponse:
    """POST /containers/create."""
    body = await call.document()
    if not body:
        raise EngineError(400, "config cannot be empty in order to create a container")
    container = creation.create(call.world, call.arg("name"), body)
    return reply({"Id": container.id, "Warnings": []}, 201)


async def start(call: Call) -> web.StreamResponse:
    """POST /containers/{id}/start."""
    await lifecycle.start(call.world, _container(call))
    return empty()


async def stop(call: Call) -> web.StreamResponse:
    """POST /containers/{id}/stop."""
    await lifecycle.stop(call.world, _container(call))
    return empty()


async def restart(call: Call) -> web.StreamResponse:
    """POST /containers/{id}/restart."""
    container = _container(call)
    if container.running:
        await lifecycle.stop(call.world, container)
    await lifecycle.start(call.world, container)
    emit_container(call.world, "restart", container)
    return empty()


async def kill(call: Call) -> web.StreamResponse:
    """POST /containers/{id}/kill."""
    number = signal_number(call.arg("signal") or "KILL")
    if number is None:
        raise EngineError(400, f"invalid signal: {call.arg('signal')}")
    await lifecycle.kill(call.world, _container(call), number)
    return empty()


async def remove(call: Call) -> web.StreamResponse:
    """DELETE /containers/{id}."""
    await lifecycle.remove(call.world, _container(call), call.flag("force"), call.flag("v"))
    return empty()


async def rename(call: Call) -> web.StreamResponse:
    """POST /containers/{id}/rename."""
    await lifecycle.rename(call.world, _container(call), call.arg("name"))
    return empty()


async def pause(call: Call) -> web.StreamResponse:
    """POST /containers/{id}/pause."""
    return await _pause(call, "running", "paused", "pause")


async def unpause(call: Call) -> web.StreamResponse:
    """POST /containers/{id}/unpause."""
    return await _pause(call, "paused", "running", "unpause")


async def _pause(call: Call, before: str, after: str, action: str) -> web.StreamResponse:
    container = _container(call)
    if container.status != before:
        raise EngineError(409, f"Container {container.id} is not {before}")
    container.status = after
    emit_container(call.world, action, container)
    return empty()


async def update(call: Call) -> web.StreamResponse:
    """POST /containers/{id}/update: what is absent stays as it is."""
    container = _container(call)
    given = await call.document()
    container.host_config |= {key: value for key, value in given.items() if value is not None}
    emit_container(call.world, "update", container)
    return reply({"Warnings": []})


async def resize(call: Call) -> web.StreamResponse:
    """POST /containers/{id}/resize."""
    container = _container(call)
    container.size = (call.number("h", 24), call.number("w", 80))
    if container.process:
        container.process.size = container.size
    emit_container(call.world, "resize", container)
    return empty(200)


async def wait(call: Call) -> web.StreamResponse:
    """POST /containers/{id}/wait: the head at once, the body when the condition holds."""
    container = _container(call)
    condition = call.arg("condition") or "not-running"
    if condition not in ("not-running", "next-exit", "removed"):
        raise EngineError(400, f'invalid condition: "{condition}"')
    return await call.send("application/json", _exit(container, condition, container.finished))


async def _exit(container: Container, condition: str, last: float) -> AsyncIterator[bytes]:
    holds = {
        "not-running": lambda: not container.running,
        "next-exit": lambda: container.finished != last or container.removed,
        "removed": lambda: container.removed,
    }[condition]
    async with container.changed:
        await container.changed.wait_for(holds)
    yield json.dumps({"StatusCode": container.exit_code}).encode() + b"\n"


async def prune(call: Call) -> web.StreamResponse:
    """POST /containers/prune."""
    filters = call.filters()
    gone = [
        item
        for item in list(call.world.containers.values())
        if not item.running and keep(call.world, item, filters)
    ]
    await asyncio.gather(*(lifecycle.remove(call.world, item, force=False) for item in gone))
    emit(call.world, "container", "prune", "", {"reclaimed": "0"})
    return reply({"ContainersDeleted": [item.id for item in gone] or None, "SpaceReclaimed": 0})


def _container(call: Call) -> Container:
    return call.world.container(call.params["id"])
