"""Where a container's mounts come from: binds, mounts, anonymous volumes, other containers.

Must never look at the machine's own files: every path on the host exists.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any

from demo.call import EngineError
from demo.events import emit
from demo.state import Volume, new_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from demo.state import Container, World

JsonObject = dict[str, Any]
ROOT = "/var/lib/docker/volumes"
ANONYMOUS = "com.docker.volume.anonymous"


def mounted(world: World, config: JsonObject, host_config: JsonObject) -> list[JsonObject]:
    """All mounts in the inspect form, volumes made; EngineError 400 for a place taken twice."""
    places: dict[str, JsonObject] = {}
    for mount in _inherited(world, host_config):
        places[mount["Destination"]] = mount
    given: set[str] = set()
    for mount in _asked(world, host_config):
        if mount["Destination"] in given:
            raise EngineError(400, f"Duplicate mount point: {mount['Destination']}")
        given.add(mount["Destination"])
        places[mount["Destination"]] = mount
    for place in config.get("Volumes") or {}:
        target = posixpath.normpath(place)
        if target not in places:
            places[target] = _volume(volume_for(world, ""), target, "", writable=True)
    return list(places.values())


def volume_for(
    world: World,
    name: str,
    driver: str = "",
    options: dict[str, str] | None = None,
    labels: dict[str, str] | None = None,
) -> Volume:
    """The volume of that name as it is, else a new one; without a name it is anonymous."""
    if name in world.volumes:
        return world.volumes[name]
    marked = labels or {}
    if not name:
        marked = {ANONYMOUS: ""} | marked
    volume = Volume(name or new_id(), driver or "local", marked, options or {})
    world.volumes[volume.name] = volume
    emit(world, "volume", "create", volume.name, {"driver": volume.driver})
    return volume


def place_of(volume: Volume) -> str:
    """Where a volume's files lie on the host."""
    return f"{ROOT}/{volume.name}/_data"


def tell_mounts(world: World, container: Container, action: str) -> None:
    """Tell that the volumes of a container are in use now, or no longer."""
    for mount in container.mounts:
        if mount["Type"] != "volume":
            continue
        attributes = {"container": container.id, "driver": mount["Driver"]}
        if action == "mount":
            attributes |= {"destination": mount["Destination"], "propagation": ""}
            attributes |= {"read/write": str(mount["RW"]).lower()}
        emit(world, "volume", action, mount["Name"], attributes)


def drop_anonymous(world: World, container: Container) -> None:
    """Remove the volumes without a name that were this container's alone."""
    for mount in container.mounts:
        volume = world.volumes.get(mount.get("Name", ""))
        if volume and ANONYMOUS in volume.labels and not world.users(volume.name):
            del world.volumes[volume.name]
            emit(world, "volume", "destroy", volume.name, {"driver": volume.driver})


def _inherited(world: World, host_config: JsonObject) -> Iterator[JsonObject]:
    for text in host_config.get("VolumesFrom") or []:
        name, _, mode = text.partition(":")
        for mount in world.container(name).mounts:
            if mount["Type"] in ("bind", "volume"):
                yield mount | ({"Mode": "ro", "RW": False} if mode == "ro" else {})


def _asked(world: World, host_config: JsonObject) -> Iterator[JsonObject]:
    for text in host_config.get("Binds") or []:
        yield _bind(world, text, host_config.get("VolumeDriver") or "")
    for mount in host_config.get("Mounts") or []:
        yield _mount(world, mount)


def _bind(world: World, text: str, driver: str) -> JsonObject:
    source, colon, rest = text.partition(":")
    target, _, mode = rest.partition(":")
    if not colon or not target.startswith("/"):
        raise EngineError(400, f"invalid volume specification: '{text}'")
    writable, target = "ro" not in mode.split(","), posixpath.normpath(target)
    if source.startswith("/"):
        return _host(posixpath.normpath(source), target, mode, writable)
    return _volume(volume_for(world, source, driver), target, mode or "z", writable)


def _mount(world: World, mount: JsonObject) -> JsonObject:
    kind, source = mount.get("Type") or "volume", mount.get("Source") or ""
    target, writable = posixpath.normpath(mount.get("Target") or "/"), not mount.get("ReadOnly")
    if target == "/":
        reason = "field Target must not be empty" if not mount.get("Target") else "destination '/'"
        raise EngineError(400, f'invalid mount config for type "{kind}": {reason}')
    if kind == "bind":
        return _host(posixpath.normpath(source), target, "", writable)
    if kind == "volume":
        options = mount.get("VolumeOptions") or {}
        driver = options.get("DriverConfig") or {}
        made = volume_for(
            world, source, driver.get("Name") or "", driver.get("Options"), options.get("Labels")
        )
        return _volume(made, target, "z", writable)
    document = {"Type": kind, "Source": source, "Destination": target, "Mode": ""}
    return document | {"RW": writable and kind != "image", "Propagation": ""}


def _host(source: str, target: str, mode: str, writable: bool) -> JsonObject:
    document = {"Type": "bind", "Source": source, "Destination": target, "Mode": mode}
    return document | {"RW": writable, "Propagation": "rprivate"}


def _volume(volume: Volume, target: str, mode: str, writable: bool) -> JsonObject:
    return {
        "Type": "volume",
        "Name": volume.name,
        "Source": place_of(volume),
        "Destination": target,
        "Driver": volume.driver,
        "Mode": mode,
        "RW": writable,
        "Propagation": "",
    }
