"""The routes that list, inspect, tag and remove images.

Must never move image contents: that is `image_transfers`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from demo import image_store
from demo.call import Call, EngineError, empty, reply
from demo.defaults import CONFIG
from demo.documents import graph_data
from demo.events import emit
from demo.filters import has_label, passes
from demo.moments import moment, read_moment
from demo.references import full_tag, joined, repository
from demo.state import digests

if TYPE_CHECKING:
    from aiohttp import web

    from demo.state import Image

JsonObject = dict[str, Any]


def listed(image: Image, containers: int = -1) -> JsonObject:
    """One entry of GET /images/json."""
    return {
        "Id": image.id,
        "ParentId": image.parent,
        "RepoTags": image.tags,
        "RepoDigests": digests(image),
        "Created": int(image.created),
        "Size": image.size,
        "SharedSize": -1,
        "Labels": image.config.get("Labels"),
        "Containers": containers,
    }


def users(call: Call, image: Image) -> int:
    """How many containers were made from an image."""
    return sum(item.image_id == image.id for item in call.world.containers.values())


def _kept(call: Call, image: Image, filters: dict[str, list[str]]) -> bool:
    labels = image.config.get("Labels") or {}
    tests = {
        "reference": lambda value: any(
            value in (tag, repository(tag)) or tag == full_tag(value) for tag in image.tags
        ),
        "label": lambda value: has_label(labels, value),
        "label!": lambda value: not has_label(labels, value),
        "dangling": lambda value: (value in ("1", "true")) == (not image.tags),
        "before": lambda value: image.created < call.world.image(value).created,
        "since": lambda value: image.created > call.world.image(value).created,
        "until": lambda value: image.created < (read_moment(value) or 0),
    }
    return passes(tests, filters)


async def list_(call: Call) -> web.StreamResponse:
    """GET /images/json: counts of containers since API 1.51."""
    filters = call.filters()
    images = [image for image in call.world.images.values() if _kept(call, image, filters)]
    counted = call.version >= (1, 51)
    return reply([listed(image, users(call, image) if counted else -1) for image in images])


async def inspect(call: Call) -> web.StreamResponse:
    """GET /images/{name}/json."""
    image = call.world.image(call.params["name"])
    document: JsonObject = {
        "Id": image.id,
        "RepoTags": image.tags,
        "RepoDigests": digests(image),
        "Parent": image.parent,
        "Comment": image.comment,
        "Created": moment(image.created),
        "DockerVersion": "",
        "Author": image.author,
        "Config": _config(call, image),
        "Architecture": "amd64",
        "Os": "linux",
        "Size": image.size,
        "GraphDriver": {"Name": "overlay2", "Data": graph_data(image.id, image.parent)},
        "RootFS": {"Type": "layers", "Layers": [image.id]},
        "Metadata": {"LastTagTime": moment(0)},
    }
    if call.version >= (1, 52):
        optional = ("Parent", "Comment", "DockerVersion", "Author")
        document = {key: value for key, value in document.items() if value or key not in optional}
    return reply(document)


def _config(call: Call, image: Image) -> JsonObject:
    """All fields of a container's configuration before API 1.50, only an image's own since."""
    whole = CONFIG | {"Hostname": ""} | image.config
    if call.version >= (1, 52):
        return {key: value for key, value in image.config.items() if value}
    if call.version < (1, 50):
        return whole
    own = ("User", "Env", "Cmd", "Volumes", "WorkingDir", "Entrypoint", "OnBuild", "Labels")
    return {key: whole[key] for key in own} | image.config


async def history(call: Call) -> web.StreamResponse:
    """GET /images/{name}/history: the newest step carries the image's id and tags."""
    image = call.world.image(call.params["name"])
    newest, *below = image.history
    top = {"Id": image.id, "Created": int(image.created), "Tags": image.tags}
    return reply([newest | top, *below])


