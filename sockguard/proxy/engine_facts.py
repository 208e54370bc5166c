"""What the Engine says of itself: API range, id, data; asked once and after each failure.

Must never guess: while the Engine has not answered, what needs its range is refused.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sockguard.engine.version import NEWEST, cure
from sockguard.errors import Malformed, Reason, Refusal
from sockguard.proxy.ask import ask, ask_status
from sockguard.proxy.upstream import connect

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sockguard.proxy.channel import Channel
    from sockguard.wire.document import Value

_VERSION = re.compile(r"1\.([1-9][0-9]{0,2})")
_ASK_SECONDS = 10.0
_PING_SECONDS = 3.0
_OK = 200


@dataclass(frozen=True, slots=True)
class EngineFacts:
    """`newest` is the minor version of the Engine's newest API, `identity` its id or "".

    `oldest` is that of the oldest API that it serves, 0 if it does not tell.
    `data` is the folder of the host that holds its volumes and containers, "" if it does not tell.
    """

    newest: int
    identity: str = ""
    data: str = ""
    oldest: int = 0


class EngineRange:
    """Learns the facts when first needed; `forget` makes it learn them again."""

    __slots__ = ("_asking", "_path", "_pinging", "_seconds", "facts", "fault", "learned")

    def __init__(self, path: Path, connect_seconds: float) -> None:
        self._path = path
        self._seconds = connect_seconds
        self._asking: asyncio.Task[EngineFacts] | None = None
        self._pinging: asyncio.Task[str] | None = None
        self.facts: EngineFacts | None = None
        self.fault = ""
        """Why the Engine could not be asked the last time, "" when it could."""
        self.learned: Callable[[], None] = lambda: None
        """Called when there are other facts than before."""

    @property
    def newest_served(self) -> int:
        """The newest minor API version that catalogue and Engine, if it has told, both know."""
        return NEWEST if self.facts is None else min(self.facts.newest, NEWEST)

    def cure_for(self, asked: int | None) -> str:
        """Return what helps a client that asks in a version that this Engine will refuse, or ""."""
        if asked is None or self.facts is None:
            return ""
        return cure(asked, self.facts.oldest, self.facts.newest)

    async def version_to_send(self, asked: int | None) -> int:
        """Return the minor version for a request that asked for this one; None is the bare path."""
        if asked is not None:
            return asked
        await self.learn()
        return self.newest_served

    def forget(self) -> None:
        """Ask again next time: an Engine that was gone may come back as another version."""
        self.facts = None

    async def learn(self) -> EngineFacts:
        """Return the facts, asking the Engine unless they are known; raises a refusal.

        Whoever comes while the Engine is being asked gets the same answer, or the same refusal.
        """
        if self.facts is not None:
            return self.facts
        if self._asking is None:
            self._asking = asyncio.get_running_loop().create_task(self._ask())
        asking = self._asking
        try:
            facts = await asyncio.shield(asking)
        finally:
            if asking.done():
                self._asking = None
        if self.facts is not facts:
            self.facts = facts
            self.learned()
        return facts

    async def ping(self) -> str:
        """Ask whether the Engine answers; return and keep "", or a sentence why not.

        Whoever comes while it is being asked gets the same answer.
        """
        if self._pinging is None:
            self._pinging = asyncio.get_running_loop().create_task(self._ping())
        pinging = self._pinging
        try:
            self.fault = await asyncio.shield(pinging)
        finally:
            if pinging.done():
                self._pinging = None
        return self.fault

    async def _ping(self) -> str:
        try:
            async with asyncio.timeout(_PING_SECONDS):
                channel = await connect(self._path, _PING_SECONDS)
                try:
                    status = await ask_status(channel, "/_ping")
                finally:
                    channel.abort()
        except Refusal as refusal:
            return refusal.message
        except TimeoutError:
            return f"the Engine did not answer within {_PING_SECONDS:g} s"
        return "" if status == _OK else f"the Engine answered a ping with {status}"

    async def _ask(self) -> EngineFacts:
        channel = await connect(self._path, self._seconds)
        try:
            async with asyncio.timeout(_ASK_SECONDS):
                oldest, newest = await _served(channel)
                return EngineFacts(newest, *await _identity_and_data(channel), oldest)
        except TimeoutError as error:
            raise Refusal(
                Reason.UPSTREAM,
                f"the Engine did not tell its version in {_ASK_SECONDS:g} s",
                status=504,
            ) from error
        finally:
            channel.abort()


async def _served(channel: Channel) -> tuple[int, int]:
    """Return the oldest minor version that it serves, 0 if it does not tell, and the newest."""
    status, document = await ask(channel, "/version")
    told = document if isinstance(document, dict) else {}
    newest = _minor(told.get("ApiVersion"))
    if status != _OK or not newest:
        raise Refusal(Reason.UPSTREAM, "what answers at the upstream socket is no Docker Engine")
    return _minor(told.get("MinAPIVersion")), newest


def _minor(told: Value) -> int:
    match = _VERSION.fullmatch(told) if isinstance(told, str) else None
    return int(match[1]) if match else 0


async def _identity_and_data(channel: Channel) -> tuple[str, str]:
    try:
        _, document = await ask(channel, "/info")
    except (Refusal, Malformed):
        return "", ""
    told = document if isinstance(document, dict) else {}
    identity, data = told.get("ID"), told.get("DockerRootDir")
    return (
        identity if isinstance(identity, str) else "",
        data if isinstance(data, str) else "",
    )
