"""The routes that list, inspect, tag and remove images.

Must never move image contents: that is `image_transfers`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from demo.call import Call, EngineError, empty, reply
from demo.documents import moment
from demo.events import emit
from demo.filters import has_label, passes
from demo.state import digests, full_tag

if TYPE_CHECKING:
    from aiohttp import web

    from demo.filters import Tests
    from demo.state import Image

JsonObject = dict[str, Any]


def _listed(call: Call, image: Image) -> JsonObject:
    containers = call.world.containers.values()
    return {
        "Id": image.id,
        "ParentId": "",
        "RepoTags": image.tags,
        "RepoDigests": digests(image),
        "Created": int(image.created),
        "Size": image.size,
        "SharedSize": -1,
        "Labels": image.config.get("Labels"),
        "Containers": sum(item.image_id == image.id for item in containers),
    }


def _kept(call: Call, image: Image, filters: dict[str, list[str]]) -> bool:
    labels = image.config.get("Labels") or {}
    tests: Tests = {
        "reference": lambda value: any(
            tag == full_tag(value) or tag.rpartition(":")[0] == value for tag in image.tags
        ),
        "label": lambda value: has_label(labels, value),
        "dangling": lambda value: (value in ("1", "true")) == (not image.tags),
        "before": lambda value: image.created < call.world.image(value).created,
        "since": lambda value: image.created > call.world.image(value).created,
        "until": lambda _: True,
    }
    return passes(tests, filters)


async def list_(call: Call) -> web.StreamResponse:
    """GET /images/json."""
    filters = call.filters()
    images = [image for image in call.world.images.values() if _kept(call, image, filters)]
    return reply([_listed(call, image) for image in images])


async def inspect(call: Call) -> web.StreamResponse:
    """GET /images/{name}/json."""
    image = call.world.image(call.params["name"])
    return reply(
        {
            "Id": image.id,
            "RepoTags": image.tags,
            "RepoDigests": digests(image),
            "Parent": "",
            "Comment": "",
            "Created": moment(image.created),
            "DockerVersion": "",
            "Author": "",
            "Config": image.config,
            "Architecture": "amd64",
            "Os": "linux",
            "Size": image.size,
            "GraphDriver": {"Name": "overlay2", "Data": None},
            "RootFS": {"Type": "layers", "Layers": [image.id]},
            "Metadata": {"LastTagTime": moment(0)},
        }
    )


async def history(call: Call) -> web.StreamResponse:
    """GET /images/{name}/history."""
    image = call.world.image(call.params["name"])
    step = {
        "Id": image.id,
        "Created": int(image.created),
        "CreatedBy": "COPY . / # buildkit",
        "Tags": image.tags,
        "Size": image.size,
        "Comment": "",
    }
    return reply([step])


async def tag(call: Call) -> web.StreamResponse:
    """POST /images/{name}/tag."""
    image = call.world.image(call.params["name"])
    if not call.arg("repo"):
        raise EngineError(400, "repository name must have at least one component")
    name = full_tag(f"{call.arg('repo')}:{call.arg('tag') or 'latest'}")
    for other in call.world.images.values():
        other.tags = [known for known in other.tags if known != name]
    image.tags.append(name)
    emit(call.world, "image", "tag", image.id, {"name": name})
    return empty(201)


async def remove(call: Call) -> web.StreamResponse:
    """DELETE /images/{name}: one tag goes, and the image with its last."""
    reference = call.params["name"]
    image = call.world.image(reference)
    users = [item for item in call.world.containers.values() if item.image_id == image.id]
    name = full_tag(reference)
    gone = [name] if name in image.tags else list(image.tags)
    last = len(gone) == len(image.tags)
    if last and users and not call.flag("force"):
        raise EngineError(
            409,
            f"conflict: unable to remove repository reference {reference!r} (must force) - "
            f"container {users[0].id[:12]} is using its referenced image {image.id[7:19]}",
        )
    image.tags = [known for known in image.tags if known not in gone]
    done = [{"Untagged": known} for known in gone]
    for known in gone:
        emit(call.world, "image", "untag", image.id, {"name": known})
    if last and not users:
        del call.world.images[image.id]
        done.append({"Deleted": image.id})
        emit(call.world, "image", "delete", image.id, {"name": image.id})
    return reply(done)


async def search(call: Call) -> web.StreamResponse:
    """GET /images/search."""
    term = call.arg("term")
    found = {
        "name": term,
        "description": "An image of the demo engine",
        "is_official": False,
        "is_automated": False,
        "star_count": 7,
    }
    return reply([found])


async def prune(call: Call) -> web.StreamResponse:
    """POST /images/prune: those without a tag."""
    used = {item.image_id for item in call.world.containers.values()}
    gone = [key for key, image in call.world.images.items() if not image.tags and key not in used]
    for key in gone:
        del call.world.images[key]
    return reply({"ImagesDeleted": [{"Deleted": key} for key in gone], "SpaceReclaimed": 0})


async def distribution(call: Call) -> web.StreamResponse:
    """GET /distribution/{name}/json."""
    image = call.world.image(call.params["name"])
    media = "application/vnd.oci.image.index.v1+json"
    descriptor = {"mediaType": media, "digest": image.id, "size": image.size}
    platform = {"architecture": "amd64", "os": "linux"}
    return reply({"Descriptor": descriptor, "Platforms": [platform]})