async def attestations(call: Call) -> web.StreamResponse:
    """GET /images/{name}/attestations: how it was built, whole with `statement`."""
    if call.version < (1, 55):
        raise EngineError(404, "page not found")
    image = call.world.image(call.params["name"])
    kind = "https://slsa.dev/provenance/v1"
    if call.args("type") and kind not in call.args("type"):
        return reply([])
    built = {"args": {"build-arg:TOKEN": "not-a-real-token"}}
    statement = {"predicateType": kind, "predicate": built}
    descriptor = {"mediaType": "application/vnd.in-toto+json", "digest": image.id, "size": 512}
    found: JsonObject = {"Descriptor": descriptor, "PredicateType": kind}
    return reply([found | ({"Statement": statement} if call.flag("statement") else {})])


async def tag(call: Call) -> web.StreamResponse:
    """POST /images/{name}/tag."""
    image = call.world.image(call.params["name"])
    if not call.arg("repo"):
        raise EngineError(400, "repository name must have at least one component")
    name = joined(call.arg("repo"), call.arg("tag"))
    image_store.name(call.world, image, name)
    image_store.tell(call.world, "tag", image, name)
    return empty(201)


async def remove(call: Call) -> web.StreamResponse:
    """DELETE /images/{name}: one tag goes, and the image with its last."""
    reference = call.params["name"]
    image = call.world.image(reference)
    name = full_tag(reference)
    gone = [name] if name in image.tags else list(image.tags)
    last = len(gone) == len(image.tags)
    _check_removal(call, image, reference, gone, last)
    image.tags = [known for known in image.tags if known not in gone]
    done = [{"Untagged": known} for known in gone]
    for _ in gone:
        image_store.tell(call.world, "untag", image)
    if last and not users(call, image):
        del call.world.images[image.id]
        done.append({"Deleted": image.id})
        image_store.tell(call.world, "delete", image)
    return reply(done)


def _check_removal(call: Call, image: Image, reference: str, gone: list[str], last: bool) -> None:
    """EngineError 409 for what still is in use, or has several names and is asked for by id."""
    containers = [item for item in call.world.containers.values() if item.image_id == image.id]
    short, force = image.id[7:19], call.flag("force")
    named = full_tag(reference) in image.tags
    if not named and len(gone) > 1 and not force:
        what = f"unable to delete {short} (must be forced)"
        raise EngineError(409, f"conflict: {what} - image is referenced in multiple repositories")
    running = [item for item in containers if item.running]
    if last and running and not named:
        what = f"unable to delete {short} (cannot be forced)"
        user = running[0].id[:12]
        raise EngineError(
            409, f"conflict: {what} - image is being used by running container {user}"
        )
    if last and containers and not force:
        raise EngineError(
            409,
            f'conflict: unable to remove repository reference "{reference}" (must force) - '
            f"container {containers[0].id[:12]} is using its referenced image {short}",
        )


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
    """POST /images/prune: those without a tag, or all that nothing uses with `dangling=false`."""
    filters = call.filters()
    everything = filters.pop("dangling", ["1"]) in (["0"], ["false"])
    gone = [
        image
        for image in list(call.world.images.values())
        if (everything or not image.tags) and not users(call, image) and _kept(call, image, filters)
    ]
    done: list[dict[str, str]] = []
    for image in gone:
        done += [{"Untagged": known} for known in image.tags] + [{"Deleted": image.id}]
        del call.world.images[image.id]
        image_store.tell(call.world, "delete", image)
    freed = sum(image.size for image in gone)
    emit(call.world, "image", "prune", "", {"reclaimed": str(freed)})
    return reply({"ImagesDeleted": done or None, "SpaceReclaimed": freed})


async def distribution(call: Call) -> web.StreamResponse:
    """GET /distribution/{name}/json."""
    image = call.world.image(call.params["name"])
    media = "application/vnd.oci.image.index.v1+json"
    descriptor = {"mediaType": media, "digest": image.id, "size": image.size}
    platform = {"architecture": "amd64", "os": "linux"}
    return reply({"Descriptor": descriptor, "Platforms": [platform]})
