"""The routes of prepared commands that are no tunnel: create, inspect, resize.

Must never run a command: that is `tunnels`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from demo.call import Call, EngineError, empty, reply
from demo.events import emit_container
from demo.state import Exec, new_id

if TYPE_CHECKING:
    from aiohttp import web

JsonObject = dict[str, Any]


async def create(call: Call) -> web.StreamResponse:
    """POST /containers/{id}/exec."""
    container = call.world.container(call.params["id"])
    config = await call.document()
    if not container.running:
        raise EngineError(409, f"container {container.id} is not running")
    if container.status == "paused":
        message = f"container {container.id} is paused, unpause the container before exec"
        raise EngineError(409, message)
    if not config.get("Cmd"):
        raise EngineError(400, "No exec command specified")
    item = Exec(new_id(), container, config)
    call.world.execs[item.id] = item
    container.execs.append(item.id)
    emit_container(call.world, f"exec_create: {words(item)}", container, execID=item.id)
    return reply({"Id": item.id}, 201)


def words(item: Exec) -> str:
    """The command as events tell it: Go joins the first word and the rest."""
    first, *rest = item.config["Cmd"]
    return f"{first} {' '.join(rest)}"


async def inspect(call: Call) -> web.StreamResponse:
    """GET /exec/{id}/json."""
    return reply(_document(call.world.exec(call.params["id"])))


def _document(item: Exec) -> JsonObject:
    first, *rest = item.config["Cmd"]
    process = item.process
    ended = process is not None and process.ended.is_set()
    return {
        "ID": item.id,
        "Running": process is not None and not ended,
        "ExitCode": process.exit_code if process and ended else None,
        "ProcessConfig": {
            "tty": bool(item.config.get("Tty")),
            "entrypoint": first,
            "arguments": rest,
            "privileged": bool(item.config.get("Privileged")),
            "user": item.config.get("User") or item.container.config.get("User") or "",
        },
        "OpenStdin": bool(item.config.get("AttachStdin")),
        "OpenStdout": bool(item.config.get("AttachStdout")),
        "OpenStderr": bool(item.config.get("AttachStderr")),
        "CanRemove": ended,
        "ContainerID": item.container.id,
        "DetachKeys": item.config.get("DetachKeys") or "",
        "Pid": process.pid if process else 0,
    }


async def resize(call: Call) -> web.StreamResponse:
    """POST /exec/{id}/resize."""
    item = call.world.exec(call.params["id"])
    if item.process is None:
        raise EngineError(409, f"exec {item.id} is not running")
    item.process.size = (call.number("h", 24), call.number("w", 80))
    return empty(200)
