"""What a container goes through: created, started, ended, removed; and the events of each step.

Must never speak HTTP.
"""

from __future__ import annotations

import asyncio
import re
import time
from typing import TYPE_CHECKING, Any

from demo.call import EngineError
from demo.documents import command
from demo.events import emit, emit_container
from demo.files import Tree
from demo.process import SIGNALS, Process
from demo.state import Container, Volume, full_tag, new_id
from demo.streams import Pipe

if TYPE_CHECKING:
    from demo.state import Network, World

JsonObject = dict[str, Any]

NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+")
FILES = {
    "/etc/hostname": b"demo\n",
    "/etc/os-release": b'NAME="Demo"\nID=demo\n',
    "/tmp/hello.txt": b"hello from the demo engine\n",
}
_running: set[asyncio.Task[None]] = set()


def create(world: World, name: str, body: JsonObject, identity: str | None = None) -> Container:
    """Make a container from a create request; EngineError 400, 404 or 409."""
    config = dict(body)
    host_config = config.pop("HostConfig", None) or {}
    networking = config.pop("NetworkingConfig", None) or {}
    reference = config.get("Image") or ""
    if not reference:
        raise EngineError(400, "no image specified")
    image = world.image(reference)
    _check_name(world, name)
    identity = identity or new_id()
    for key, value in image.config.items():
        config[key] = config.get(key) or value
    config["Env"] = (image.config.get("Env") or []) + (body.get("Env") or [])
    container = Container(
        identity,
        name or f"demo_{identity[:8]}",
        reference,
        image.id,
        config,
        host_config,
        Tree(FILES),
    )
    wanted = networking.get("EndpointsConfig") or {host_config.get("NetworkMode") or "bridge": {}}
    for network_name, endpoint in wanted.items():
        if network_name.startswith("container:"):
            world.container(network_name.partition(":")[2])
            continue
        network = world.network("bridge" if network_name == "default" else network_name)
        connect(world, container, network, endpoint or {})
    _make_volumes(world, host_config)
    world.containers[identity] = container
    emit_container(world, "create", container)
    return container


def _check_name(world: World, name: str) -> None:
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


def _make_volumes(world: World, host_config: JsonObject) -> None:
    names = [bind.split(":")[0] for bind in host_config.get("Binds") or []]
    names += [
        mount.get("Source") or ""
        for mount in host_config.get("Mounts") or []
        if mount.get("Type", "volume") == "volume"
    ]
    for name in names:
        if name and not name.startswith("/") and name not in world.volumes:
            world.volumes[name] = Volume(name)
            emit(world, "volume", "create", name, {"driver": "local"})


def connect(world: World, container: Container, network: Network, given: JsonObject) -> None:
    """Connect a container to a network, with an address from its subnet."""
    number = sum(len(item.networks) for item in world.containers.values()) + 2
    prefix = network.subnet.rpartition(".")[0] if network.subnet else ""
    container.networks[network.name] = {
        "IPAMConfig": None,
        "Links": None,
        "Aliases": [container.id[:12]],
        "NetworkID": network.id,
        "EndpointID": new_id(),
        "Gateway": f"{prefix}.1" if prefix else "",
        "IPAddress": f"{prefix}.{number % 250}" if prefix else "",
        "IPPrefixLen": 16 if prefix else 0,
        "MacAddress": f"02:42:ac:11:00:{number % 250:02x}",
        "DriverOpts": None,
    } | {key: value for key, value in given.items() if value}
    if container.running:
        emit_link(world, "connect", network, container)


def emit_link(world: World, action: str, network: Network, container: Container) -> None:
    """Tell that a container has come onto a network or left it."""
    attributes = {"container": container.id, "name": network.name, "type": network.driver}
    emit(world, "network", action, network.id, attributes)


async def start(world: World, container: Container) -> None:
    """Run the container's command; EngineError 304 when it runs already."""
    if container.running:
        raise EngineError(304, "")
    environment = [text.partition("=") for text in container.config.get("Env") or []]
    host = container.config.get("Hostname") or container.id[:12]
    container.stdin = Pipe()
    container.pid = world.pid()
    container.process = Process(
        argv=command(container),
        env={"HOSTNAME": host} | {key: value for key, _, value in environment},
        files=container.files,
        output=container.output,
        stdin=container.stdin,
        tty=container.tty,
        size=container.size,
        tick=world.settings.tick,
        pid=container.pid,
    )
    if not container.config.get("OpenStdin"):
        await container.stdin.close()
    container.status, container.started, container.exit_code = "running", time.time(), 0
    container.process.start()
    for name in container.networks:
        emit_link(world, "connect", world.network(name), container)
    emit_container(world, "start", container)
    task = asyncio.create_task(_watch(world, container, container.process))
    _running.add(task)
    task.add_done_callback(_running.discard)
    await container.announce()


async def _watch(world: World, container: Container, process: Process) -> None:
    """Do what follows a process's end."""
    await process.ended.wait()
    container.status, container.finished = "exited", time.time()
    container.exit_code = process.exit_code or 0
    emit_container(world, "die", container, exitCode=str(container.exit_code))
    for name in container.networks:
        emit_link(world, "disconnect", world.network(name), container)
    await container.announce()
    if container.host_config.get("AutoRemove"):
        await remove(world, container, force=True)


async def kill(world: World, container: Container, number: int) -> None:
    """Send a signal; EngineError 409 when nothing runs."""
    if not container.running or container.process is None:
        raise EngineError(409, f"container {container.id} is not running")
    emit_container(world, "kill", container, signal=str(number))
    container.process.signal(number)
    if container.process.exit_code is not None:
        await ended(container)


async def stop(world: World, container: Container) -> None:
    """End the container's process; EngineError 304 when nothing runs."""
    if not container.running:
        raise EngineError(304, "")
    await kill(world, container, SIGNALS["TERM"])
    emit_container(world, "stop", container)


async def ended(container: Container) -> None:
    """Wait until the container does not run."""
    async with container.changed:
        await container.changed.wait_for(lambda: not container.running)


async def remove(world: World, container: Container, force: bool) -> None:
    """Forget a container; EngineError 409 when it runs and `force` is not given."""
    if container.running and not force:
        raise EngineError(
            409,
            f'cannot remove container "/{container.name}": container is running: '
            "stop the container before removing or force remove",
        )
    if container.running:
        await kill(world, container, SIGNALS["KILL"])
    if world.containers.pop(container.id, None) is None:
        return
    container.removed = True
    emit_container(world, "destroy", container)
    await container.output.finish()
    await container.announce()


async def rename(world: World, container: Container, name: str) -> None:
    """Give a container another name; EngineError 400 or 409."""
    if not name:
        raise EngineError(400, "Neither old nor new names may be empty")
    _check_name(world, name)
    old, container.name = container.name, name.removeprefix("/")
    emit_container(world, "rename", container, oldName=f"/{old}")


def known_image(world: World, reference: str) -> bool:
    """Whether an image of that name exists."""
    return any(full_tag(reference) in image.tags for image in world.images.values())
