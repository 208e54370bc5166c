"""sockguard's own container, volumes and image on the Engine: who names them, and for what.

Must never depend on a policy's mode: report mode gives nobody a way to sockguard itself.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sockguard.engine.facts import Thing
from sockguard.engine.host_paths import bound_paths
from sockguard.engine.reference import normalise_image, repository_of
from sockguard.policy.globs import lies_under
from sockguard.policy.question import NO_OBJECTS, references_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sockguard.engine.facts import Facts
    from sockguard.engine.operation import Operation
    from sockguard.policy.question import OwnObjects, Query, Question

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

IMAGES_IN_QUERY: Mapping[str, tuple[str, str]] = {
    "containers.commit": ("repo", "tag"),
    "images.tag": ("repo", "tag"),
    "images.import": ("repo", "tag"),
    "images.pull": ("fromImage", "tag"),
}
"""Operations that move a tag named in the query: the next start of sockguard would run it."""

ALL_TAGS = frozenset({"images.pull", "images.push"})
"""Operations that without a tag take all of a repository (a pull on old Engines)."""


def is_protected(operation: Operation) -> bool:
    """Tell whether the operation must not be used on what belongs to sockguard."""
    if operation.name in EXEMPT:
        return False
    return operation.writes or operation.name in READS_PROTECTED


def own_named(question: Question, facts: Facts) -> str:
    """Return the first name or path that is sockguard's own, "" for none.

    Path, query and body count as they would be sent. Notes in `facts` that the container behind an
    exec has to be asked for.
    """
    operation, own = question.operation, question.own
    if not is_protected(operation) or own == NO_OBJECTS:
        return ""
    suspects = [
        reference.name
        for reference in references_of(question)
        if (reference.kind == "container" and is_own_container(reference.name, own))
        or (reference.kind == "volume" and reference.name in own.volumes)
        or (reference.kind == "exec" and _runs_in_own(reference.name, own, facts))
    ]
    suspects += _images(operation, question.names, question.query, own)
    suspects += _paths(operation, question.body.document, own)
    return suspects[0] if suspects else ""


def _runs_in_own(name: str, own: OwnObjects, facts: Facts) -> bool:
    made = facts.find("exec", name) if own.container_id else None
    return isinstance(made, Thing) and made.container == own.container_id


def _paths(operation: Operation, document: object, own: OwnObjects) -> list[str]:
    """Name the host paths in a body that are sockguard's; who may bind all of `/` has them too."""
    bound = bound_paths(operation.name, document)
    return [path for path in bound if any(lies_under(path, mine) for mine in own.paths)]


def is_own_container(name: str, own: OwnObjects) -> bool:
    """Compare by name, full id and id prefix: the Engine resolves all three, case-sensitively."""
    bare = name.removeprefix("/")
    return bare in own.container_names or (bare != "" and own.container_id.startswith(bare))


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
