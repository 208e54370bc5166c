"""What the Engine knows of one object, as far as verdicts rest on it: id, names, labels.

Must never ask the Engine: whoever may wait does, and hands over what came back.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from sockguard.engine.driver_options import LOCAL, host_path_of
from sockguard.engine.reference import normalise_image

if TYPE_CHECKING:
    from collections.abc import Mapping


class Need(NamedTuple):
    """An object that a verdict rests on: its kind, and how the request names it."""

    kind: str
    reference: str


@dataclass(frozen=True, slots=True)
class Thing:
    """One object of the Engine.

    `id` is the full id, which for a volume is its name. An image has all its normalised names. Of
    the rest, each belongs to one kind: `image` is the full id of a container's image, `container`
    that of the container behind an exec, `user` the default user of an image or a container,
    `host_path` what a volume stands for where it is more than a directory of its own: a path of
    the host, or a text that is no path (see `driver_options`).
    """

    kind: str
    id: str
    names: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    image: str = ""
    container: str = ""
    user: str = ""
    host_path: str = ""
    creator: str = ""
    """The client that made an exec through this sockguard, "" where that is not known."""
    granted: str = ""
    """The line, in words, under which that client was allowed to make it."""
    recorded: bool = False
    """Whether a line under which it was made says that what is typed and shown is kept."""
    tty: bool | None = None
    """Whether a container or an exec has a terminal, None where nobody told."""

    @property
    def name(self) -> str:
        """Its first name, else its id."""
        return self.names[0] if self.names else self.id


class Unknown:
    """Stands for an object that has not been asked for yet."""


UNKNOWN = Unknown()


@dataclass(slots=True)
class Facts:
    """What is known while a verdict is worked out, and what turned out to be missing.

    None stands for an object that the Engine does not have.
    """

    known: Mapping[Need, Thing | None] = field(default_factory=dict)
    missing: set[Need] = field(default_factory=set)
    used: dict[Need, Thing | None] = field(default_factory=dict)

    def find(self, kind: str, reference: str) -> Thing | Unknown | None:
        """Return the object, None where there is none, UNKNOWN (and note it) if nobody asked."""
        need = Need(kind, reference)
        if need not in self.known:
            self.missing.add(need)
            return UNKNOWN
        thing = self.used[need] = self.known[need]
        return thing

    def note(self, other: Facts) -> None:
        """Note also what somebody else missed and used."""
        self.missing |= other.missing
        self.used |= other.used


ROUTES: Mapping[str, str] = MappingProxyType(
    {
        "container": "/containers/{}/json",
        "container id": "/containers/{}/json",
        "exec": "/exec/{}/json",
        "network": "/networks/{}",
        "network id": "/networks/{}",
        "volume": "/volumes/{}",
        "image": "/images/{}/json",
        "image id": "/images/{}/json",
        "service": "/services/{}",
        "task": "/tasks/{}",
        "node": "/nodes/{}",
        "secret": "/secrets/{}",
        "config": "/configs/{}",
        "plugin": "/plugins/{}/json",
    }
)
"""Where the Engine tells of one object, by kind.

A kind with ` id` behind it is an object named by its full id, of which only what never changes
counts.
"""

ID = " id"

ABSENT: Mapping[str, str] = MappingProxyType(
    {
        "container": "No such container: {}",
        "exec": "No such exec instance: {}",
        "network": "network {} not found",
        "volume": "get {}: no such volume",
        "image": "No such image: {}",
        "service": "service {} not found",
        "task": "task {} not found",
        "node": "node {} not found",
        "secret": "secret {} not found",
        "config": "config {} not found",
        "plugin": "plugin {} not found",
    }
)
"""The Engine's own words for an object that it does not have (daemon/errors.go and its like)."""


def route_of(need: Need) -> str:
    """Return the path below the version prefix that tells of an object."""
    return ROUTES[need.kind].format(quote(need.reference, safe="/:@+"))


