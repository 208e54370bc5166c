"""The health check of a container: run once after its start, as a process of its own.

Must never end a container: it only tells how it is.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from demo.events import emit_container
from demo.moments import moment
from demo.process import Process
from demo.programs import PROGRAMS
from demo.streams import Output

if TYPE_CHECKING:
    from demo.state import Container, World

STARTING = {"Status": "starting", "FailingStreak": 0, "Log": []}


def check_of(container: Container) -> list[str]:
    """The words of the check, [] when there is none; a program that is not here succeeds."""
    kind, *words = (container.config.get("Healthcheck") or {}).get("Test") or ["NONE"]
    if kind == "CMD-SHELL":
        return ["/bin/sh", "-c", *words]
    if kind != "CMD" or not words:
        return []
    return words if words[0].rpartition("/")[2] in PROGRAMS else ["echo", "ok"]


async def watch_health(world: World, container: Container, main: Process) -> None:
    """Check once, after a tick, while the container's process runs."""
    words = check_of(container)
    container.health = dict(STARTING) if words else {}
    if not words:
        return
    await asyncio.sleep(world.settings.tick)
    if main.ended.is_set():
        return
    began = time.time()
    output = Output()
    check = Process(words, main.env, container.files, output, tick=world.settings.tick)
    check.start()
    await check.stdin.close()
    await asyncio.wait_for(check.ended.wait(), 30)
    healthy = check.exit_code == 0
    container.health = {
        "Status": "healthy" if healthy else "unhealthy",
        "FailingStreak": 0 if healthy else 1,
        "Log": [
            {
                "Start": moment(began),
                "End": moment(time.time()),
                "ExitCode": check.exit_code,
                "Output": b"".join(piece.data for piece in output.history).decode(),
            }
        ],
    }
    emit_container(world, f"health_status: {container.health['Status']}", container)
