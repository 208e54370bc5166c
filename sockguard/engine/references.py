"""Which objects of the Engine a request names: in its path, its query and its body.

Must never miss a place: what is not listed here is not looked up, owned or protected.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from sockguard.engine.inspection import ITEM, spell_steps
from sockguard.engine.names import NAMED
from sockguard.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from sockguard.engine.inspection import Steps

JOINED = "container:"
"""What stands before a container's name where something is shared with it."""
NO_NETWORKS = frozenset({"", "default", "bridge", "host", "none"})
"""Network modes that name none of the networks that users make (runconfig, on Linux)."""
_KEYS = "{}"

_KINDS = {
    "containers": "container",
    "checkpoints": "container",
    "exec": "exec",
    "images": "image",
    "networks": "network",
    "volumes": "volume",
    "services": "service",
    "tasks": "task",
    "nodes": "node",
    "secrets": "secret",
    "configs": "config",
    "plugins": "plugin",
}


@dataclass(frozen=True, slots=True)
class Reference:
    """One object that a request names, and where: in the path, a parameter or a field."""

    kind: str
    name: str
    where: str


class Form(Enum):
    """How a text names an object: as a whole, or as its part."""

    WHOLE = "whole"
    JOINED = "joined"  # container:NAME
    FIRST = "first"  # NAME:rest
    LINK = "link"  # NAME:ALIAS, or NAME for both
    ALIAS = "alias"  # the same, for the names within one network, which knows no ids
    NETWORK = "network"  # a network mode


@dataclass(frozen=True, slots=True)
class _Place:
    kind: str
    steps: Steps
    form: Form = Form.WHOLE


def _host(*names: str) -> Steps:
    return ("HostConfig", *names)


_ENDPOINT = ("NetworkingConfig", "EndpointsConfig", _KEYS)
"""One endpoint. Its NetworkID counts more than its key (getNetworkID, container_operations.go)."""
_CONTAINER_SPEC = ("TaskTemplate", "ContainerSpec")
_SERVICE = (
    _Place("network", ("TaskTemplate", "Networks", ITEM, "Target")),
    _Place("network", ("Networks", ITEM, "Target")),
    _Place("container", ("TaskTemplate", "NetworkAttachmentSpec", "ContainerID")),
    *(
        _Place(kind, (*_CONTAINER_SPEC, part, ITEM, name))
        for kind, part, names in (
            ("secret", "Secrets", ("SecretID", "SecretName")),
            ("config", "Configs", ("ConfigID", "ConfigName")),
        )
        for name in names
    ),
)
PLACES: Mapping[str, tuple[_Place, ...]] = {
    "containers.create": (
        _Place("container", _host("NetworkMode"), Form.JOINED),
        _Place("container", _host("PidMode"), Form.JOINED),
        _Place("container", _host("IpcMode"), Form.JOINED),
        _Place("container", _host("Cgroup"), Form.JOINED),
        _Place("container", _host("VolumesFrom", ITEM), Form.FIRST),
        _Place("container", _host("Links", ITEM), Form.LINK),
        _Place("container", (*_ENDPOINT, "Links", ITEM), Form.ALIAS),
        _Place("network", _host("NetworkMode"), Form.NETWORK),
        _Place("network", _ENDPOINT, Form.NETWORK),
        _Place("network", (*_ENDPOINT, "NetworkID")),
    ),
    "networks.create": (_Place("network", ("ConfigFrom", "Network")),),
    "networks.connect": (
        _Place("container", ("Container",)),
        _Place("container", ("EndpointConfig", "Links", ITEM), Form.ALIAS),
        _Place("network", ("EndpointConfig", "NetworkID")),
    ),
    "networks.disconnect": (_Place("container", ("Container",)),),
    "services.create": _SERVICE,
    "services.update": _SERVICE,
    # The Engine answers with the volume that is there already, whoever made it.
    "volumes.create": (_Place("volume", ("Name",)),),
}
"""The fields of bodies that name containers, networks, volumes, secrets and configs.

Those that name volumes by binds and mounts follow.
"""

_BINDS: Mapping[str, Steps] = {"containers.create": _host("Binds", ITEM)}
_MOUNTS: Mapping[str, Steps] = {
    "containers.create": _host("Mounts", ITEM),
    "services.create": (*_CONTAINER_SPEC, "Mounts", ITEM),
    "services.update": (*_CONTAINER_SPEC, "Mounts", ITEM),
}


def kind_in_path(operation: str) -> str:
    """Name the kind of object that the first name in the path is, "" for none that is known."""
    if operation == "exec.create":
        return "container"
    return _KINDS.get(operation.partition(".")[0], "")


def references(
    operation: str, names: tuple[str, ...], query: Mapping[str, object], document: object
) -> Iterator[Reference]:
    """Yield every object that a request names; images only where they stand in the path.

    Malformed for a name that no object of its kind can have.
    """
    kind = kind_in_path(operation)
    if names and kind:
        yield Reference(kind, names[0], "")
    if query:
        yield from _in_query(operation, query)
    if document is not None:
        yield from _in_body(operation, document)
        yield from _volumes(operation, document)


def _reference(kind: str, text: str, where: str) -> Reference:
    """Make a reference of what a stranger wrote; Malformed for a name that no object can have."""
    name = text.removeprefix("/") if kind == "container" else text
    if not NAMED[kind](name):
        raise Malformed(f"{where} holds a name that no {kind} can have", detail=where)
    return Reference(kind, name, where)


