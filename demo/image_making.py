"""The routes that make images here: build, commit, import.

Must never run what a Dockerfile says.
"""

from __future__ import annotations

import io
import json
import re
import tarfile
from typing import TYPE_CHECKING, Any

from demo import image_store
from demo.call import Call, EngineError, reply
from demo.creation import merged
from demo.events import emit_container
from demo.image_config import applied, changed
from demo.progress import line, lines
from demo.references import full_tag, joined
from demo.state import Image, new_id

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from aiohttp import web

    from demo.state import World

JsonObject = dict[str, Any]
KEPT_ARCHIVE = 8 << 20
FAILED = "The command '/bin/sh -c false' returned a non-zero code: 1"


async def take_in(call: Call) -> web.StreamResponse:
    """POST /images/create with `fromSrc`: an import."""
    source = call.arg("fromSrc")
    if not source:
        raise EngineError(400, "invalid reference format")
    async for _ in call.chunks():
        pass
    config = changed(dict(image_store.PLAIN), call.args("changes"))
    tags = [joined(call.arg("repo"), call.arg("tag"))] if call.arg("repo") else []
    image = image_store.add(call.world, config, tags=tags, how="")
    image.comment = call.arg("message") or f"Imported from {source}"
    image.history = [image_store.step("", image.size, image.comment)]
    image_store.tell(call.world, "import", image)
    return await call.send("application/json", lines([{"status": image.id}]))


async def commit(call: Call) -> web.StreamResponse:
    """POST /commit: the container's configuration, the body's over it, then the `changes`."""
    container = call.world.container(call.arg("container"))
    body = await call.document()
    config = merged(changed(body, call.args("changes")), container.config)
    config = {key: value for key, value in config.items() if key not in ("Image", "Hostname")}
    tags = [joined(call.arg("repo"), call.arg("tag"))] if call.arg("repo") else []
    parent = call.world.images.get(container.image_id)
    words = " ".join(container.config.get("Cmd") or [])
    image = image_store.add(call.world, config, tags=tags, parent=parent, how=words)
    image.comment, image.author = call.arg("comment"), call.arg("author")
    image.history[0]["Comment"] = image.comment
    for tag in tags:
        image_store.tell(call.world, "tag", image, tag)
    image_store.tell(call.world, "create", image)
    more = {"comment": image.comment, "imageID": image.id, "imageRef": "".join(tags)}
    emit_container(call.world, "commit", container, **more)
    return reply({"Id": image.id}, 201)


async def build(call: Call) -> web.StreamResponse:
    """POST /build: read the context, then tell each step of its Dockerfile."""
    wanted = call.arg("dockerfile") or "Dockerfile"
    text = members(await first(call), {wanted}).get(wanted)
    if text is None and not call.arg("remote"):
        raise EngineError(500, f"Cannot locate specified Dockerfile: {wanted}")
    found = [item.strip() for item in (text or b"FROM scratch").decode().splitlines()]
    steps = [item for item in found if re.match(r"[A-Za-z]+\s", item)]
    return await call.send("application/json", _build(call, steps))


async def _build(call: Call, steps: list[str]) -> AsyncIterator[bytes]:
    given = json.loads(call.arg("buildargs") or "{}")
    config, parent = dict(image_store.PLAIN), None
    history: list[JsonObject] = []
    for number, text in enumerate(steps, 1):
        yield line({"stream": f"Step {number}/{len(steps)} : {text}\n"})
        yield line({"stream": f" ---> {new_id()[:12]}\n"})
        if re.match(r"(?i)run\s+false\b", text):
            yield line({"errorDetail": {"code": 1, "message": FAILED}, "error": FAILED})
            return
        if re.match(r"(?i)from\s", text):
            parent, history = _stage(call.world, text.split()[1]), []
            config = dict(parent.config) if parent else dict(image_store.PLAIN)
        config = applied(config, text)
        history.insert(0, image_store.step(_created_by(text, given)))
    labels = (config.get("Labels") or {}) | json.loads(call.arg("labels") or "{}")
    tags = [full_tag(tag) for tag in call.args("t")]
    image = image_store.add(call.world, config | {"Labels": labels}, tags=tags, parent=parent)
    image.history[:1] = history
    yield line({"aux": {"ID": image.id}})
    yield line({"stream": f"Successfully built {image.id[7:19]}\n"})
    for tag in tags:
        image_store.tell(call.world, "tag", image, tag)
        yield line({"stream": f"Successfully tagged {tag}\n"})


def _stage(world: World, reference: str) -> Image | None:
    """What a FROM begins with, pulled when it is not there; None for nothing."""
    return None if reference == "scratch" else image_store.found_or_added(world, reference)


def _created_by(text: str, arguments: JsonObject) -> str:
    """A step as the history keeps it: with the build arguments that it was run with."""
    word, _, rest = text.partition(" ")
    if word.upper() != "RUN":
        return f"/bin/sh -c #(nop)  {word.upper()} {rest}"
    shown = "".join(f"{name}={value} " for name, value in arguments.items())
    return f"|{len(arguments)} {shown}/bin/sh -c {rest}" if arguments else f"/bin/sh -c {rest}"


async def first(call: Call) -> bytes:
    """Read the body to its end; its first bytes."""
    kept = bytearray()
    async for chunk in call.chunks():
        kept += chunk[: max(0, KEPT_ARCHIVE - len(kept))]
    return bytes(kept)


def members(data: bytes, names: set[str]) -> dict[str, bytes]:
    """The wanted members of a tar that may be cut off."""
    return {name: body for name, body in _walk(data) if name in names}


def _walk(data: bytes) -> Iterator[tuple[str, bytes]]:
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r|*") as archive:
            for member in archive:
                source = archive.extractfile(member)
                if source:
                    yield member.name.removeprefix("./"), source.read()
    except (tarfile.TarError, EOFError, OSError):
        return
