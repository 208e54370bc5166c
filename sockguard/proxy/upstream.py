"""The Engine's side of one client connection: connect, send, read the head of the answer.

Must never be shared between client connections, nor reused after anything unexpected.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING

from sockguard.errors import Malformed, Reason, Refusal
from sockguard.proxy.channel import Channel
from sockguard.wire.head import HEAD_END, MAX_HEAD, parse_response_head

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sockguard.wire.head import ResponseHead

UNSENT_GRACE = 5.0
"""Seconds for an Engine to take what was written before its connection is cut."""
_INTERIM = range(100, 200)
_MOST_INTERIM = 16  # an Engine sends one at most; each is read at once, and others wait for it
_SWITCHING = 101


class EngineGone(Exception):
    """The Engine closed the connection before a whole answer head. `began`: after some bytes."""

    def __init__(self, *, began: bool) -> None:
        super().__init__("the Engine closed the connection")
        self.began = began


async def connect(path: Path, seconds: float) -> Channel:
    """Return a new connection to the Engine; raise a refusal with 502 or 504."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(seconds):
            _, channel = await loop.create_unix_connection(Channel, str(path))
    except TimeoutError as error:
        raise Refusal(
            Reason.UPSTREAM, f"the Engine at {path} did not accept in {seconds:g} s", status=504
        ) from error
    except OSError as error:
        raise Refusal(
            Reason.UPSTREAM, f"the Engine at {path} cannot be reached: {_why(path, error)}"
        ) from error
    return channel


def _why(path: Path, error: OSError) -> str:
    """Say why, with the group to be in: whoever reads the end of the log needs the number."""
    why = error.strerror or str(error)
    if isinstance(error, PermissionError):
        with suppress(OSError):
            return f"{why}, it belongs to group {path.stat().st_gid}"
    return why


_parse = lru_cache(maxsize=256)(parse_response_head)
# An Engine's heads differ by their Date only: within a second the same bytes come again and again,
# and parsing them anew cost 8 of the 110 microseconds of a request.


async def read_response_head(channel: Channel, method: str) -> ResponseHead:
    """Return the next final head (or 101); what came behind it stays in the channel.

    Raises EngineGone when the Engine closed, Malformed when it sent no HTTP.
    """
    data, interim = b"", 0
    while interim <= _MOST_INTERIM:
        end = data.find(HEAD_END)
        if end < 0:
            if len(data) > MAX_HEAD:
                raise Malformed("the Engine sent an answer head over 64 KiB")
            piece = await channel.read()
            if not piece:
                raise EngineGone(began=bool(data))
            data = data + piece if data else piece
            continue
        end += len(HEAD_END)
        if end > MAX_HEAD:
            raise Malformed("the Engine sent an answer head over 64 KiB")
        head = _parse(data[:end], method)
        data = data[end:]
        if head.status in _INTERIM and head.status != _SWITCHING:
            interim += 1
            continue
        channel.put_back(data)
        return head
    raise Malformed(f"the Engine sent over {_MOST_INTERIM} answers that announce another")


class Upstream:
    """The one connection to the Engine that belongs to one client connection."""

    __slots__ = ("_gone", "_path", "_seconds", "channel", "reused")

    def __init__(self, path: Path, seconds: float, gone: Callable[[], None]) -> None:
        """`gone` is called when the Engine turns out to have left, or is not there."""
        self._path = path
        self._seconds = seconds
        self._gone = gone
        self.channel: Channel | None = None
        self.reused = False

    def notice_end(self) -> None:
        """Drop an idle connection that the Engine has left: it may come back as another."""
        if self.channel is not None and (self.channel.eof or self.channel.lost):
            self.engine_left()

    def engine_left(self) -> None:
        """Drop the connection, and say that the Engine may come back as another."""
        self.drop()
        self._gone()

    def usable(self) -> Channel | None:
        """Return the open connection while nothing came on it since its last answer."""
        channel = self.channel
        if channel is None or channel.eof or channel.lost or channel.waiting_bytes:
            return None
        self.reused = True
        return channel

    async def renew(self) -> Channel:
        """Return a new connection in place of the one there was."""
        self.drop()
        self.reused = False
        try:
            self.channel = await connect(self._path, self._seconds)
        except Refusal:
            self._gone()
            raise
        return self.channel

    def drop(self) -> None:
        """Close once what was written has gone out; the next request gets a new connection."""
        channel, self.channel = self.channel, None
        if channel is not None:
            channel.sink = None
            channel.close(UNSENT_GRACE)
