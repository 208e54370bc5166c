"""The health socket: whoever may open it reads one JSON line that says how the server is.

Must never take input, nor tell more than whether each part works.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from sockguard.policy.model import SocketFile
from sockguard.proxy.channel import Channel
from sockguard.proxy.sockets import listen, make_directory

if TYPE_CHECKING:
    from pathlib import Path

    from sockguard.proxy.gate import Gate
    from sockguard.proxy.sockets import ListeningSocket


def health_path(socket_dir: Path) -> Path:
    """Return where the health socket is; its directory is open to the owner alone."""
    return socket_dir / ".control" / "health.sock"


async def condition(gate: Gate) -> dict[str, str]:
    """Ask the Engine and return how each part is: "ok", or one sentence that says what is wrong."""
    parts = {
        "policy": gate.policy_fault or "ok",
        "engine": await gate.engine.ping() or "ok",
        "audit": gate.recorder.failure or "ok",
    }
    if gate.settings.tls_dir is not None:
        parts["certificates"] = gate.tls_fault or "ok"
    return parts


def is_healthy(parts: dict[str, str]) -> bool:
    """Tell whether all parts are well."""
    return all(part == "ok" for part in parts.values())


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
        parts = await condition(self._gate)
        line = json.dumps({"healthy": is_healthy(parts), **parts})
        channel.write(line.encode("ascii") + b"\n")
        channel.close(1.0)
