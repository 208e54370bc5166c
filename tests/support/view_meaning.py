"""What requests ask for within each view, written down by hand for the values that tests send.

Must never work out what can be looked up: the tables are the second opinion on what gathers.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from sockguard.engine.shape import Shape

Steps = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as the Engine would read it."""

    operation: str
    shape: Shape
    seen: Any
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Asks:
    """One thing that is asked for.

    `fits` tests a view's constraint. `beyond` is set where the view does not judge what stands
    there: the steps that the body's own words have to name.
    """

    told: str
    fits: Callable[[Any], bool] = lambda _: True
    beyond: Steps = ()


def _one_of(value: str) -> Asks:
    """Make a thing that a list of names, or any, may admit."""
    return Asks(value, lambda constraint: constraint == "any" or value in constraint)


def _never(told: object) -> Asks:
    return Asks(f"{told}, which nothing admits", lambda _: False)


# --- the world -------------------------------------------------------------------------------

NETWORKS = {"frontend": "f1" * 32, "backend": "b2" * 32}
CONTAINERS = {"web": ("a1" * 32, "1000:1000"), "db": ("d4" * 32, "")}
IMAGES = {"alpine": "", "ghcr.io/acme/app:1": "1000", "evil/app": "00"}
VOLUMES = {"data": "", "cached": "/srv/cache", "evil": "/", "disk": "ext4:/dev/sda1"}
"""Networks by id, containers by id and user, images by user, volumes by what they stand for."""

# --- host paths ------------------------------------------------------------------------------

HOST = ("HostConfig",)
SPEC = ("TaskTemplate", "ContainerSpec")
_NONE: list[tuple[str, bool]] = []

BINDS: Mapping[str, list[tuple[str, bool]] | None] = MappingProxyType(
    {
        "/srv/data:/d": [("/srv/data", True)],
        "/srv/data:/d:ro": [("/srv/data", False)],
        "/srv/data:/d:rw,ro": [("/srv/data", True)],
        "/srv/../etc:/e:ro": [("/etc", False)],
        "/srv/a/./b//:/e:ro": [("/srv/a/b", False)],
        "/srv:/s:ro": [("/srv", False)],
        "/srvx/data:/d:ro": [("/srvx/data", False)],
        "/:/host": [("/", True)],
        "/var/run/docker.sock:/s:ro": [("/var/run/docker.sock", False)],
        "data:/d": _NONE,
        "fresh:/d": _NONE,
        "/d": _NONE,
        "cached:/c:ro": [("/srv/cache", False)],
        "cached:/c": [("/srv/cache", True)],
        "evil:/e": [("/", True)],
        "disk:/e:ro": [("ext4:/dev/sda1", False)],
        "/srv/data:/d:z": None,
        "/srv/data:/d:rslave": None,
        "/srv/data:/d:ro:z": None,
    }
)
"""What each bind mounts of the host and whether it may be written; None beyond the view."""


def _mount(kind: str, source: str, **more: object) -> dict[str, object]:
    return {"Type": kind, "Source": source, "Target": "/t", **more}


def _made(options: Mapping[str, str], driver: str = "local") -> dict[str, object]:
    return {"VolumeOptions": {"DriverConfig": {"Name": driver, "Options": dict(options)}}}


_BIND_OF_ETC = {"type": "none", "o": "bind", "device": "/etc"}
OPTIONS: list[tuple[dict[str, str], list[tuple[str, bool]] | None]] = [
    (_BIND_OF_ETC, [("/etc", True)]),
    ({"o": "rbind,ro", "device": "/srv/data"}, [("/srv/data", True)]),
    ({"type": "tmpfs", "o": "size=1m,bind", "device": "/"}, [("tmpfs:/", True)]),
    ({"type": "tmpfs", "device": "tmpfs", "o": "size=1m"}, []),
    ({"type": "overlay", "o": "lowerdir=/", "device": "x"}, [("overlay:x", True)]),
    ({"type": "ext4", "device": "/dev/sda1"}, [("ext4:/dev/sda1", True)]),
    ({"size": "1g"}, []),
    ({"new": "x"}, None),
]
"""Options of the Engine's own volume driver, and what they mount; None beyond the view."""

