"""The logs of services and tasks: those of their containers, each line with where it comes from.

Must never change state.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import quote_plus

from demo.logs import content_type, encoder, pieces, wanted_streams
from demo.nodes import this_node
from demo.services import find_service
from demo.streams import Piece
from demo.tasks import PREFIX, find_task

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiohttp import web

    from demo.call import Call
    from demo.swarm_state import Task


async def of_service(call: Call) -> web.StreamResponse:
    """GET /services/{id}/logs."""
    service = find_service(call)
    mine = [task for task in call.swarm().tasks.values() if task.service == service.id]
    return await _logs(call, mine)


async def of_task(call: Call) -> web.StreamResponse:
    """GET /tasks/{id}/logs."""
    return await _logs(call, [find_task(call)])


async def _logs(call: Call, tasks: list[Task]) -> web.StreamResponse:
    streams = wanted_streams(call)
    inside = tasks[0].spec.get("ContainerSpec") or {} if tasks else {}
    tty = bool(inside.get("TTY"))
    encode = encoder(tty, call.flag("timestamps"))
    merged = _merged([_lines(call, task) for task in tasks])
    encoded = (encode(piece) async for piece in merged if piece.stream in streams)
    return await call.send(content_type(call, tty), encoded)


async def _lines(call: Call, task: Task) -> AsyncIterator[Piece]:
    container = call.world.containers.get(task.container)
    origin = _origin(call, task) if call.flag("details") else b""
    if container:
        async for piece in pieces(call, container):
            yield Piece(piece.time, piece.stream, origin + piece.data)


def _origin(call: Call, task: Task) -> bytes:
    """Where a line comes from, as the docker command expects it before the line."""
    facts = {
        "node.id": this_node(call.world.swarm).id,
        "service.id": task.service,
        "task.id": task.id,
    }
    words = ",".join(f"{PREFIX}.{name}={quote_plus(value)}" for name, value in facts.items())
    return f"{words} ".encode()


async def _merged(sources: list[AsyncIterator[Piece]]) -> AsyncIterator[Piece]:
    """Whatever comes from any source, until all have ended."""
    queue: asyncio.Queue[Piece | None] = asyncio.Queue()

    async def drain(source: AsyncIterator[Piece]) -> None:
        async for piece in source:
            await queue.put(piece)
        await queue.put(None)

    work = [asyncio.create_task(drain(source)) for source in sources]
    left = len(work)
    try:
        while left:
            piece = await queue.get()
            if piece is None:
                left -= 1
            else:
                yield piece
    finally:
        for task in work:
            task.cancel()
