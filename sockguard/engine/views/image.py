"""The view `image`: which images are run, fetched, sent or named, in full.

Must never take an id, or what the Engine may read as one, for the name of an image.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sockguard.engine.cover import NOTHING
from sockguard.engine.names import NAMED
from sockguard.engine.reference import parts_of
from sockguard.engine.view import Gathered, Item, View
from sockguard.engine.views.places import SERVICES, SPEC, as_text, text_at, whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from sockguard.engine.facts import Facts
    from sockguard.engine.view import Asking

ALL_TAGS = "*"
LATEST = "latest"
_ID = re.compile(r"(?:sha[0-9]{3}:)?[0-9a-f]{1,128}", re.ASCII)
_HUB = frozenset({"docker.io", "index.docker.io", "registry-1.docker.io"})


def is_id(text: str) -> bool:
    """Tell whether the Engine may take a text for an id or the beginning of one."""
    return _ID.fullmatch(text) is not None


def full_image(text: str, tag: str = "", untagged: str = LATEST) -> str | None:
    """Complete what names an image; None for what names none, or one or another.

    `tag` stands beside the name: it wins over one within it, and may be a digest. Without either,
    `untagged` is what the Engine takes. An id keeps its form, `sha256:…`.
    """
    if not NAMED["image"](text):
        return None
    if is_id(text) and not tag:
        return text if ":" in text else f"sha256:{text}"
    repository, own_tag, digest = parts_of(text)
    if not tag:
        return f"{repository}{_colon(own_tag or ('' if digest else untagged))}{digest}"
    if ":" in tag:
        return f"{repository}@{tag}"
    # Older Engines keep the digest beside the tag, newer ones drop it.
    return None if digest else f"{repository}:{tag}"


def _colon(tag: str) -> str:
    return f":{tag}" if tag else ""


def gather(asking: Asking, _: Facts) -> Gathered:
    """Gather images, and registries that credentials are for although no image is of them."""
    items = list(_GATHERERS[asking.operation](asking))
    strangers = _foreign_servers(asking.registries, items)
    cover = NOTHING
    if asking.operation in _OF_BODY:
        cover = whole(*_OF_BODY[asking.operation])
    return Gathered((*items, *strangers), cover)


def _item(where: str, text: str, tag: str = "", untagged: str = LATEST) -> Item:
    value = full_image(text, tag, untagged)
    return Item(text, where, strange=True) if value is None else Item(value, where)


_OF_BODY: Mapping[str, tuple[str, ...]] = {
    "containers.create": ("Image",),
    **dict.fromkeys(SERVICES, (*SPEC, "Image")),
}


def _of_body(asking: Asking) -> Iterator[Item]:
    """Read the one image of a body; without one the Engine refuses, or runs nobody knows what."""
    steps = _OF_BODY[asking.operation]
    text, where = text_at(asking.document, *steps), ".".join(steps)
    yield _item(where, text) if text else Item("", where)


def _of_query(name: str, untagged: str) -> Callable[[Asking], Iterator[Item]]:
    def gathered(asking: Asking) -> Iterator[Item]:
        if image := as_text(asking.query.get(name)):
            yield _item(name, image, as_text(asking.query.get("tag")), untagged)

    return gathered


def _pushed(asking: Asking) -> Iterator[Item]:
    yield _item("path", asking.names[0], as_text(asking.query.get("tag")), ALL_TAGS)


def _built(asking: Asking) -> Iterator[Item]:
    """Read what a build tags, and what its exporters do, several names in one text (BuildKit)."""
    tags, outputs = asking.query.get("t"), asking.query.get("outputs")
    for text in tags if isinstance(tags, tuple) else ():
        if text:
            yield _item("t", text)
    for output in outputs if isinstance(outputs, list) else ():
        for name in text_at(output, "Attrs", "name").split(","):
            if name.strip():
                yield _item("outputs", name.strip())


_GATHERERS: Mapping[str, Callable[[Asking], Iterator[Item]]] = {
    **dict.fromkeys(_OF_BODY, _of_body),
    "images.pull": _of_query("fromImage", ALL_TAGS),
    "images.import": _of_query("repo", LATEST),
    "images.tag": _of_query("repo", LATEST),
    "images.push": _pushed,
    "containers.commit": _of_query("repo", LATEST),
    "build.run": _built,
}


def _foreign_servers(servers: tuple[str, ...], items: list[Item]) -> Iterator[Item]:
    """Yield an item that no constraint admits for credentials that no image here is fetched by."""
    registries = {item.value.partition("/")[0] for item in items if "/" in item.value}
    for server in servers:
        if server and _registry_of(server) not in registries:
            yield Item("", "credentials")


def _registry_of(server: str) -> str:
    """Name the registry of a server's address: `https://index.docker.io/v1/` is docker.io."""
    host = server.removeprefix("https://").removeprefix("http://").partition("/")[0]
    return "docker.io" if host in _HUB else host


VIEW = View("image", frozenset(_GATHERERS), gather)