MOUNTS: list[tuple[dict[str, object], list[tuple[str, bool]] | Steps]] = [
    (_mount("bind", "/srv/data", ReadOnly=True), [("/srv/data", False)]),
    (_mount("bind", "/srv/data"), [("/srv/data", True)]),
    (_mount("bind", "/srv/data/../../etc", ReadOnly=True), [("/etc", False)]),
    (
        _mount("bind", "/srv/a", ReadOnly=True, BindOptions={"ReadOnlyNonRecursive": True}),
        [("/srv/a", True)],
    ),
    (
        _mount("bind", "/srv/a", ReadOnly=True, BindOptions={"Propagation": "rshared"}),
        ("BindOptions", "Propagation"),
    ),
    (_mount("volume", "data"), []),
    (_mount("volume", "cached", ReadOnly=True), [("/srv/cache", False)]),
    (_mount("volume", "evil", ReadOnly=True), [("/", False)]),
    (_mount("volume", "", **_made(_BIND_OF_ETC)), [("/etc", True)]),
    (_mount("volume", "", **_made({"type": "tmpfs", "device": "tmpfs"})), []),
    (_mount("volume", "x", **_made({}, "rclone")), ("VolumeOptions", "DriverConfig", "Name")),
    (
        _mount("volume", "data", VolumeOptions={"Subpath": "../.."}),
        ("VolumeOptions", "Subpath"),
    ),
    (_mount("tmpfs", ""), []),
    (
        _mount("tmpfs", "", TmpfsOptions={"Options": [["exec"]]}),
        ("TmpfsOptions", "Options"),
    ),
    (_mount("image", "alpine"), ("Type",)),
    (_mount("npipe", "x"), ("Type",)),
    (_mount("cluster", "x"), ("Type",)),
    (_mount("", "/etc"), ("Type",)),
    (_mount("BIND", "/"), ("Type",)),
]
"""Mounts, and what they mount of the host; steps where the view leaves those to the body."""

_RESERVED = ("/", "/etc", "/var/run/docker.sock")
"""Paths above that are a way to root by themselves, or lead to one."""


def _path(path: str, writable: bool) -> Asks:
    """Hold a path against `host_paths: any`, one path, or {path or under: …, writable: …}."""

    def fits(constraint: Any) -> bool:
        if constraint == "any":
            return True
        if isinstance(constraint, str):
            return constraint == path and not writable
        if writable and not constraint.get("writable"):
            return False
        if "path" in constraint:
            return bool(constraint["path"] == path)
        folder = constraint["under"]
        return (
            path not in _RESERVED and path.startswith("/") and f"{path}/".startswith(f"{folder}/")
        )

    return Asks(f"{path} ({'rw' if writable else 'ro'})", fits)


def _host_paths(asked: Asked) -> Iterator[Asks]:
    if asked.operation == "volumes.create":
        yield from _of_options(asked.seen)
        return
    for text in _at(asked.seen, (*HOST, "Binds")) or ():
        found = BINDS[text]
        if found is None or (_is_named(text) and _is_foreign(asked.seen)):
            yield Asks(text, beyond=(*HOST, "Binds", "[]"))
        for path, writable in found or ():
            yield _path(path, writable)
    where = (*HOST, "Mounts") if asked.operation == "containers.create" else (*SPEC, "Mounts")
    for mount in _at(asked.seen, where) or ():
        meaning = next((found for one, found in MOUNTS if _alike(one, mount)), [])
        if isinstance(meaning, tuple):
            yield Asks(str(mount), beyond=(*where, "[]", *meaning))
        else:
            yield from (_path(path, writable) for path, writable in meaning)


def _is_named(bind: str) -> bool:
    return not bind.startswith("/") or ":" not in bind


