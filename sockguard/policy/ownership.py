"""Whose an object is: the stamp that creates set, and who may be believed to have set it.

Must never take a label for a stamp that an image may have brought along.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sockguard.engine.facts import ID, Unknown
from sockguard.engine.references import NO_NETWORKS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sockguard.engine.facts import Facts, Thing
    from sockguard.policy.model import Client
    from sockguard.policy.question import Query

STAMP = "sockguard.owner"
"""The label that holds the name of the client that made an object, "" for nobody's."""

STAMPED = frozenset({"containers.create", "networks.create", "volumes.create"})
"""Operations that make objects which can bear the stamp."""

_SERVICES = frozenset({"services.create", "services.update"})

OWNABLE = frozenset({"container", "network", "volume"})
"""Kinds of objects that can bear the stamp; images and what a swarm runs are shared by nature."""

_VOLUME = "VOLUME"

UNSTAMPED_COMMIT = f'LABEL {STAMP}=""'
"""What keeps an image that is made of a container from bearing the container's stamp."""


def is_own(thing: Thing, client: Client, facts: Facts) -> bool:
    """Tell whether an object bears this client's stamp; notes the facts that are missing.

    A container inherits the labels of its image: where the image bears a stamp, the container is
    nobody's.
    """
    if thing.labels.get(STAMP) != client.name:
        return False
    if thing.kind != "container":
        return True
    image = facts.find(f"image{ID}", thing.image)
    return image is not None and not isinstance(image, Unknown) and not image.labels.get(STAMP)


def is_predefined(kind: str, name: str) -> bool:
    """Tell whether this names a network that every Engine has: all clients may use it."""
    return kind == "network" and name in NO_NETWORKS


def is_shared(thing: Thing, client: Client) -> bool:
    """Tell whether this client may use an object that is not its own.

    What `also` names counts by the object's own name: a name in a request may be the beginning of
    another one's id.
    """
    if is_predefined(thing.kind, thing.name):
        return True
    also = {"network": client.own.networks, "volume": client.own.volumes}
    return thing.name in also.get(thing.kind, ())


def stamped(operation: str, document: object, owner: str) -> object:
    """Return the body of a create with the stamp set, whatever its labels say."""
    if operation in _SERVICES:
        return _stamped_service(document)
    if operation not in STAMPED:
        return document
    fields = document if isinstance(document, dict) else {}  # no body makes an anonymous volume
    document = {**fields, "Labels": _with_stamp(fields.get("Labels"), owner)}
    host = document.get("HostConfig")
    if operation == "containers.create" and isinstance(host, dict):
        document["HostConfig"] = _with_stamped_mounts(host, owner)
    return document


def _stamped_service(document: object) -> object:
    """Let what a service runs, and the volumes that this makes, be nobody's."""
    match document:
        case {"TaskTemplate": {"ContainerSpec": dict(spec), **task}, **fields}:
            spec = {**_with_stamped_mounts(spec, ""), "Labels": _with_stamp(spec.get("Labels"), "")}
            return {**fields, "TaskTemplate": {**task, "ContainerSpec": spec}}
        case _:
            return document


def _with_stamped_mounts(fields: Mapping[str, object], owner: str) -> Mapping[str, object]:
    mounts = fields.get("Mounts")
    if not isinstance(mounts, list) or not mounts:
        return fields
    return {**fields, "Mounts": [_stamped_mount(mount, owner) for mount in mounts]}


def stamped_query(operation: str, query: Query) -> Query:
    """Return the query of a commit with the stamp taken off the image that it makes."""
    if operation != "containers.commit":
        return query
    return query.with_pair("changes", UNSTAMPED_COMMIT)


def _with_stamp(labels: object, owner: str) -> Mapping[str, object]:
    return {**(labels if isinstance(labels, dict) else {}), STAMP: owner}


def _stamped_mount(mount: object, owner: str) -> object:
    """Stamp the volume that a mount makes where there is none of its name."""
    kind = mount.get("Type") if isinstance(mount, dict) else None
    # For services the Engine reads the type in any case (cluster/convert/container.go).
    if not isinstance(mount, dict) or not isinstance(kind, str) or kind.upper() != _VOLUME:
        return mount
    options = mount.get("VolumeOptions")
    options = options if isinstance(options, dict) else {}
    return {
        **mount,
        "VolumeOptions": {**options, "Labels": _with_stamp(options.get("Labels"), owner)},
    }
