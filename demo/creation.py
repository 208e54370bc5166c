"""How a container is made from a create request and its image.

Must never start it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from demo.call import EngineError
from demo.endpoints import prepare
from demo.events import emit_container
from demo.files import Tree
from demo.mounts import mounted
from demo.state import Container, new_id

if TYPE_CHECKING:
    from demo.state import World

JsonObject = dict[str, Any]

NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+")
FILES = {
    "/etc/hostname": b"demo\n",
    "/etc/os-release": b'NAME="Demo"\nID=demo\n',
    "/tmp/hello.txt": b"hello from the demo engine\n",
}
MAPS = ("Labels", "ExposedPorts", "Volumes")
TAKEN_WHOLE = ("User", "WorkingDir", "StopSignal", "Healthcheck", "Shell", "OnBuild")


def create(world: World, name: str, body: JsonObject, identity: str | None = None) -> Container:
    """Make a container from a create request; EngineError 400, 404 or 409."""
    config = dict(body)
    host_config = dict(config.pop("HostConfig", None) or {})
    networking = config.pop("NetworkingConfig", None) or {}
    if not config.get("Image"):
        raise EngineError(400, "no image specified")
    image = world.image(config["Image"])
    config = merged(config, image.config)
    if not config.get("Cmd") and not config.get("Entrypoint"):
        raise EngineError(400, "no command specified")
    check_name(world, name)
    identity = identity or new_id()
    if host_config.get("NetworkMode") in (None, "", "default"):
        host_config["NetworkMode"] = "bridge"
    container = Container(
        identity,
        name.removeprefix("/") or f"demo_{identity[:8]}",
        config["Image"],
        image.id,
        config,
        host_config,
        Tree(FILES),
    )
    _prepare_networks(world, container, networking.get("EndpointsConfig") or {})
    container.mounts = mounted(world, config, host_config)
    world.containers[identity] = container
    emit_container(world, "create", container)
    return container


def merged(asked: JsonObject, image: JsonObject) -> JsonObject:
    """A container's configuration: what was asked for, and from its image what was not."""
    config = dict(asked)
    for key in TAKEN_WHOLE:
        config[key] = asked.get(key) or image.get(key)
    for key in MAPS:
        config[key] = (image.get(key) or {}) | (asked.get(key) or {})
    if not asked.get("Entrypoint"):
        config["Cmd"] = asked.get("Cmd") or image.get("Cmd")
        if asked.get("Entrypoint") is None:
            config["Entrypoint"] = image.get("Entrypoint")
    config["Env"] = environment(asked.get("Env") or [], image.get("Env") or [])
    return {key: value for key, value in config.items() if value is not None}


def environment(first: list[str], rest: list[str]) -> list[str]:
    """All of `first`, and of `rest` the variables that it does not name."""
    named = {text.partition("=")[0] for text in first}
    return first + [text for text in rest if text.partition("=")[0] not in named]


def check_name(world: World, name: str) -> None:
    """EngineError 400 for a name that cannot be, 409 for one that is taken."""
    if name and not NAME.fullmatch(name.removeprefix("/")):
        raise EngineError(400, f"Invalid container name ({name}), only {NAME.pattern} are allowed")
    for other in world.containers.values():
        if other.name == name.removeprefix("/"):
            raise EngineError(
                409,
                f'Conflict. The container name "/{other.name}" is already in use by container '
                f'"{other.id}". You have to remove (or rename) that container to be able to '
                "reuse that name.",
            )


def _prepare_networks(world: World, container: Container, ends: JsonObject) -> None:
    """What EndpointsConfig names; only without it the mode's network, which may yet be missing."""
    mode = container.host_config["NetworkMode"]
    kind, _, other = mode.partition(":")
    if kind == "container":
        world.container(other)
        return
    for key, given in (ends or {mode: None}).items():
        prepare(container, "bridge" if key == "default" else key, given or {})