def _is_foreign(seen: Any) -> bool:
    """Tell whether a plugin makes what is mounted by name."""
    return _at(seen, (*HOST, "VolumeDriver")) not in (None, "", "local")


def _of_options(seen: Any) -> Iterator[Asks]:
    options = seen.get("DriverOpts") or {}
    if seen.get("Driver") not in (None, "", "local"):
        yield Asks("plugin", beyond=("Driver",))
        if options:
            yield Asks("its options", beyond=("DriverOpts",))
        return
    found = next((paths for one, paths in OPTIONS if one == options), [])
    if found is None:
        yield Asks(str(options), beyond=("DriverOpts",))
    for path, writable in found or ():
        yield _path(path, writable)


# --- the other views -------------------------------------------------------------------------

IMAGE_NAMES = {
    "alpine": "docker.io/library/alpine:latest",
    "docker.io/library/alpine": "docker.io/library/alpine:latest",
    "ghcr.io/acme/app:1": "ghcr.io/acme/app:1",
    "evil/app": "docker.io/evil/app:latest",
    "x": "docker.io/library/x:latest",
    "ghcr.io/acme/../evil": None,
}
USERS = {
    "0": "root",
    "00": "root",
    "0:0": "root",
    "root": "root",
    "ROOT": "root",
    "+0": "root",
    "1000": "1000",
    "01000": "1000",
    "1000:1000": "1000:1000",
    "1000:0": "1000:0",
    "app": "app",
    "x": "x",
    "-1": None,
    "app:": "app",
}
CAPABILITIES = {
    "NET_ADMIN": "NET_ADMIN",
    "cap_net_admin": "NET_ADMIN",
    "Cap_Sys_Admin": "SYS_ADMIN",
    "all": "ALL",
    "CHOWN": "CHOWN",
    "CHOWN ": None,
    "": None,
}
ADDRESSES = {"": "*", "0.0.0.0": "*", "::": "*", "127.0.0.1": "127.0.0.1", "::ffff:0:0": "*"}


def _images(asked: Asked) -> Iterator[Asks]:
    where = ("Image",) if asked.operation == "containers.create" else (*SPEC, "Image")
    text = _at(asked.seen, where) or ""
    full = IMAGE_NAMES[text] if text else ""
    if full is None:
        yield _never(text)
    else:
        yield _one_of(full)


def _users(asked: Asked) -> Iterator[Asks]:
    services = asked.operation.startswith("services.")
    sent = _at(asked.seen, (*SPEC, "User") if services else ("User",))
    if not sent and services:
        yield _user("")  # the image's, which nobody can look up
        return
    if not sent and asked.operation == "exec.create":
        sent = CONTAINERS[asked.names[0]][1]
    elif not sent:
        image = asked.seen.get("Image", "")
        if image and image not in IMAGES:
            return  # there is nothing to run
        sent = IMAGES.get(image, "")
    normal = USERS[sent] if sent else "root"
    yield _never(sent) if normal is None else _user(normal)


def _user(normal: str) -> Asks:
    def fits(constraint: Any) -> bool:
        if isinstance(constraint, dict):
            ids = "0" if normal == "root" else normal
            parts = ids.split(":")
            least = constraint["at_least"]
            return all(part.isdigit() and int(part) >= least for part in parts)
        return constraint == "any" or normal in constraint

    return Asks(f"user {normal}", fits)


def _capabilities(asked: Asked) -> Iterator[Asks]:
    for steps in ((*HOST, "CapAdd"), (*HOST, "Capabilities"), (*SPEC, "CapabilityAdd")):
        for text in _at(asked.seen, steps) or ():
            normal = CAPABILITIES[text]
            yield _never(text) if normal is None else _one_of(normal)


def _real_network(name: str) -> str:
    for real, identity in NETWORKS.items():
        if name in (real, identity) or (len(name) > 3 and identity.startswith(name)):
            return real
    return "bridge" if name in ("", "default") else name


