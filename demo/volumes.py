"""The routes of volumes.

Must never touch containers: a volume only knows who uses it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from demo.call import Call, EngineError, empty, reply
from demo.documents import moment
from demo.events import emit
from demo.filters import has_label, passes
from demo.state import Volume, new_id

if TYPE_CHECKING:
    from aiohttp import web

    from demo.filters import Tests

JsonObject = dict[str, Any]


def _shown(volume: Volume) -> JsonObject:
    return {
        "Name": volume.name,
        "Driver": volume.driver,
        "Mountpoint": f"/var/lib/docker/volumes/{volume.name}/_data",
        "CreatedAt": moment(volume.created),
        "Labels": volume.labels,
        "Options": volume.options or None,
        "Scope": "local",
    }


def _kept(call: Call, volume: Volume, filters: dict[str, list[str]]) -> bool:
    tests: Tests = {
        "name": lambda value: value in volume.name,
        "driver": lambda value: volume.driver == value,
        "label": lambda value: has_label(volume.labels, value),
        "dangling": lambda value: (value in ("1", "true")) != bool(call.world.users(volume.name)),
        "all": lambda _: True,
    }
    return passes(tests, filters)


async def list_(call: Call) -> web.StreamResponse:
    """GET /volumes."""
    filters = call.filters()
    kept = [item for item in call.world.volumes.values() if _kept(call, item, filters)]
    return reply({"Volumes": [_shown(volume) for volume in kept], "Warnings": None})


async def inspect(call: Call) -> web.StreamResponse:
    """GET /volumes/{name}."""
    return reply(_shown(call.world.volume(call.params["name"])))


async def create(call: Call) -> web.StreamResponse:
    """POST /volumes/create: an existing volume of that name is the answer too."""
    body = await call.document()
    name = body.get("Name") or new_id()
    if name not in call.world.volumes:
        labels, options = body.get("Labels") or {}, body.get("DriverOpts") or {}
        call.world.volumes[name] = Volume(name, body.get("Driver") or "local", labels, options)
        emit(call.world, "volume", "create", name, {"driver": "local"})
    return reply(_shown(call.world.volumes[name]), 201)


async def remove(call: Call) -> web.StreamResponse:
    """DELETE /volumes/{name}."""
    name = call.world.volume(call.params["name"]).name
    users = call.world.users(name)
    if users:
        ids = ", ".join(item.id for item in users)
        raise EngineError(409, f"remove {name}: volume is in use - [{ids}]")
    del call.world.volumes[name]
    emit(call.world, "volume", "destroy", name, {"driver": "local"})
    return empty()


async def prune(call: Call) -> web.StreamResponse:
    """POST /volumes/prune."""
    unused = [name for name in call.world.volumes if not call.world.users(name)]
    for name in unused:
        del call.world.volumes[name]
    return reply({"VolumesDeleted": unused, "SpaceReclaimed": 0})
