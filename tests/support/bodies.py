"""Bodies made up at random: of an operation's own fields, and then bent out of form.

Must never keep to what is well formed: what the Engine's decoder lets pass has to come too.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from random import Random
from typing import TYPE_CHECKING, Any

from sockguard.engine.catalogue.all import OPERATIONS
from sockguard.engine.shape import Alias, Field, Map, Misplaced, Scalar, Unread
from tests.support.go_json import Members
from tests.support.view_meaning import (
    ADDRESSES,
    BINDS,
    CAPABILITIES,
    DEVICES,
    IMAGE_NAMES,
    MOUNTS,
    NETWORKS,
    OPTIONS,
    USERS,
)

if TYPE_CHECKING:
    from sockguard.engine.shape import Shape

Making = Callable[[Random], Any]

SCALARS: Mapping[Scalar, list[object]] = {
    Scalar.TEXT: ["", "x", "host", "/srv/a", "/etc", "none", "private"],
    Scalar.INTEGER: [0, -1, 1, 5, 100],
    Scalar.NUMBER: [0, 1, 5],
    Scalar.BOOLEAN: [True, False],
    Scalar.ANYTHING: ["x", {"a": 1}, [], None],
}
KEYS = ["a", "b", "A", "default", ""]
MODES = ["", "bridge", "default", "none", "host", "frontend", NETWORKS["backend"], "container:web"]
NETWORK_NAMES = ["frontend", "backend", NETWORKS["frontend"], "b2b2", "bridge", "host", "none"]
JOINS = ["host", "container:web", f"container:{'d4' * 32}", "private", "shareable", "other"]


def _one(values: list[Any]) -> Making:
    return lambda chance: chance.choice(values)


def _lists(values: list[Any]) -> Making:
    return lambda chance: chance.choices(values, k=chance.choice((0, 1, 1, 2)))


def _maps(keys: list[str], values: Making) -> Making:
    def make(chance: Random) -> dict[str, Any]:
        return {key: values(chance) for key in some_of(chance, keys, 2)}

    return make


def some_of(chance: Random, values: list[Any], most: int) -> list[Any]:
    """Take up to so many of the values, each once."""
    return chance.sample(values, min(len(values), chance.randint(0, most)))


_MOUNTS = _lists([mount for mount, _ in MOUNTS])
_ENDPOINTS = _maps(
    [*NETWORK_NAMES, "default", "container:web"],
    _one([{}, None, {"Aliases": ["db"]}, {"NetworkID": "backend"}, {"MacAddress": "x"}]),
)
_TARGETS = _lists(
    [
        {"Target": name, **more}
        for name in NETWORK_NAMES
        for more in ({}, {"Aliases": ["db"]}, {"DriverOpts": {"a": "b"}})
    ]
)
_BOUND = [{"HostIp": one, "HostPort": port} for one in ADDRESSES for port in ("", "8080", "80")]
_REQUESTS = [
    {"Driver": "nvidia", "Count": -1},
    {"Driver": "nvidia", "Count": -1, "Options": {"a": "b"}},
    {"Count": 1},
]
_SPEC = "TaskTemplate.ContainerSpec"
VALUES: Mapping[str, Making] = {
    "HostConfig.Binds": _lists(list(BINDS)),
    "HostConfig.Mounts": _MOUNTS,
    "HostConfig.VolumeDriver": _one(["", "local", "rclone"]),
    "HostConfig.NetworkMode": _one(MODES),
    **{
        f"HostConfig.{name}": _one(JOINS)
        for name in ("PidMode", "IpcMode", "UTSMode", "UsernsMode", "CgroupnsMode", "Cgroup")
    },
    "HostConfig.CapAdd": _lists(list(CAPABILITIES)),
    "HostConfig.Capabilities": _lists(list(CAPABILITIES)),
    "HostConfig.Devices": _lists([{"PathOnHost": path} for path in DEVICES]),
    "HostConfig.DeviceCgroupRules": _lists(["c 188:* rwm", "a *:* rwm"]),
    "HostConfig.DeviceRequests": _lists(_REQUESTS),
    "HostConfig.PortBindings": _maps(["80/tcp", "53/udp"], _lists(_BOUND)),
    "HostConfig.VolumesFrom": _lists(["web", "db:ro"]),
    "HostConfig.Links": _lists(["web:w", "db"]),
    "HostConfig.SecurityOpt": _lists(["no-new-privileges", "seccomp=unconfined", "label:disable"]),
    "NetworkingConfig.EndpointsConfig": _ENDPOINTS,
    "Image": _one(list(IMAGE_NAMES)),
    "User": _one(list(USERS)),
    f"{_SPEC}.Image": _one(list(IMAGE_NAMES)),
    f"{_SPEC}.User": _one(list(USERS)),
    f"{_SPEC}.Mounts": _MOUNTS,
    f"{_SPEC}.CapabilityAdd": _lists(list(CAPABILITIES)),
    "TaskTemplate.Networks": _TARGETS,
    "Networks": _TARGETS,
    "EndpointSpec.Ports": _lists([{"PublishedPort": 8080, "TargetPort": 80}, {"TargetPort": 80}]),
    "DriverOpts": _one([options for options, _ in OPTIONS]),
    "Driver": _one(["", "local", "bridge", "macvlan"]),
    "Container": _one(["web", "db"]),
    "EndpointConfig.NetworkID": _one(["", "backend", "frontend"]),
    "EndpointConfig.Links": _lists(["web:w"]),
}
"""Values of fields that mean something; all others are made up after their shape."""


@cache
def fields_of_body(operation: str) -> list[str]:
    """Name the fields that a policy can name: those above any list or map."""
    shape = OPERATIONS[operation].shape
    return branches(shape) if shape is not None else []


def branches(shape: Shape, path: str = "") -> list[str]:
    """Name the fields below a shape, each under the path of it."""
    inner = shape.shape if isinstance(shape, Field) else shape
    if not isinstance(inner, Mapping):
        return []
    found = []
    for name, part in inner.items():
        if not isinstance(part, Alias | Misplaced | Unread):
            below = f"{path}.{name}" if path else name
            found += [below, *branches(part, below)]
    return found


def documents(chance: Random, operation: str) -> Any:
    """Make a body with a few of the fields that an operation has."""
    shape = OPERATIONS[operation].shape
    assert shape is not None
    paths = fields_of_body(operation)
    if not paths:
        return shaped(chance, shape)
    telling = [path for path in paths if path in VALUES and path != "Driver"]
    document: dict[str, Any] = {}
    for path in sorted(some_of(chance, paths, 2) + some_of(chance, telling, 2), key=len):
        *above, last = path.split(".")
        inner: Any = document
        for step in above:
            inner = inner.setdefault(step, {}) if isinstance(inner, dict) else None
        if isinstance(inner, dict):
            inner[last] = shaped(chance, shape_at(shape, path), path)
    return document


def shape_at(shape: Shape, path: str) -> Shape:
    """Follow a dotted path into a shape."""
    for step in path.split("."):
        inner = shape.shape if isinstance(shape, Field) else shape
        assert isinstance(inner, Mapping)
        shape = inner[step]
    return shape


def shaped(chance: Random, shape: Shape, path: str = "") -> Any:
    """Make any value of a shape; `path` says which field it is for."""
    if path in VALUES and not isinstance(shape, Mapping):
        return VALUES[path](chance)
    while isinstance(shape, Field | Unread):
        shape = shape.shape
    if isinstance(shape, Scalar):
        return chance.choice(SCALARS[shape])
    if isinstance(shape, list):
        return [shaped(chance, shape[0]) for _ in range(chance.choice((0, 1, 1, 2)))]
    if isinstance(shape, Map):
        return {key: shaped(chance, shape.values) for key in some_of(chance, KEYS, 2)}
    assert isinstance(shape, Mapping)
    fields = [name for name, part in shape.items() if not isinstance(part, Alias | Misplaced)]
    below = f"{path}." if path else ""
    return {
        name: shaped(chance, shape[name], f"{below}{name}") for name in some_of(chance, fields, 3)
    }


# --- bent out of form ------------------------------------------------------------------------


def bent(chance: Random, document: Any, operation: str) -> bytes:
    """Write a body down as a client might, in form or not."""
    members = _members(document)
    if isinstance(members, Members):
        for _ in range(chance.choice((0, 0, 0, 1, 1, 2))):
            chance.choice(BENDS)(chance, chance.choice(_objects(members)), operation)
    text = _written(members, chance.choice((0, 0, 1)))
    behind = chance.choice([""] * 12 + [" \n", "}", "]x{", "{}", "\0", ',"a":1'])
    before = chance.choice([""] * 12 + ["\ufeff", " "])
    return f"{before}{text}{behind}".encode()


def _members(value: Any) -> Any:
    if isinstance(value, dict):
        return Members((key, _members(one)) for key, one in value.items())
    return list(map(_members, value)) if isinstance(value, list) else value


def _objects(value: Any) -> list[Members]:
    if isinstance(value, Members):
        return [value, *(inner for _, one in value for inner in _objects(one))]
    return [inner for one in value for inner in _objects(one)] if isinstance(value, list) else []


def _respelt(chance: Random, key: str) -> str:
    """Spell a key in another way that Go takes for the same, or nearly."""
    folded = [key.replace(*pair, 1) for pair in _FOLDING if pair[0] in key]
    others = [key.lower(), key.upper(), key.swapcase(), *folded, *_ALIASES.get(key, ())]
    return chance.choice([one for one in others if one != key] or [key])


_FOLDING = (
    *(("s", "\u017f"), ("S", "\u017f"), ("k", "\u212a"), ("K", "\u212a")),
    *(("i", "\u0131"), ("I", "\u0130")),
)


def aliases(shape: Shape) -> dict[str, tuple[str, ...]]:
    """Name the other spellings of fields that the tables know."""
    inner = shape.shape if isinstance(shape, Field | Unread) else shape
    found: dict[str, tuple[str, ...]] = {}
    if isinstance(inner, Mapping):
        for key, one in inner.items():
            found |= {one.name: (key,)} if isinstance(one, Alias) else aliases(one)
    if isinstance(inner, list | Map):
        return aliases(inner[0] if isinstance(inner, list) else inner.values)
    return found


_ALIASES = {
    name: keys
    for one in OPERATIONS.values()
    if one.shape is not None
    for name, keys in aliases(one.shape).items()
}


def _respell(chance: Random, at: Members, _: str) -> None:
    if at:
        index = chance.randrange(len(at))
        at[index] = (_respelt(chance, at[index][0]), at[index][1])


def _repeat(chance: Random, at: Members, _: str) -> None:
    """Say something again, in the same or another spelling, with the same or another value."""
    if at:
        key, value = chance.choice(at)
        again = chance.choice([value, None, True, False, "x", [], Members(), 0])
        at.insert(chance.randint(0, len(at)), (chance.choice([key, _respelt(chance, key)]), again))


def _stranger(chance: Random, at: Members, _: str) -> None:
    """Add a key that nobody knows, mostly one that says nothing."""
    value: Any = chance.choice([None, "", False, 0, [], Members(), "x", True])
    at.insert(chance.randint(0, len(at)), (chance.choice(["New", "x", "X", ""]), value))


def _misplace(chance: Random, at: Members, operation: str) -> None:
    """Add a known key of elsewhere, as old Engines read them at the top."""
    shape = OPERATIONS[operation].shape
    known = ["Privileged", "Binds", "Memory", "privileged", "Image", "User", "Mounts"]
    known += sorted(shape) if isinstance(shape, Mapping) else []
    at.append((chance.choice(known), chance.choice([True, "x", [], 1, None, Members()])))


def _null(chance: Random, at: Members, _: str) -> None:
    if at:
        index = chance.randrange(len(at))
        at[index] = (at[index][0], chance.choice([None, None, None, "", 0, [], 1]))


BENDS = (_respell, _repeat, _repeat, _stranger, _stranger, _misplace, _null, _null)


def _written(value: Any, escapes: int) -> str:
    if isinstance(value, Members):
        inner = (f"{_quoted(key, escapes)}:{_written(one, escapes)}" for key, one in value)
        return "{" + ",".join(inner) + "}"
    if isinstance(value, list):
        return "[" + ",".join(_written(one, escapes) for one in value) + "]"
    return _quoted(value, escapes) if isinstance(value, str) else json.dumps(value)


def _quoted(text: str, escapes: int) -> str:
    """Write a text plainly, or with its first letter as an escape."""
    if not escapes or not text or ord(text[0]) > 0xFFFF:
        return json.dumps(text, ensure_ascii=False)
    return f'"\\u{ord(text[0]):04X}' + json.dumps(text[1:])[1:]
