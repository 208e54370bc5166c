"""One request as its handler sees it, and the shapes of the Engine's answers.

Must never know what any route does.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Mapping

    from demo.connection import Connection, Tunnel
    from demo.record import Entry
    from demo.state import World
    from demo.swarm_state import Swarm

SERVER = "Docker/27.5.1 (linux)"
FALSE_WORDS = frozenset({"", "0", "no", "false", "none"})

NO_SWARM = (
    'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" '
    "to connect this node to swarm and try again."
)

JsonObject = dict[str, Any]


class EngineError(Exception):
    """An answer of the Engine that is no success: a status and its sentence."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(slots=True)
class Call:
    """One request with the world it acts upon; `pace` is bytes per second, None for no limit."""

    world: World
    request: web.BaseRequest
    connection: Connection
    entry: Entry
    version: tuple[int, int]
    params: Mapping[str, str]
    pace: float | None = None

    def arg(self, name: str, default: str = "") -> str:
        """The first value of a query parameter: the Engine ignores later ones."""
        return next((value for key, value in self.entry.head.query if key == name), default)

    def args(self, name: str) -> list[str]:
        """All values of a query parameter that is a list."""
        return [value for key, value in self.entry.head.query if key == name]

    def flag(self, name: str, default: bool = False) -> bool:
        """A boolean parameter: what is no word for false is true."""
        if not self.args(name):
            return default
        return self.arg(name).strip().lower() not in FALSE_WORDS

    def number(self, name: str, default: int) -> int:
        """A whole number in the query; EngineError 400 when it is none."""
        text = self.arg(name)
        try:
            return int(text) if text else default
        except ValueError as error:
            raise EngineError(400, f'invalid {name}: "{text}" is no number') from error

    def swarm(self, status: int = 503) -> Swarm:
        """The swarm that this node manages; EngineError, 503 unless said, when it is in none."""
        if not self.world.settings.swarm:
            raise EngineError(status, NO_SWARM)
        return self.world.swarm

    def filters(self) -> dict[str, list[str]]:
        """The `filters` parameter, from either of its two JSON shapes."""
        text = self.arg("filters")
        try:
            given = json.loads(text) if text else {}
        except ValueError as error:
            raise EngineError(400, "invalid filters: not JSON") from error
        if not isinstance(given, dict):
            raise EngineError(400, "invalid filters: not an object")
        return {name: [str(value) for value in values] for name, values in given.items()}

    async def read(self) -> bytes:
        """The whole body."""
        return b"".join([chunk async for chunk in self.chunks()])

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body in pieces as they arrive, each remembered in the record."""
        self._say_continue()
        note = self.connection.recorder.note
        async for chunk in self.request.content.iter_any():
            note(partial(self.entry.body.feed, chunk))
            yield chunk
        note(lambda: setattr(self.entry, "body_complete", True))

    async def value(self) -> Any:  # noqa: ANN401 - a request body may be any JSON value
        """The body read as JSON, None when it is empty; EngineError 400 when it is none."""
        body = await self.read()
        try:
            return json.loads(body) if body else None
        except ValueError as error:
            raise EngineError(400, f"invalid JSON: {error}") from error

    async def document(self) -> JsonObject:
        """The body as a JSON object, {} when empty or null; EngineError 400 when it is none."""
        value = await self.value()
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise EngineError(400, "invalid JSON: an object is needed")
        return value

    async def stream(
        self, content_type: str, headers: Mapping[str, str] | None = None
    ) -> web.StreamResponse:
        """An answer whose head is sent now and whose body follows piece by piece."""
        answer = web.StreamResponse(headers=dict(headers or {}))
        answer.content_type = content_type
        self.dress(answer)
        await answer.prepare(self.request)
        return answer

    async def send(
        self,
        content_type: str,
        pieces: AsyncIterable[bytes],
        headers: Mapping[str, str] | None = None,
    ) -> web.StreamResponse:
        """Stream `pieces` to their end, or until the client has gone."""
        answer = await self.stream(content_type, headers)
        async for piece in self.until_gone(pieces):
            await self.write(answer.write, piece)
        await answer.write_eof()
        return answer

    async def write(self, write: Callable[[bytes], Awaitable[None]], data: bytes) -> None:
        """Write at the pace that a fault asked for, at once without one."""
        if self.pace is None:
            await write(data)
            return
        step = max(1, int(self.pace / 20))
        for start in range(0, len(data), step):
            await write(data[start : start + step])
            await asyncio.sleep(step / self.pace)

    async def until_gone(self, pieces: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
        """`pieces`, cut short when the client closes or half-closes, as Go's server does."""
        iterator = aiter(pieces)
        gone = asyncio.ensure_future(self.connection.gone.wait())
        try:
            while True:
                following = asyncio.ensure_future(_next(iterator))
                await asyncio.wait({following, gone}, return_when=asyncio.FIRST_COMPLETED)
                if not following.done():
                    following.cancel()
                    await asyncio.wait({following})
                    return
                piece = following.result()
                if piece is None:
                    return
                yield piece
        finally:
            gone.cancel()

    def tunnel(self, content_type: str, upgrade: str | None) -> Tunnel:
        """Turn the connection into a raw tunnel; 101 with `upgrade`, 200 when it is None."""
        if upgrade:
            first = f"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: {upgrade}\r\n"
        else:
            first = "HTTP/1.1 200 OK\r\n"
        self.entry.status = 101 if upgrade else 200
        headers = self.common_headers() | {"Content-Type": content_type}
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return self.connection.open_tunnel(f"{first}{lines}\r\n".encode())

    def common_headers(self) -> dict[str, str]:
        """What the Engine says about itself on every answer."""
        major, minor = self.world.settings.api_max
        return {
            "Api-Version": f"{major}.{minor}",
            "Docker-Experimental": "false",
            "Ostype": "linux",
            "Server": SERVER,
        }

    def dress(self, answer: web.StreamResponse) -> None:
        """Put the Engine's own headers on an answer."""
        for name, value in self.common_headers().items():
            answer.headers.setdefault(name, value)

    def _say_continue(self) -> None:
        """Ask for the body when the client waits for that, as late as Go's server does."""
        expects = self.request.headers.get("Expect", "").lower() == "100-continue"
        if expects and self.entry.body.length == 0 and not self.request.content.is_eof():
            self.connection.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")


Handler = "Callable[[Call], Awaitable[web.StreamResponse]]"


async def _next(iterator: AsyncIterator[bytes]) -> bytes | None:
    return await anext(iterator, None)


def reply(
    value: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    """A JSON answer."""
    text = json.dumps(value, separators=(",", ":")) + "\n"
    answer = web.Response(status=status, headers=dict(headers or {}), body=text.encode())
    answer.headers["Content-Type"] = "application/json"
    return answer


def problem(status: int, message: str) -> web.Response:
    """The Engine's answer to a request that it does not fulfil."""
    if status == HTTPStatus.NOT_MODIFIED:
        return web.Response(status=status)
    return reply({"message": message}, status)


def empty(status: int = 204) -> web.Response:
    """An answer without a body."""
    return web.Response(status=status)
