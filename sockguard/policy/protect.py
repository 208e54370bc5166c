"""sockguard's own container, volumes and image on the Engine: who names them, and for what.

Must never depend on a policy's mode: report mode gives nobody a way to sockguard itself.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sockguard.engine.operation import Operation
    from sockguard.policy.model import OwnObjects, Query

READS_PROTECTED = frozenset(
    {
        "containers.attach",
        "containers.attach_ws",
        "containers.archive_info",
        "containers.archive_get",
        "containers.archive_put",
        "containers.export",
        "containers.logs",
        "containers.top",
    }
)
EXEMPT = frozenset(
    {
        "containers.list",
        "containers.inspect",
        "containers.stats",
        "containers.changes",
        "containers.wait",
    }
)
"""Clients that inspect or wait for all they list would break."""

CONTAINER_PREFIXES = ("containers.", "checkpoints.", "exec.create")

CONTAINERS_IN_QUERY: Mapping[str, str] = {"containers.commit": "container"}
IMAGES_IN_QUERY: Mapping[str, tuple[str, str]] = {
    "containers.commit": ("repo", "tag"),
    "images.tag": ("repo", "tag"),
    "images.import": ("repo", "tag"),
    "images.pull": ("fromImage", "tag"),
}
"""Operations that move a tag named in the query: the next start of sockguard would run it."""

ALL_TAGS = frozenset({"images.pull", "images.push"})
"""Operations that without a tag take all of a repository (a pull on old Engines)."""

JOINED = "container:"
"""What stands before a container's name where a build takes its network from one."""


def is_protected(operation: Operation) -> bool:
    """Tell whether the operation must not be used on what belongs to sockguard."""
    if operation.name in EXEMPT:
        return False
    return operation.writes or operation.name in READS_PROTECTED


def names_own(operation: Operation, names: tuple[str, ...], query: Query, own: OwnObjects) -> str:
    """Return the first name in path or query that is sockguard's own, "" for none."""
    if not is_protected(operation):
        return ""
    suspects = _containers(operation, names, query, own)
    suspects += _volumes(operation, names, own) + _images(operation, names, query, own)
    return suspects[0] if suspects else ""


def _containers(
    operation: Operation, names: tuple[str, ...], query: Query, own: OwnObjects
) -> list[str]:
    named = list(names[:1]) if operation.name.startswith(CONTAINER_PREFIXES) else []
    named += _texts(query, CONTAINERS_IN_QUERY.get(operation.name, ""))
    if operation.name == "build.run":
        joined = (text for text in _texts(query, "networkmode") if text.startswith(JOINED))
        named += [text.removeprefix(JOINED) for text in joined]
    return [name for name in named if is_own_container(name, own)]


def is_own_container(name: str, own: OwnObjects) -> bool:
    """Compare by name, full id and id prefix: the Engine resolves all three, case-sensitively."""
    bare = name.removeprefix("/")
    return bare in own.container_names or (bare != "" and own.container_id.startswith(bare))


def _volumes(operation: Operation, names: tuple[str, ...], own: OwnObjects) -> list[str]:
    if not operation.name.startswith("volumes."):
        return []
    return [name for name in names[:1] if name in own.volumes]


def _images(
    operation: Operation, names: tuple[str, ...], query: Query, own: OwnObjects
) -> list[str]:
    named = list(names[:1]) if operation.name.startswith("images.") else []
    found = []
    if operation.name == "build.run":
        named += [*_texts(query, "t"), *_exported(query)]
    elif moved := _moved(operation, names, query):
        image, tag = moved
        named.append(_tagged(image, tag))
        if operation.name in ALL_TAGS and not tag and ":" not in image.rpartition("/")[2]:
            found = [image] if repository_of(normalise_image(image)) in _repositories(own) else []
    return found + [name for name in named if is_own_image(name, own)]


def _moved(operation: Operation, names: tuple[str, ...], query: Query) -> tuple[str, str] | None:
    """Return the name that the operation moves and the tag beside it, None for no name."""
    if operation.name == "images.push":
        return names[0], "".join(_texts(query, "tag"))
    if operation.name not in IMAGES_IN_QUERY:
        return None
    image, tag = ("".join(_texts(query, key)) for key in IMAGES_IN_QUERY[operation.name])
    return (image, tag) if image else None


def _exported(query: Query) -> Iterator[str]:
    """Name the images that a build's exporters tag, several in one text (BuildKit, exporter)."""
    outputs: object = query.values.get("outputs")
    for output in outputs if isinstance(outputs, list) else ():
        match output:
            case {"Attrs": {"name": str(images)}}:
                yield from filter(None, map(str.strip, images.split(",")))
            case _:
                pass


def _texts(query: Query, name: str) -> Iterable[str]:
    value = query.values.get(name)
    if isinstance(value, str):
        return [value]
    return value if isinstance(value, tuple) else []


def _tagged(image: str, tag: str) -> str:
    """Join name and tag: `tag` wins over one within the name, and may be a digest."""
    if not tag:
        return image
    if ":" in tag:
        return f"{image}@{tag}"
    head, colon, last = image.rpartition(":")
    bare = head if colon and "/" not in last else image
    return f"{bare}:{tag}"


def is_own_image(name: str, own: OwnObjects) -> bool:
    """Compare by normalised name, any digest of its repository, and image id prefix."""
    bare = name.removeprefix("sha256:")
    if re.fullmatch(r"[0-9a-f]{1,64}", bare) and any(i.startswith(bare) for i in own.image_ids):
        return True
    full = normalise_image(name)
    if "@" in full:
        return repository_of(full) in _repositories(own)
    return full in own.images or repository_of(full) in own.repositories


def _repositories(own: OwnObjects) -> set[str]:
    return {*own.repositories, *map(repository_of, own.images)}


def repository_of(full: str) -> str:
    """Cut digest and tag off a normalised name."""
    return full.partition("@")[0].rpartition(":")[0]


def normalise_image(name: str) -> str:
    """Complete a short image name as the Engine does: `docker.io/library/alpine:latest`.

    A digest stays behind the tag. Source: distribution/reference, ParseNormalizedNamed.
    """
    rest, at, digest = name.partition("@")
    head, colon, last = rest.rpartition(":")
    path, tag = (head, last) if colon and "/" not in last else (rest, "latest")
    domain, slash, remainder = path.partition("/")
    if not slash or not _is_registry(domain):
        domain, remainder = "docker.io", path
    if domain == "index.docker.io":
        domain = "docker.io"
    if domain == "docker.io" and "/" not in remainder:
        remainder = f"library/{remainder}"
    return f"{domain}/{remainder}:{tag}{at}{digest}"


def _is_registry(component: str) -> bool:
    has_mark = "." in component or ":" in component
    return has_mark or component == "localhost" or component != component.lower()