def _networks(asked: Asked) -> Iterator[Asks]:
    seen, named = asked.seen, []
    if asked.operation == "containers.create":
        named = [_at(seen, (*HOST, "NetworkMode")) or ""]
        for key, endpoint in (_at(seen, ENDPOINTS) or {}).items():
            named += [key, (endpoint or {}).get("NetworkID") or key]
    elif asked.operation == "networks.connect":
        named = [asked.names[0], _at(seen, ("EndpointConfig", "NetworkID")) or asked.names[0]]
    else:
        for steps in (("TaskTemplate", "Networks"), ("Networks",)):
            named += [one.get("Target") or "?" for one in _at(seen, steps) or ()]
    for name in named:
        # Those of the host and of other containers are for the view `namespaces` or the body.
        if name == "host" or name.startswith("container:"):
            continue
        if name != "none":
            yield _never(name) if name == "?" else _one_of(_real_network(name))


ENDPOINTS = ("NetworkingConfig", "EndpointsConfig")
_MODES = {
    "NetworkMode": "network",
    "PidMode": "pid",
    "IpcMode": "ipc",
    "UTSMode": "uts",
    "UsernsMode": "userns",
    "CgroupnsMode": "cgroupns",
    "Cgroup": "cgroup",
}
_JOINABLE = ("NetworkMode", "PidMode", "IpcMode", "Cgroup")


def _namespaces(asked: Asked) -> Iterator[Asks]:
    if asked.operation != "containers.create":
        for steps in (("TaskTemplate", "Networks"), ("Networks",)):
            targets = [one.get("Target") for one in _at(asked.seen, steps) or ()]
            yield from (_one_of("network=host") for one in targets if one == "host")
        return
    for name, word in _MODES.items():
        mode = _at(asked.seen, (*HOST, name)) or ""
        if mode.startswith("container:") and name in _JOINABLE:
            yield _one_of(f"{word}=container:{_real_container(mode)}")
        elif mode == "host" and name != "Cgroup":
            yield _one_of(f"{word}=host")
        elif (name, mode) == ("IpcMode", "shareable"):
            yield _one_of("ipc=shareable")
        elif mode and name != "NetworkMode" and mode not in ("private", "none"):
            yield _never(f"{name} {mode}")


def _real_container(mode: str) -> str:
    name = mode.removeprefix("container:").removeprefix("/")
    return next((real for real, (identity, _) in CONTAINERS.items() if name == identity), name)


def _devices(asked: Asked) -> Iterator[Asks]:
    host = asked.seen.get("HostConfig") or {}
    for one in host.get("Devices") or ():
        path = DEVICES[one.get("PathOnHost", "")]
        yield _never(one) if path is None else _one_of(path)
    yield from (_one_of(rule) for rule in host.get("DeviceCgroupRules") or ())
    for one in host.get("DeviceRequests") or ():
        if one.get("Options"):
            yield Asks(str(one), beyond=(*HOST, "DeviceRequests", "[]", "Options"))
        yield _one_of("nvidia:all") if one.get("Driver") == "nvidia" else _never(one)


DEVICES = {
    "/dev/fuse": "/dev/fuse",
    "/dev/../dev/sda": "/dev/sda",
    "/dev/sda": "/dev/sda",
    "": None,
}


def _ports(asked: Asked) -> Iterator[Asks]:
    for one in _at(asked.seen, ("EndpointSpec", "Ports")) or ():
        yield _port("*", one.get("PublishedPort", 0))
    for bindings in (_at(asked.seen, (*HOST, "PortBindings")) or {}).values():
        for one in bindings or [{}]:  # without a binding the Engine chooses the port itself
            yield _port(ADDRESSES[one.get("HostIp", "")], int(one.get("HostPort") or 0))
    if _at(asked.seen, (*HOST, "PublishAllPorts")):
        yield _port("*", 0)


def _port(address: str, port: int) -> Asks:
    """Hold a port against one text: `8080`, of all addresses, or `127.0.0.1:8080`."""

    def fits(constraint: Any) -> bool:
        if constraint == "any":
            return True
        host, colon, number = str(constraint).rpartition(":")
        return int(number) == port and (not colon or host == address)

    return Asks(f"port {address}:{port}", fits)


