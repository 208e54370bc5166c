"""The routes that move images in and out: pull, push, save, load, import, build, commit.

Must never hold a whole archive: large ones are counted and hashed as they pass.
"""

from __future__ import annotations

import asyncio
import io
import json
import re
import tarfile
from typing import TYPE_CHECKING, Any

from demo.call import Call, EngineError, reply
from demo.events import emit
from demo.state import Image, full_tag, new_id

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from aiohttp import web

    from demo.state import World

KEPT_ARCHIVE = 8 << 20
BLOCK = 64 * 1024
LAYER_BYTES = 1 << 20


def _line(document: dict[str, Any]) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode() + b"\r\n"


def _add(world: World, tags: list[str], config: dict[str, Any] | None = None) -> Image:
    """A new image; its tags are taken away from those that had them."""
    for other in world.images.values():
        other.tags = [known for known in other.tags if known not in tags]
    default = {"Cmd": ["sh"], "Env": ["PATH=/bin"]}
    image = Image(f"sha256:{new_id()}", tags, config or default, LAYER_BYTES)
    world.images[image.id] = image
    return image


async def create(call: Call) -> web.StreamResponse:
    """POST /images/create: a pull, or an import when `fromSrc` is given."""
    if source := call.arg("fromSrc"):
        async for _ in call.chunks():
            pass
        name = call.arg("repo") or f"imported-from-{source}"
        image = _add(call.world, [full_tag(f"{name}:{call.arg('tag') or 'latest'}")])
        emit(call.world, "image", "import", image.id, {"name": name})
        return await call.send("application/json", _lines([{"status": image.id}]))
    name, tag = call.arg("fromImage"), call.arg("tag")
    if not name:
        raise EngineError(400, "invalid reference format")
    joint = "@" if tag.startswith("sha256:") else ":"
    return await call.send(
        "application/json", _pull(call, full_tag(name + (joint + tag) * bool(tag)))
    )


async def _lines(documents: list[dict[str, Any]]) -> AsyncIterator[bytes]:
    for document in documents:
        yield _line(document)


async def _pull(call: Call, name: str) -> AsyncIterator[bytes]:
    """Progress of one layer, then a new image or the one that is there."""
    settings = call.world.settings
    repository, _, tag = name.rpartition(":")
    yield _line({"status": f"Pulling from {repository}", "id": tag})
    layer = new_id()[:12]
    yield _line({"status": "Pulling fs layer", "progressDetail": {}, "id": layer})
    for number in range(1, settings.pull_lines + 1):
        await asyncio.sleep(settings.pull_delay)
        done = LAYER_BYTES * number // settings.pull_lines
        detail = {"current": done, "total": LAYER_BYTES}
        yield _line({"status": "Downloading", "progressDetail": detail, "id": layer})
    yield _line({"status": "Pull complete", "progressDetail": {}, "id": layer})
    known = any(name in image.tags for image in call.world.images.values())
    image = call.world.image(name) if known else _add(call.world, [name])
    emit(call.world, "image", "pull", name, {"name": repository})
    yield _line({"status": f"Digest: {image.id}"})
    word = "Image is up to date" if known else "Downloaded newer image"
    yield _line({"status": f"Status: {word} for {name}"})


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
    emit(call.world, "image", "push", name, {"name": name})
    return await call.send("application/json", _lines(documents))


async def save_one(call: Call) -> web.StreamResponse:
    """GET /images/{name}/get."""
    return await _save(call, [call.params["name"]])


async def save_many(call: Call) -> web.StreamResponse:
    """GET /images/get."""
    return await _save(call, [name for text in call.args("names") for name in text.split(",")])


async def _save(call: Call, names: list[str]) -> web.StreamResponse:
    images = [call.world.image(name) for name in names]
    for image in images:
        emit(call.world, "image", "save", image.id, {"name": image.id})
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
    kept = await _first(call)
    manifest = json.loads(_members(kept, {"manifest.json"}).get("manifest.json", b"[]"))
    if call.entry.body.length == 0:
        raise EngineError(400, "unexpected EOF")
    return await call.send("application/json", _loaded(call.world, manifest))


async def _loaded(world: World, manifest: list[dict[str, Any]]) -> AsyncIterator[bytes]:
    """Take an archive's images in; one that is known only gets its tags back."""
    for entry in manifest or [{"RepoTags": ["loaded:latest"]}]:
        known = world.images.get(f"sha256:{entry.get('Config', '').removesuffix('.json')}")
        image = known or _add(world, [])
        image.tags += [tag for tag in entry.get("RepoTags") or [] if tag not in image.tags]
        emit(world, "image", "load", image.id, {"name": image.id})
        for tag in entry.get("RepoTags") or []:
            yield _line({"stream": f"Loaded image: {tag}\n"})


async def _first(call: Call) -> bytes:
    """Read the body to its end; its first bytes."""
    kept = bytearray()
    async for chunk in call.chunks():
        kept += chunk[: max(0, KEPT_ARCHIVE - len(kept))]
    return bytes(kept)


def _members(data: bytes, names: set[str]) -> dict[str, bytes]:
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


async def build(call: Call) -> web.StreamResponse:
    """POST /build: read the context, then tell each step of its Dockerfile."""
    wanted = call.arg("dockerfile") or "Dockerfile"
    text = _members(await _first(call), {wanted}).get(wanted)
    if text is None and not call.arg("remote"):
        raise EngineError(500, f"Cannot locate specified Dockerfile: {wanted}")
    lines = [line.strip() for line in (text or b"FROM scratch").decode().splitlines()]
    steps = [line for line in lines if re.match(r"[A-Za-z]+\s", line)]
    return await call.send("application/json", _build(call, steps))


async def _build(call: Call, steps: list[str]) -> AsyncIterator[bytes]:
    for number, step in enumerate(steps, 1):
        yield _line({"stream": f"Step {number}/{len(steps)} : {step}\n"})
        yield _line({"stream": f" ---> {new_id()[:12]}\n"})
        if re.match(r"(?i)run\s+false\b", step):
            message = "The command '/bin/sh -c false' returned a non-zero code: 1"
            yield _line({"errorDetail": {"code": 1, "message": message}, "error": message})
            return
    labels = json.loads(call.arg("labels") or "{}")
    tags = [full_tag(tag) for tag in call.args("t")]
    image = _add(call.world, tags, {"Cmd": ["sh"], "Env": ["PATH=/bin"], "Labels": labels})
    yield _line({"aux": {"ID": image.id}})
    yield _line({"stream": f"Successfully built {image.id[7:19]}\n"})
    for tag in tags:
        yield _line({"stream": f"Successfully tagged {tag}\n"})


async def commit(call: Call) -> web.StreamResponse:
    """POST /commit."""
    container = call.world.container(call.arg("container"))
    await call.document()
    name = call.arg("repo")
    tags = [full_tag(f"{name}:{call.arg('tag') or 'latest'}")] if name else []
    image = _add(call.world, tags, {"Cmd": container.config.get("Cmd"), "Labels": {}})
    emit(call.world, "image", "create", image.id)
    return reply({"Id": image.id}, 201)
