"""New images in the world: added, named, told of.

Must never speak HTTP.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from demo.call import EngineError
from demo.events import emit
from demo.references import full_tag, repository
from demo.state import Image, new_id

if TYPE_CHECKING:
    from demo.state import World

JsonObject = dict[str, Any]
LAYER_BYTES = 1 << 20
PLAIN: JsonObject = {"Cmd": ["sh"], "Env": ["PATH=/bin"], "Labels": None}


def add(
    world: World, config: JsonObject, *, tags: list[str], parent: Image | None = None, how: str = ""
) -> Image:
    """A new image on top of another; its tags are taken away from those that had them."""
    image = Image(f"sha256:{new_id()}", [], config, LAYER_BYTES)
    below: list[JsonObject] = []
    if parent:
        image.parent, image.size, below = parent.id, parent.size + LAYER_BYTES, parent.history
    image.history = [step(how or "COPY . / # buildkit", LAYER_BYTES), *below]
    world.images[image.id] = image
    for tag in tags:
        name(world, image, tag)
    return image


def found_or_added(world: World, reference: str) -> Image:
    """The image of that name; a new one, as if it had been pulled, when there is none."""
    try:
        return world.image(reference)
    except EngineError:
        image = add(world, dict(PLAIN), tags=[full_tag(reference)])
        image.repositories = [repository(full_tag(reference))]
        return image


def name(world: World, image: Image, tag: str) -> None:
    """Give a tag to an image, and take it away from the one that had it."""
    for other in world.images.values():
        if tag in other.tags:
            other.tags.remove(tag)
    image.tags.append(tag)


def step(created_by: str, size: int = 0, comment: str = "") -> JsonObject:
    """One entry of a history but for what the image itself says."""
    return {
        "Id": "<missing>",
        "Created": int(time.time()),
        "CreatedBy": created_by,
        "Tags": None,
        "Size": size,
        "Comment": comment,
    }


def tell(world: World, action: str, image: Image, shown: str = "", actor: str = "") -> None:
    """Tell that something happened to an image; events carry its labels."""
    attributes = (image.config.get("Labels") or {}) | {"name": shown or image.id}
    emit(world, "image", action, actor or image.id, attributes)
