"""The route that attaches to a container through a websocket.

Must never be reached by other means: attach and exec use raw tunnels.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from aiohttp import WSMsgType, web

from demo.call import Call, EngineError
from demo.tunnels import container_stdin, stopped

if TYPE_CHECKING:
    from demo.state import Container
    from demo.streams import Subscription


async def attach(call: Call) -> web.StreamResponse:
    """GET /containers/{id}/attach/ws: output as binary messages, messages as input."""
    container = call.world.container(call.params["id"])
    if call.request.headers.get("Upgrade", "").lower() != "websocket":
        raise EngineError(400, "websocket: the client is not using the websocket protocol")
    socket = web.WebSocketResponse()
    with container.output.subscribe() as live:
        await socket.prepare(call.request)
        call.connection.release()
        outgoing = asyncio.create_task(_outgoing(socket, live, container))
        try:
            await _incoming(call, socket, container)
        finally:
            outgoing.cancel()
    return socket


async def _outgoing(
    socket: web.WebSocketResponse, live: Subscription, container: Container
) -> None:
    async for piece in live:
        await socket.send_bytes(piece.data)
    await stopped(container)
    await socket.close()


async def _incoming(call: Call, socket: web.WebSocketResponse, container: Container) -> None:
    typed = container_stdin(container)
    async for message in socket:
        if message.type in (WSMsgType.BINARY, WSMsgType.TEXT):
            data = message.data.encode() if isinstance(message.data, str) else message.data
            call.connection.recorder.note(partial(call.entry.hijacked.feed, data))
            await typed(data)
