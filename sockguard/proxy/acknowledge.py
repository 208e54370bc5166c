"""The socket on which people say what they have reviewed or open: only the server writes its log.

Must never be open to others than the server's own user, nor write what is not whole.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING

from sockguard.audit.acknowledgment import LONGEST, check, read_said
from sockguard.audit.event import Kind
from sockguard.audit.opening import Opening, check_opening, read_opening
from sockguard.audit.sink import AuditError
from sockguard.errors import SockguardError
from sockguard.proxy.control_socket import ControlSocket
from sockguard.proxy.sockets import caller_of

if TYPE_CHECKING:
    from sockguard.proxy.channel import Channel
    from sockguard.proxy.gate import Gate

_SECONDS = 5.0


def acknowledge_path(socket_dir: Path) -> Path:
    """Return where the socket is; its directory is open to the owner alone."""
    return socket_dir / ".control" / "audit.sock"


def identity_of(folder: Path) -> str:
    """Name a folder so that it is the same however it is mounted. OSError: it is not there."""
    found = folder.stat()
    return f"{found.st_dev}:{found.st_ino}"


class AcknowledgeSocket(ControlSocket):
    """Takes one line from each connection, and answers `{"id": …, "seq": …}` or `{"error": …}`."""

    def __init__(self, gate: Gate) -> None:
        super().__init__(acknowledge_path(gate.settings.socket_dir))
        self._gate = gate

    def stop(self) -> None:
        """Stop listening, and take no more from whoever is connected."""
        super().stop()
        for task in self._tasks:
            task.cancel()

    async def _answer(self, channel: Channel) -> None:
        try:
            async with asyncio.timeout(_SECONDS):
                told = await self._take(await _line(channel), channel)
        except (SockguardError, OSError, TimeoutError) as error:
            told = {"error": str(error) or "that took too long"}
        except BaseException:
            channel.abort()
            raise
        channel.write(json.dumps(told).encode("ascii") + b"\n")
        channel.close(1.0)

    async def _take(self, line: bytes, channel: Channel) -> dict[str, object]:
        said = read_opening(line) or read_said(line)
        settings, recorder = self._gate.settings, self._gate.recorder
        if settings.audit == "stdout" or said.folder != identity_of(Path(settings.audit)):
            return {"error": f"the server writes {settings.audit}", "another_log": True}
        if isinstance(said, Opening):
            check_opening(said)
        else:
            check(said, recorder.sink.seq)
        fields = said.fields()
        kind = Kind(str(fields.pop("kind")))
        sock = channel.transport.get_extra_info("socket")
        caller = caller_of(sock.fileno(), "").describe()
        text = str(fields.pop("text"))
        written = recorder.happened(kind, text, **fields, caller=caller)
        await recorder.synced()
        event = json.loads(written)
        return {"id": event["id"], "seq": event["seq"]}


async def _line(channel: Channel) -> bytes:
    data = b""
    while not data.endswith(b"\n"):
        piece = await channel.read()
        data += piece
        if not piece or len(data) > LONGEST:
            raise AuditError("that is no acknowledgment")
    return data
