"""A socket by which commands of this host reach the running server.

Must never be open to anyone but the user that runs the server.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from sockguard.policy.model import SocketFile
from sockguard.proxy.channel import Channel
from sockguard.proxy.sockets import listen, make_directory

if TYPE_CHECKING:
    from pathlib import Path

    from sockguard.proxy.sockets import ListeningSocket


class ControlSocket(ABC):
    """Listens at `path`, and has each connection answered by a task of its own."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._tasks: set[asyncio.Task[None]] = set()
        self._listening: ListeningSocket | None = None
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen; raises SocketError."""
        make_directory(self._path.parent, 0o700)
        self._listening = listen(self._path, SocketFile(mode=0o600))
        self._server = await asyncio.get_running_loop().create_unix_server(
            lambda: Channel(self._accept), sock=self._listening.sock
        )

    def stop(self) -> None:
        """Stop listening."""
        if self._server is not None and self._listening is not None:
            self._listening.remove()
            self._server.close()

    def _accept(self, channel: Channel) -> None:
        task = asyncio.get_running_loop().create_task(self._answer(channel))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @abstractmethod
    async def _answer(self, channel: Channel) -> None:
        """Answer one connection, and close it."""
