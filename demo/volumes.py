"""The routes of volumes.

Must never touch containers: a volume only knows who uses it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from demo.call import Call, EngineError, empty, reply
from demo.events import emit
from demo.filters import has_label, passes
from demo.moments import moment
from demo.mounts import ANONYMOUS, place_of, volume_for

if TYPE_CHECKING:
    from aiohttp import web

    from demo.filters import Tests
    from demo.state import Volume

JsonObject = dict[str, Any]


def shown(volume: Volume) -> JsonObject:
    """A volume's document."""
    return {
        "Name": volume.name,
        "Driver": volume.driver,
        "Mountpoint": place_of(volume),
        "CreatedAt": moment(volume.created),
        "Labels": volume.labels or None,
        "Options": volume.options or None,
        "Scope": "local",
    }


def _tests(call: Call, volume: Volume) -> Tests:
    return {
        "name": lambda value: value in volume.name,
        "driver": lambda value: volume.driver == value,
        "label": lambda value: has_label(volume.labels, value),
        "label!": lambda value: not has_label(volume.labels, value),
        "dangling": lambda value: (value in ("1", "true")) != bool(call.world.users(volume.name)),
    }


async def list_(call: Call) -> web.StreamResponse:
    """GET /volumes."""
    filters = call.filters()
    kept = [item for item in call.world.volumes.values() if passes(_tests(call, item), filters)]
    return reply({"Volumes": [shown(volume) for volume in kept], "Warnings": None})


async def inspect(call: Call) -> web.StreamResponse:
    """GET /volumes/{name}."""
    return reply(shown(call.world.volume(call.params["name"])))


async def create(call: Call) -> web.StreamResponse:
    """POST /volumes/create: an existing volume of that name is the answer too, as it is."""
    body = await call.document()
    name, driver = body.get("Name") or "", body.get("Driver") or "local"
    known = call.world.volumes.get(name)
    if known and known.driver != driver:
        raise EngineError(409, f"create {name}: conflict: volume name must be unique")
    volume = volume_for(
        call.world, name, driver, body.get("DriverOpts") or {}, body.get("Labels") or {}
    )
    return reply(shown(volume), 201)


async def update(call: Call) -> web.StreamResponse:
    """PUT /volumes/{name}: only for the volumes of a cluster, of which there is none."""
    if not call.world.settings.swarm:
        what = "volume update only valid for cluster volumes, but swarm is unavailable"
        raise EngineError(503, what)
    raise EngineError(404, f"volume {call.params['name']} not found")


async def remove(call: Call) -> web.StreamResponse:
    """DELETE /volumes/{name}."""
    name = call.params["name"]
    if name not in call.world.volumes and call.flag("force"):
        return empty()
    volume = call.world.volume(name)
    users = call.world.users(name)
    if users:
        ids = ", ".join(item.id for item in users)
        raise EngineError(409, f"remove {name}: volume is in use - [{ids}]")
    _forget(call, volume)
    return empty()


async def prune(call: Call) -> web.StreamResponse:
    """POST /volumes/prune: since API 1.42 those without a name, unless `all` is asked for."""
    filters = call.filters()
    named = filters.pop("all", ["0"]) in (["1"], ["true"]) or call.version < (1, 42)
    unused = [
        volume
        for volume in list(call.world.volumes.values())
        if not call.world.users(volume.name)
        and (named or ANONYMOUS in volume.labels)
        and passes(_tests(call, volume), filters)
    ]
    for volume in unused:
        _forget(call, volume)
    emit(call.world, "volume", "prune", "", {"reclaimed": "0"})
    return reply({"VolumesDeleted": [volume.name for volume in unused], "SpaceReclaimed": 0})


def _forget(call: Call, volume: Volume) -> None:
    del call.world.volumes[volume.name]
    emit(call.world, "volume", "destroy", volume.name, {"driver": volume.driver})
