"""The routes that move images in and out: pull, push, save, load.

Must never hold a whole archive: large ones are counted and hashed as they pass.
"""

from __future__ import annotations

import asyncio
import json
import tarfile
from typing import TYPE_CHECKING, Any

from demo import image_making, image_store, references
from demo.call import Call, EngineError
from demo.image_making import first, members
from demo.image_store import LAYER_BYTES
from demo.progress import line, lines
from demo.references import full_tag
from demo.state import new_id

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiohttp import web

    from demo.state import Image, World

BLOCK = 64 * 1024


async def create(call: Call) -> web.StreamResponse:
    """POST /images/create: a pull, or an import when `fromImage` is empty."""
    name, tag = call.arg("fromImage"), call.arg("tag")
    if not name:
        return await image_making.take_in(call)
    joint = "@" if tag.startswith("sha256:") else ":"
    reference = full_tag(name + (joint + tag) * bool(tag))
    references.check(reference)
    return await call.send("application/json", _pull(call, reference))


async def _pull(call: Call, name: str) -> AsyncIterator[bytes]:
    """Progress of one layer, then a new image or the one that is there."""
    settings = call.world.settings
    repository, tag = _parted(name)
    yield line({"status": f"Pulling from {repository}", "id": tag})
    layer = new_id()[:12]
    yield line({"status": "Pulling fs layer", "progressDetail": {}, "id": layer})
    for number in range(1, settings.pull_lines + 1):
        await asyncio.sleep(settings.pull_delay)
        done = LAYER_BYTES * number // settings.pull_lines
        detail = {"current": done, "total": LAYER_BYTES}
        yield line({"status": "Downloading", "progressDetail": detail, "id": layer})
    yield line({"status": "Pull complete", "progressDetail": {}, "id": layer})
    known = _known(call.world, name)
    image = known or _pulled(call.world, name)
    image_store.tell(call.world, "pull", image, repository, actor=name)
    yield line({"status": f"Digest: {image.id}"})
    word = "Image is up to date" if known else "Downloaded newer image"
    yield line({"status": f"Status: {word} for {name}"})


def _parted(name: str) -> tuple[str, str]:
    """`a/b:1` -> `a/b`, `1`; `a/b@sha256:…` -> `a/b`, `sha256:…`."""
    repository, at, digest = name.partition("@")
    return (repository, digest) if at else (references.repository(name), name.rpartition(":")[2])


def _known(world: World, name: str) -> Image | None:
    try:
        return world.image(name)
    except EngineError:
        return None


def _pulled(world: World, name: str) -> Image:
    """A new image from a registry; one that was asked for by digest has no tag."""
    repository, tag = _parted(name)
    image = image_store.add(world, dict(image_store.PLAIN), tags=[] if "@" in name else [name])
    if "@" in name:
        del world.images[image.id]
        image.id = tag
        world.images[image.id] = image
    image.repositories = [repository]
    return image


async def push(call: Call) -> web.StreamResponse:
    """POST /images/{name}/push."""
    tag = call.arg("tag") or "latest"
    name = full_tag(f"{call.params['name']}:{tag}")
    image = call.world.image(name)
    documents: list[dict[str, Any]] = [
        {"status": f"The push refers to repository [{call.params['name']}]"},
        {"status": "Pushed", "progressDetail": {}, "id": image.id[7:19]},
        {"status": f"{tag}: digest: {image.id} size: {image.size}"},
        {"progressDetail": {}, "aux": {"Tag": tag, "Digest": image.id, "Size": image.size}},
    ]
    image_store.tell(call.world, "push", image, name, actor=name)
    return await call.send("application/json", lines(documents))


async def save_one(call: Call) -> web.StreamResponse:
    """GET /images/{name}/get."""
    return await _save(call, [call.params["name"]])


async def save_many(call: Call) -> web.StreamResponse:
    """GET /images/get."""
    return await _save(call, [name for text in call.args("names") for name in text.split(",")])


async def _save(call: Call, names: list[str]) -> web.StreamResponse:
    images = [call.world.image(name) for name in names]
    for image in images:
        image_store.tell(call.world, "save", image)
    pieces = _archive(images, names, call.world.settings.save_bytes)
    return await call.send("application/x-tar", pieces)


async def _archive(images: list[Image], names: list[str], size: int) -> AsyncIterator[bytes]:
    """A tar whose first member is the manifest and whose layer has `size` zero bytes."""
    manifest = [
        {
            "Config": f"{image.id[7:]}.json",
            "RepoTags": [full_tag(name)] if full_tag(name) in image.tags else image.tags,
            "Layers": ["layer.tar"],
        }
        for image, name in zip(images, names, strict=True)
    ]
    members = {"manifest.json": json.dumps(manifest).encode()}
    members |= {f"{image.id[7:]}.json": json.dumps(image.config).encode() for image in images}
    for name, data in members.items():
        yield _head(name, len(data)) + data + bytes(-len(data) % 512)
    yield _head("layer.tar", size)
    padded = size + (-size % 512) + 1024
    for start in range(0, padded, BLOCK):
        yield bytes(min(BLOCK, padded - start))


def _head(name: str, size: int) -> bytes:
    info = tarfile.TarInfo(name)
    info.size = size
    return info.tobuf()


async def load(call: Call) -> web.StreamResponse:
    """POST /images/load: the first 8 MiB say which images it holds."""
    kept = await first(call)
    manifest = json.loads(members(kept, {"manifest.json"}).get("manifest.json", b"[]"))
    if call.entry.body.length == 0:
        raise EngineError(400, "unexpected EOF")
    return await call.send("application/json", _loaded(call.world, manifest))


async def _loaded(world: World, manifest: list[dict[str, Any]]) -> AsyncIterator[bytes]:
    """Take an archive's images in; one that is known only gets its tags back."""
    for entry in manifest or [{"RepoTags": ["loaded:latest"]}]:
        known = world.images.get(f"sha256:{entry.get('Config', '').removesuffix('.json')}")
        image = known or image_store.add(world, dict(image_store.PLAIN), tags=[])
        for tag in entry.get("RepoTags") or []:
            image_store.name(world, image, tag)
        image_store.tell(world, "load", image)
        for tag in entry.get("RepoTags") or []:
            yield line({"stream": f"Loaded image: {tag}\n"})
