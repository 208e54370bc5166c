"""The health socket: whoever may open it reads one JSON line that says how the server is.

Must never take input, nor tell more than whether each part works.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sockguard.proxy.control_socket import ControlSocket

if TYPE_CHECKING:
    from pathlib import Path

    from sockguard.proxy.channel import Channel
    from sockguard.proxy.gate import Gate


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


def export_part(number: int | str) -> str:
    """Return what a destination of exports is called, by its number from 1."""
    return f"export {number}"


def exported(gate: Gate) -> dict[str, str]:
    """Return how each export is: "ok", or a warning. The log is kept in any case."""
    return {export_part(one.labels[0]): one.condition() for one in gate.exporters}


def is_healthy(parts: dict[str, str]) -> bool:
    """Tell whether all parts are well."""
    return all(part == "ok" for part in parts.values())


class HealthSocket(ControlSocket):
    """Answers each connection with `{"healthy": bool, "policy": …, "engine": …, "audit": …}`.

    Each part is "ok" or one sentence that says what is wrong. Exports stand behind them, and make
    nothing unhealthy.
    """

    def __init__(self, gate: Gate) -> None:
        super().__init__(health_path(gate.settings.socket_dir))
        self._gate = gate

    async def _answer(self, channel: Channel) -> None:
        parts = await condition(self._gate)
        line = json.dumps({"healthy": is_healthy(parts), **parts, **exported(self._gate)})
        channel.write(line.encode("ascii") + b"\n")
        channel.close(1.0)
