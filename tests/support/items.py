"""Items of policies made up at random, in the words of the language, for bodies that were.

Must never load a policy: what no policy may say can come of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sockguard.engine.catalogue.all import OPERATIONS
from sockguard.engine.shape import Alias, Field, Map, Misplaced, Scalar, Unread
from tests.support.bodies import fields_of_body, shape_at, shaped, some_of

if TYPE_CHECKING:
    from random import Random

    from sockguard.engine.shape import Shape

VIEWS: Mapping[str, list[Any]] = {
    "image": ["any", ["docker.io/library/alpine:latest"], ["ghcr.io/acme/app:1"]],
    "host_paths": [
        *("any", "/srv/data", {"path": "/etc"}, {"path": "/srv/data", "writable": True}),
        *({"under": "/srv"}, {"under": "/srv", "writable": True}, {"under": "/srv/a"}),
    ],
    "ports": ["any", "8080", "127.0.0.1:8080"],
    "networks": ["any", ["frontend"], ["backend", "bridge"], ["bridge"]],
    "user": ["any", {"at_least": 1000}, {"at_least": 1}, ["app", "1000"], ["root"]],
    "capabilities": ["any", ["NET_ADMIN"], ["CHOWN", "SYS_ADMIN"]],
    "devices": ["any", ["/dev/fuse"], ["nvidia:all", "c 188:* rwm"]],
    "namespaces": [
        *("any", ["network=host"], ["network=container:web", "pid=container:db"]),
        ["ipc=shareable", "ipc=host", "pid=host", "cgroup=container:web"],
    ],
}
_CREATES = frozenset({"containers.create", "services.create", "services.update"})
OPERATIONS_OF: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(VIEWS, _CREATES),
    "host_paths": _CREATES | {"volumes.create"},
    "networks": _CREATES | {"networks.connect"},
    "user": _CREATES | {"exec.create"},
    "devices": frozenset({"containers.create"}),
}
"""The operations with a body whose meaning within a view is written down for tests."""
NOT_OF_A_PATH = (Alias, Misplaced, Unread)


def items(chance: Random, operation: str, document: Any) -> dict[str, Any]:
    """Make the conditions of an item: a bare one, alternatives, or words that fit the body."""
    way = chance.choice(("bare", "body", "body", "views", "both", "both", "both", "any", "either"))
    if way == "either":
        return {"any_of": [items(chance, operation, document) for _ in range(2)]}
    conditions: dict[str, Any] = {}
    if way == "any":
        conditions["body"] = "any"
    elif way in ("body", "both"):
        conditions["body"] = _terms(chance, operation, document)
    if way in ("views", "both", "any"):
        names = [name for name in VIEWS if operation in OPERATIONS_OF[name]]
        for name in some_of(chance, names, 3):
            conditions[name] = chance.choice(VIEWS[name])
    if operation == "exec.start":
        conditions["target"] = "any"  # whose the exec is does not matter here
    return {key: one for key, one in conditions.items() if one}


def _terms(chance: Random, operation: str, document: Any) -> dict[str, Any]:
    shape, paths = OPERATIONS[operation].shape, fields_of_body(operation)
    assert shape is not None
    sent = [path for path in paths if _value_at(document, path) is not None]
    named = [path for path in sent if chance.random() < MOSTLY] + some_of(chance, paths, 1)
    terms: dict[str, Any] = {}
    for path in sorted(set(named), key=len):
        above = [one for one in terms if path.startswith(f"{one}.")]
        if not any("always" in terms[one] for one in above):  # which would set what is within too
            value = _value_at(document, path)
            terms[path] = constraints(chance, shape_at(shape, path), value, path)
    return terms


MOSTLY = 0.6


def constraints(chance: Random, shape: Shape, value: Any, path: str = "") -> Any:
    """Make a constraint for a value of this shape, often one that this value meets.

    `path` says which field this is, "" for a part of one.
    """
    inner = shape.shape if isinstance(shape, Field) else shape
    general = ["any", "any", "equals", "parts", "parts"] + (["always", "required"] if path else [])
    word = chance.choice(general)
    if word == "any":
        return "any"
    keep = value is not None and chance.random() < MOSTLY
    other = value if keep else shaped(chance, shape, path)
    if word in ("equals", "always"):
        return {word: _kept(shape, other)}
    if word == "required":
        return {"required": True}
    if isinstance(inner, Scalar):
        return _of_scalar(chance, inner, other)
    return _of_parts(chance, inner, value)


def _of_parts(chance: Random, shape: Shape, value: Any) -> Any:
    """Make a constraint for what is within a list, map or object."""
    if isinstance(shape, list):
        first = value[0] if isinstance(value, list) and value else None
        return {"each": constraints(chance, shape[0], first)}
    entries = value if isinstance(value, dict) else {}
    if isinstance(shape, Map):
        return _of_map(chance, shape, entries)
    assert isinstance(shape, Mapping)
    fields = [name for name, one in shape.items() if not isinstance(one, NOT_OF_A_PATH)]
    if not fields:
        return "any"
    some = [name for name in entries if name in fields] or [chance.choice(fields)]
    return {"fields": {name: constraints(chance, shape[name], entries.get(name)) for name in some}}


def _of_map(chance: Random, shape: Map, entries: Any) -> Any:
    key = next(iter(entries), "a")
    word = chance.choice(("keys", "values", "entries"))
    if word == "keys":
        return {"keys": chance.choice(["any", {"like": "*"}, [key or "a"], {"like": "a*"}])}
    one = constraints(chance, shape.values, entries.get(key))
    return {"values": one} if word == "values" else {"entries": {key: one}}


def _of_scalar(chance: Random, shape: Scalar, value: Any) -> Any:
    if shape is Scalar.TEXT:
        some = [value, {"one_of": [value, "x"]}, {"like": f"{value}*"}, {"like": "/srv/**"}]
        some += [{"under": "/srv"}, [value, "y"]]
    elif shape in (Scalar.BOOLEAN, Scalar.ANYTHING):
        some = [{"equals": value}]
    else:
        some = [value, {"at_most": 100}, {"at_least": 1}, {"at_most": 5, "at_least": -1}]
    return chance.choice([one for one in some if one not in ("any", "", {"like": "*"})])


def _kept(shape: Shape, value: Any) -> Any:
    """Leave out what no policy may say: null, and fields that are none."""
    inner = shape.shape if isinstance(shape, Field) else shape
    if isinstance(inner, list):
        return [_kept(inner[0], one) for one in value if one is not None]
    if isinstance(inner, Map):
        return {key: _kept(inner.values, one) for key, one in value.items() if one is not None}
    if isinstance(inner, Mapping):
        return {
            key: _kept(inner[key], one)
            for key, one in value.items()
            if one is not None and not isinstance(inner[key], NOT_OF_A_PATH)
        }
    return value


def _value_at(document: Any, path: str) -> Any:
    for step in path.split("."):
        document = document.get(step) if isinstance(document, dict) else None
    return document
