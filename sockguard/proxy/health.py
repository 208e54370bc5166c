"""The health socket: whoever may open it reads one JSON line that says how the server is.

Must never take input, nor tell more than whether each part works.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from sockguard.errors import Refusal
from sockguard.policy.model import SocketFile
from sockguard.proxy.ask import ask_status
from sockguard.proxy.channel import Channel
from sockguard.proxy.sockets import listen, make_directory
from sockguard.proxy.upstream import connect

if TYPE_CHECKING:
    from pathlib import Path

    from sockguard.proxy.gate import Gate
    from sockguard.proxy.sockets import ListeningSocket

_ENGINE_SECONDS = 3.0
_OK = 200


def health_path(socket_dir: Path) -> Path:
    """Return where the health socket is; its directory is open to the owner alone."""
    return socket_dir / ".control" / "health.sock"


class HealthSocket:
    """Answers each connection with `{"healthy": bool, "policy": …, "engine": …, "audit": …}`.

    Each part is "ok" or one sentence that says what is wrong.
    """

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._tasks: set[asyncio.Task[None]] = set()
        self._listening: ListeningSocket | None = None
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen; raises SocketError."""
        path = health_path(self._gate.settings.socket_dir)
        make_directory(path.parent, 0o700)
        self._listening = listen(path, SocketFile(mode=0o600))
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

    async def _answer(self, channel: Channel) -> None:
        parts = {
            "policy": self._gate.policy_fault or "ok",
            "engine": await self._engine(),
            "audit": self._gate.recorder.failure or "ok",
        }
        healthy = all(part == "ok" for part in parts.values())
        line = json.dumps({"healthy": healthy, **parts})
        channel.write(line.encode("ascii") + b"\n")
        channel.close(1.0)

    async def _engine(self) -> str:
        try:
            async with asyncio.timeout(_ENGINE_SECONDS):
                channel = await connect(self._gate.settings.upstream, _ENGINE_SECONDS)
                try:
                    status = await ask_status(channel, "/_ping")
                finally:
                    channel.close(1.0)
        except Refusal as refusal:
            return refusal.message
        except TimeoutError:
            return f"the Engine did not answer within {_ENGINE_SECONDS:g} s"
        return "ok" if status == _OK else f"the Engine answered a ping with {status}"
