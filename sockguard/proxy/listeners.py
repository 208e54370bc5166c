"""The sockets that are open: made, given away and closed so that a change happens whole or not.

Must never accept on a new socket before the policy that wants it is served.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sockguard.errors import SockguardError
from sockguard.policy.model import MAIN
from sockguard.proxy.channel import Channel
from sockguard.proxy.sockets import (
    BACKLOG,
    PassedSocket,
    caller_of,
    listen,
    make_directory,
    socket_path,
)

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from sockguard.identity.caller import Caller
    from sockguard.policy.model import SocketFile
    from sockguard.proxy.sockets import ListeningSocket

_DIRECTORY_MODE = 0o750
_DIRECTORY_MODE_FOR_ALL = 0o755
_OTHERS_MAY_WRITE = 0o002


@dataclass(slots=True)
class _Listener:
    listening: ListeningSocket | PassedSocket
    owner: SocketFile
    server: asyncio.Server

    def close(self) -> None:
        self.listening.remove()
        self.server.close()
        self.listening.sock.close()

    def give_to(self, owner: SocketFile) -> None:
        self.listening.give_to(owner)
        self.owner = owner


def _directory_mode(name: str, owner: SocketFile) -> int:
    """Let everybody into the folder of the main socket where everybody may open that.

    What keeps others from a client's own socket is its folder.
    """
    for_all = name == MAIN and owner.mode & _OTHERS_MAY_WRITE
    return _DIRECTORY_MODE_FOR_ALL if for_all else _DIRECTORY_MODE


class Listeners:
    """The open sockets by listener name; `accept(channel, caller)` gets each connection."""

    def __init__(
        self,
        folder: Path,
        accept: Callable[[Channel, Caller], None],
        passed: Mapping[str, socket.socket],
    ) -> None:
        """`passed` has the sockets that somebody else made for these names."""
        self._folder = folder
        self._accept = accept
        self._passed = passed
        self._open: dict[str, _Listener] = {}

    async def change(self, wanted: Mapping[str, SocketFile], commit: Callable[[], None]) -> None:
        """Have just these sockets open. Those that stay are not touched but for owner and mode.

        `commit` is called when all new ones are bound and none of them accepts yet. Raises what it
        raises, SocketError or OSError; then all is as it was.
        """
        opened: dict[str, _Listener] = {}
        before = {name: each.owner for name, each in self._open.items()}
        try:
            for name in wanted.keys() - before.keys():
                opened[name] = await self._prepare(name, wanted[name])
            self._give(wanted)
            commit()
        except BaseException:
            for each in opened.values():
                each.close()
            self._give_back(before)
            raise
        for name in before.keys() - wanted.keys():
            self._open.pop(name).close()
        self._open |= opened
        for each in opened.values():
            await each.server.start_serving()

    def close(self) -> None:
        """Close and unlink all."""
        for each in self._open.values():
            each.close()
        self._open.clear()

    async def _prepare(self, name: str, owner: SocketFile) -> _Listener:
        listening = self._listen(name, owner)
        try:
            server = await asyncio.get_running_loop().create_unix_server(
                lambda: Channel(lambda channel: self._came(channel, name)),
                sock=listening.sock,
                backlog=BACKLOG,
                start_serving=False,
            )
        except BaseException:
            listening.remove()
            listening.sock.close()
            raise
        return _Listener(listening, owner, server)

    def _listen(self, name: str, owner: SocketFile) -> ListeningSocket | PassedSocket:
        if name in self._passed:
            return PassedSocket(self._passed[name].dup())
        path = socket_path(self._folder, name)
        make_directory(path.parent, _directory_mode(name, owner), owner.gid)
        return listen(path, owner)

    def _came(self, channel: Channel, name: str) -> None:
        sock = channel.transport.get_extra_info("socket")
        self._accept(channel, caller_of(sock.fileno(), name))

    def _give(self, wanted: Mapping[str, SocketFile]) -> None:
        for name, each in self._open.items():
            owner = wanted.get(name, each.owner)
            if owner != each.owner:
                each.give_to(owner)

    def _give_back(self, before: Mapping[str, SocketFile]) -> None:
        """Undo `_give`; a file that will not be given back keeps its new owner and its policy."""
        for name, owner in before.items():
            try:
                self._open[name].listening.give_to(owner)
            except SockguardError:
                continue
            self._open[name].owner = owner