def absence_of(need: Need) -> str:
    """Say that there is no such object, as the Engine says it."""
    reference = need.reference
    if need.kind == "image" and ":" not in reference.rpartition("/")[2] and "@" not in reference:
        reference += ":latest"
    return ABSENT[need.kind].format(reference)


def thing_of(kind: str, document: object) -> Thing:
    """Read the Engine's document of one object; ValueError where it is none of that kind."""
    if not isinstance(document, dict):
        raise ValueError(f"not the document of a {kind}")  # noqa: TRY004 - of a wrong form
    if kind.endswith(ID):
        return thing_of(kind.removesuffix(ID), document)
    match document:
        case {"Id": str(identity), "Name": str(name), "Image": str(image)} if kind == "container":
            config = _part(document, "Config")
            names = (name.removeprefix("/"),)
            labels, tty = _labels(config), _truth(config.get("Tty"))
            thing = Thing(kind, identity, names, labels, image, user=_user(config), tty=tty)
        case {"ID": str(identity), "ContainerID": str(container)} if kind == "exec":
            tty = _truth(_part(document, "ProcessConfig").get("tty"))
            thing = Thing(kind, identity, container=container, tty=tty)
        case {"Id": str(identity), "Name": str(name)} if kind in ("network", "plugin"):
            thing = Thing(kind, identity, (name,), _labels(document))
        case {"Name": str(name)} if kind == "volume":
            bound = _stands_for(document)
            thing = Thing(kind, name, (name,), _labels(document), host_path=bound)
        case {"Id": str(identity)} if kind == "image":
            thing = _image(identity, document)
        case {"ID": str(identity)} if kind in ("service", "secret", "config", "node", "task"):
            thing = _of_swarm(kind, identity, document)
        case _:
            raise ValueError(f"not the document of a {kind}")
    return thing


def _image(identity: str, document: Mapping[str, object]) -> Thing:
    told = [*_texts(document.get("RepoTags")), *_texts(document.get("RepoDigests"))]
    names = tuple(normalise_image(name) for name in told if "<none>" not in name)
    config = _part(document, "Config")
    return Thing("image", identity, names, _labels(config), user=_user(config))


def _user(config: Mapping[str, object]) -> str:
    user = config.get("User")
    return user if isinstance(user, str) else ""


def _stands_for(volume: Mapping[str, object]) -> str:
    """Name what a volume mounts; of a plugin's it cannot be known."""
    driver = volume.get("Driver")
    if driver not in LOCAL:
        return f"driver:{driver}"
    return host_path_of(_part(volume, "Options"))


def _of_swarm(kind: str, identity: str, document: Mapping[str, object]) -> Thing:
    spec = _part(document, "Spec")
    name = (
        spec.get("Name") or document.get("Name") or _part(document, "Description").get("Hostname")
    )
    return Thing(kind, identity, (name,) if isinstance(name, str) else (), _labels(spec))


def _part(document: Mapping[str, object], name: str) -> Mapping[str, object]:
    part = document.get(name)
    return part if isinstance(part, dict) else {}


def _labels(document: Mapping[str, object]) -> Mapping[str, str]:
    labels = document.get("Labels")
    if not isinstance(labels, dict):
        return {}
    return {key: value for key, value in labels.items() if isinstance(value, str)}


def _truth(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _texts(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def element_of(kind: str, element: object) -> Thing:
    """Read one element of a list as `thing_of` reads a document; ValueError where it is none."""
    if not isinstance(element, dict):
        raise ValueError(f"not a {kind}")  # noqa: TRY004 - of a wrong form
    if kind == "image":
        return thing_of(kind, {**element, "Config": {"Labels": element.get("Labels")}})
    if kind != "container":
        return thing_of(kind, element)
    match element:
        case {"Id": str(identity), "Names": names, "ImageID": str(image)}:
            bare = (name.removeprefix("/") for name in _texts(names))
            own = tuple(name for name in bare if "/" not in name)  # the others are links
            return Thing(kind, identity, own, _labels(element), image=image)
        case _:
            raise ValueError("not a container")
