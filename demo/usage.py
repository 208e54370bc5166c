"""GET /system/df: what containers, images, volumes and builds take, in both of its forms.

Must never change state.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from demo import images, volumes
from demo.call import Call, EngineError, reply
from demo.documents import listed

if TYPE_CHECKING:
    from aiohttp import web

JsonObject = dict[str, Any]
KINDS = {
    "image": ("Images", "ImageUsage"),
    "container": ("Containers", "ContainerUsage"),
    "volume": ("Volumes", "VolumeUsage"),
    "build-cache": ("BuildCache", "BuildCacheUsage"),
}
CACHE: JsonObject = {
    "ID": "ndlpt0hhvkqcdfkputsk4cq9c",
    "Parents": ["hw53o5aio51xtltp5xjp8v7fx"],
    "Type": "regular",
    "Description": "mount / from exec /bin/sh -c curl -H 'Token: not-a-real-token' example.com",
    "InUse": False,
    "Shared": False,
    "Size": 4096,
    "CreatedAt": "2025-01-22T13:41:17Z",
    "LastUsedAt": "2025-01-22T13:41:17Z",
    "UsageCount": 1,
}


async def usage(call: Call) -> web.StreamResponse:
    """GET /system/df."""
    kinds = call.args("type") if call.version >= (1, 42) else []
    for kind in kinds:
        if kind not in KINDS:
            raise EngineError(400, f"unknown object type: {kind}")
    found = {kind: _items(call, kind) for kind in kinds or KINDS}
    document: JsonObject = {}
    # API 1.52 answers in both forms, unless `verbose` says that the new one is understood.
    both = call.version == (1, 52) and not call.args("verbose")
    if call.version < (1, 52) or both:
        document = _old(found)
    if call.version >= (1, 52):
        document |= _new(found, call.flag("verbose"))
    return reply(document)


def _old(found: dict[str, list[JsonObject]]) -> JsonObject:
    document: JsonObject = {KINDS[kind][0]: items for kind, items in found.items()}
    if "image" in found:
        document["LayersSize"] = sum(item["Size"] for item in found["image"])
    return document


def _new(found: dict[str, list[JsonObject]], verbose: bool) -> JsonObject:
    document = {}
    for kind, items in found.items():
        total = sum(_size(item) for item in items)
        document[KINDS[kind][1]] = {
            "ActiveCount": sum(_active(item) for item in items),
            "TotalCount": len(items),
            "Reclaimable": sum(_size(item) for item in items if not _active(item)),
            "TotalSize": total,
        } | ({"Items": items} if verbose else {})
    return document


def _size(item: JsonObject) -> int:
    usage = item.get("UsageData") or {}
    return int(item.get("SizeRw") or item.get("Size") or usage.get("Size") or 0)


def _active(item: JsonObject) -> bool:
    usage = item.get("UsageData") or {}
    busy = item.get("State") == "running" or item.get("InUse") or usage.get("RefCount")
    return bool(busy) or (item.get("Containers") or 0) > 0


def _items(call: Call, kind: str) -> list[JsonObject]:
    world = call.world
    match kind:
        case "image":
            counted = [
                images.listed(item, images.users(call, item)) for item in world.images.values()
            ]
            return [document | {"SharedSize": 0} for document in counted]
        case "container":
            containers = world.containers.values()
            return [listed(item, size=True, version=call.version) for item in containers]
        case "volume":
            return [
                volumes.shown(item)
                | {"UsageData": {"Size": 4096, "RefCount": len(world.users(item.name))}}
                for item in world.volumes.values()
            ]
    return [CACHE]