def with_ids(operation: str, document: object, ids: Mapping[str, str]) -> object:
    """Return the body with each container's name replaced by the full id that was judged."""
    for place in PLACES.get(operation, ()):
        if place.kind == "container":
            document = _replaced(document, place.steps, place.form, ids)
    return document


def texts_at(document: object, steps: Steps) -> Iterator[str]:
    """Yield each text at these steps; the keys of a map where the last step stands for them."""
    if not steps:
        if isinstance(document, str):
            yield document
        return
    step, *rest = steps
    if step == ITEM:
        for item in document if isinstance(document, list) else ():
            yield from texts_at(item, tuple(rest))
    elif step == _KEYS:
        entries = document if isinstance(document, dict) else {}
        if not rest:
            yield from entries
        for item in entries.values():
            yield from texts_at(item, tuple(rest)) if rest else ()
    elif isinstance(document, dict):
        yield from texts_at(document.get(step), tuple(rest))


def named_in(form: Form, text: str) -> str:
    """Return the name within a text, "" where it names nothing."""
    if form is Form.JOINED:
        return text.removeprefix(JOINED) if text.startswith(JOINED) else ""
    if form in (Form.FIRST, Form.LINK, Form.ALIAS):
        return text.partition(":")[0]
    if form is Form.NETWORK:
        return "" if text in NO_NETWORKS or text.startswith(JOINED) else text
    return text


def volume_in_bind(text: str) -> str:
    """Return the volume that a bind names, "" where it binds a directory of the host."""
    source, colon, _ = text.partition(":")
    return source if colon and not source.startswith("/") else ""


# --- by part of the request ------------------------------------------------------------------


def _in_query(operation: str, query: Mapping[str, object]) -> Iterator[Reference]:
    if operation == "containers.commit":
        yield from _text(query, "container")
    elif operation == "build.run":
        mode = query.get("networkmode")
        if isinstance(mode, str) and (name := named_in(Form.JOINED, mode)):
            yield _reference("container", name, "networkmode")
    elif operation in _COMPARING:
        filters = query.get("filters")
        for word in ("before", "since"):
            for name in sorted(filters.get(word, ())) if isinstance(filters, dict) else ():
                yield _reference(_COMPARING[operation], name, "filters")


_COMPARING = {"containers.list": "container", "images.list": "image"}
"""Lists that can be limited to what is older or newer than one object, and of which kind it is."""


def _text(query: Mapping[str, object], parameter: str) -> Iterator[Reference]:
    value = query.get(parameter)
    if isinstance(value, str):
        yield _reference("container", value, parameter)


def _in_body(operation: str, document: object) -> Iterator[Reference]:
    for place in PLACES.get(operation, ()):
        for text in texts_at(document, place.steps):
            if name := named_in(place.form, text):
                yield _reference(place.kind, name, spell_steps(place.steps))


def _volumes(operation: str, document: object) -> Iterator[Reference]:
    binds, mounts = _BINDS.get(operation), _MOUNTS.get(operation)
    if binds is not None:
        for text in texts_at(document, binds):
            if name := volume_in_bind(text):
                yield _reference("volume", name, spell_steps(binds))
    if mounts is not None:
        for name in _mounted_volumes(document, mounts[:-1]):
            yield _reference("volume", name, spell_steps((*mounts, "Source")))


def _mounted_volumes(document: object, steps: Steps) -> Iterator[str]:
    for step in steps:
        document = document.get(step) if isinstance(document, dict) else None
    for mount in document if isinstance(document, list) else ():
        match mount:
            # For services the Engine reads the type in any case (cluster/convert/container.go).
            case {"Type": str(kind), "Source": str(name)} if kind.upper() in _OF_VOLUMES and name:
                yield name


_OF_VOLUMES = frozenset({"VOLUME", "CLUSTER"})


def _replaced(document: object, steps: Steps, form: Form, ids: Mapping[str, str]) -> object:
    if not steps:
        return with_id(document, form, ids) if isinstance(document, str) else document
    step, *more = steps
    rest = tuple(more)
    if step == ITEM and isinstance(document, list):
        return [_replaced(item, rest, form, ids) for item in document]
    if step == _KEYS and isinstance(document, dict):
        return {key: _replaced(item, rest, form, ids) for key, item in document.items()}
    if isinstance(document, dict) and step in document:
        return {**document, step: _replaced(document[step], rest, form, ids)}
    return document


_WRITE: Mapping[Form, Callable[[str, str], str]] = {
    Form.WHOLE: lambda _, identity: identity,
    Form.JOINED: lambda _, identity: JOINED + identity,
    Form.FIRST: lambda text, identity: identity + text.removeprefix(text.partition(":")[0]),
    Form.LINK: lambda text, identity: f"{identity}:{_alias_in(text)}",
    Form.ALIAS: lambda text, _: text,
}


def _alias_in(link: str) -> str:
    """Return the name that a link gives (opts.ParseLink): `/web:/db/web` is of an old container."""
    name, colon, alias = link.partition(":")
    if not colon:
        return name
    return alias.rpartition("/")[2] if name.startswith("/") else alias


def with_id(text: str, form: Form, ids: Mapping[str, str]) -> str:
    """Return a text with the container's name in it replaced by the full id that was judged."""
    identity = ids.get(named_in(form, text).removeprefix("/"))
    return text if identity is None else _WRITE[form](text, identity)
