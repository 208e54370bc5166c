"""The log of a container: past lines, then live ones.

Must never change state.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from demo.call import Call, EngineError
from demo.moments import moment
from demo.streams import STDERR, STDOUT, LineSplitter, Piece, frame

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from aiohttp import web

    from demo.state import Container

RAW = "application/vnd.docker.raw-stream"
MULTIPLEXED = "application/vnd.docker.multiplexed-stream"


def content_type(call: Call, tty: bool) -> str:
    """Frames have a media type of their own since API 1.42."""
    return MULTIPLEXED if not tty and call.version >= (1, 42) else RAW


async def logs(call: Call) -> web.StreamResponse:
    """GET /containers/{id}/logs: frames, or raw bytes when the container has a terminal."""
    container = call.world.container(call.params["id"])
    streams = wanted_streams(call)
    encode = encoder(container.tty, call.flag("timestamps"))
    encoded = (encode(piece) async for piece in pieces(call, container) if piece.stream in streams)
    return await call.send(content_type(call, container.tty), encoded)


def wanted_streams(call: Call) -> set[int]:
    """The streams that a query names; EngineError 400 when it names none."""
    streams = {STDOUT} if call.flag("stdout") else set()
    streams |= {STDERR} if call.flag("stderr") else set()
    if not streams:
        raise EngineError(400, "Bad parameters: you must choose at least one stream")
    return streams


def pieces(call: Call, container: Container) -> AsyncIterator[Piece]:
    """The lines of a container, past ones and with `follow` those that come."""
    return _follow(call, container) if call.flag("follow") else _past(call, container)


def encoder(tty: bool, timestamps: bool) -> Callable[[Piece], bytes]:
    """How a line is sent: with its time when asked, and framed without a terminal."""

    def encode(piece: Piece) -> bytes:
        if timestamps:
            stamp = moment(piece.time).encode() + b" "
            piece = Piece(piece.time, piece.stream, stamp + piece.data)
        return piece.data if tty else frame(piece)

    return encode


def _lines(call: Call, container: Container) -> list[Piece]:
    """Finished lines between `since` and `until`, of which the last `tail`."""
    splitter = LineSplitter()
    lines = [line for piece in container.output.history for line in splitter.feed(piece)]
    lines += splitter.rest(time.time())
    since, until = float(call.arg("since") or 0), float(call.arg("until") or 0) or 1e18
    lines = [line for line in lines if since <= line.time <= until]
    tail = call.arg("tail") or "all"
    return lines if not tail.isdecimal() else lines[len(lines) - min(int(tail), len(lines)) :]


async def _past(call: Call, container: Container) -> AsyncIterator[Piece]:
    for line in _lines(call, container):
        yield line


async def _follow(call: Call, container: Container) -> AsyncIterator[Piece]:
    with container.output.subscribe() as live:
        for line in _lines(call, container):
            yield line
        if container.running:
            async for piece in live:
                for line in _whole(piece):
                    yield line


def _whole(piece: Piece) -> Iterator[Piece]:
    """A piece as its lines, the last perhaps without an end."""
    for data in piece.data.splitlines(keepends=True):
        yield Piece(piece.time, piece.stream, data)