# --- both tables -----------------------------------------------------------------------------


def _fields(*paths: str) -> Callable[[Asked], list[Steps]]:
    return lambda _: [tuple(path.split(".")) for path in paths]


def _of_networks(asked: Asked) -> list[Steps]:
    """Name what the view admits unless the host's network, or a container's, is among it."""
    endpoints = [
        (*ENDPOINTS, f"{{{key}}}", part)
        for key in _at(asked.seen, ENDPOINTS) or {}
        if key != "host" and not key.startswith("container:")
        for part in ("Aliases", "NetworkID")
    ]
    mode = _at(asked.seen, (*HOST, "NetworkMode")) or ""
    shared = mode == "host" or mode.startswith("container:")
    targets = [
        (*steps, "[]", part)
        for steps in (("TaskTemplate", "Networks"), ("Networks",))
        if "host" not in [one.get("Target") for one in _at(asked.seen, steps) or ()]
        for part in ("Target", "Aliases")
    ]
    connected = [("EndpointConfig", part) for part in ("Aliases", "NetworkID")]
    return [*endpoints, *targets, *connected, *([] if shared else [(*HOST, "NetworkMode")])]


def _of_namespaces(asked: Asked) -> list[Steps]:
    mode = _at(asked.seen, (*HOST, "NetworkMode")) or ""
    shared = mode == "host" or mode.startswith("container:")
    network = [(*HOST, "NetworkMode"), (*ENDPOINTS, f"{{{mode}}}", "")] if shared else []
    targets = [(*steps, "[]", "Target") for steps in (("TaskTemplate", "Networks"), ("Networks",))]
    return [*network, *targets, *((*HOST, name) for name in _MODES if name != "NetworkMode")]


MEANINGS: Mapping[str, Callable[[Asked], Iterator[Asks]]] = MappingProxyType(
    {
        "image": _images,
        "host_paths": _host_paths,
        "ports": _ports,
        "networks": _networks,
        "user": _users,
        "capabilities": _capabilities,
        "devices": _devices,
        "namespaces": _namespaces,
    }
)
"""What is asked for within each view."""

GATHERED: Mapping[str, Callable[[Asked], list[Steps]]] = MappingProxyType(
    {
        "image": _fields("Image", "TaskTemplate.ContainerSpec.Image"),
        "host_paths": _fields(
            *("HostConfig.Binds", "HostConfig.Mounts", "HostConfig.VolumeDriver", "Driver"),
            *("DriverOpts", "TaskTemplate.ContainerSpec.Mounts"),
        ),
        "ports": _fields(
            *("HostConfig.PortBindings", "HostConfig.PublishAllPorts", "EndpointSpec.Ports"),
        ),
        "networks": _of_networks,
        "user": _fields("User", "TaskTemplate.ContainerSpec.User"),
        "capabilities": _fields(
            *("HostConfig.CapAdd", "HostConfig.Capabilities"),
            "TaskTemplate.ContainerSpec.CapabilityAdd",
        ),
        "devices": _fields(
            *("HostConfig.Devices", "HostConfig.DeviceCgroupRules", "HostConfig.DeviceRequests"),
        ),
        "namespaces": _of_namespaces,
    }
)
"""The fields that naming a view admits at most; what it leaves to the body is said above."""


def _at(value: Any, steps: Steps) -> Any:
    for step in steps:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _alike(one: object, other: object) -> bool:
    """Compare what a Go program makes of both: it cannot tell what was not sent from its zero."""
    return _told(one) == _told(other)


def _told(value: object) -> str:
    return json.dumps(_without_zeros(value), sort_keys=True)


def _without_zeros(value: object) -> object:
    if isinstance(value, dict):
        kept = {key: _without_zeros(one) for key, one in value.items()}
        return {key: one for key, one in kept.items() if one not in ("", 0, [], {}, None)}
    return list(map(_without_zeros, value)) if isinstance(value, list) else value
