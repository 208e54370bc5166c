"""The things a demo engine holds: containers, images, networks, volumes, execs.

Must never speak HTTP: handlers turn these into documents.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from demo.call import EngineError
from demo.streams import Output, Pipe

if TYPE_CHECKING:
    from collections.abc import Mapping

    from demo.events import Event
    from demo.files import Tree
    from demo.process import Process

JsonObject = dict[str, Any]


@dataclass(slots=True)
class Settings:
    """What a scenario may turn: API range, sizes in bytes, intervals in seconds."""

    api_min: tuple[int, int] = (1, 24)
    api_max: tuple[int, int] = (1, 47)
    save_bytes: int = 1 << 20
    pull_lines: int = 5
    pull_delay: float = 0.0
    tick: float = 1.0


@dataclass(slots=True)
class Container:
    """One container; `config` is the create request without its two nested objects."""

    id: str
    name: str
    image: str
    image_id: str
    config: JsonObject
    host_config: JsonObject
    files: Tree
    networks: dict[str, JsonObject] = field(default_factory=dict)
    created: float = field(default_factory=time.time)
    started: float = 0.0
    finished: float = 0.0
    status: str = "created"
    exit_code: int = 0
    restarts: int = 0
    pid: int = 0
    output: Output = field(default_factory=Output)
    stdin: Pipe = field(default_factory=Pipe)
    process: Process | None = None
    size: tuple[int, int] = (24, 80)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    removed: bool = False

    @property
    def tty(self) -> bool:
        """Whether it has a terminal instead of three streams."""
        return bool(self.config.get("Tty"))

    @property
    def running(self) -> bool:
        """Whether its process exists, paused or not."""
        return self.status in ("running", "paused")

    @property
    def labels(self) -> dict[str, str]:
        """Its labels, {} when there are none."""
        return self.config.get("Labels") or {}

    async def announce(self) -> None:
        """Wake whoever waits for a change of state."""
        async with self.changed:
            self.changed.notify_all()


@dataclass(slots=True)
class Image:
    """One image; `size` is in bytes."""

    id: str
    tags: list[str]
    config: JsonObject
    size: int
    created: float = field(default_factory=time.time)


@dataclass(slots=True)
class Network:
    """One network; its containers are found through theirs."""

    id: str
    name: str
    driver: str
    subnet: str
    options: JsonObject = field(default_factory=dict)
    created: float = field(default_factory=time.time)


@dataclass(slots=True)
class Volume:
    """One named volume."""

    name: str
    driver: str = "local"
    labels: dict[str, str] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)
    created: float = field(default_factory=time.time)


@dataclass(slots=True)
class Exec:
    """One command prepared to run in a container."""

    id: str
    container: Container
    config: JsonObject
    process: Process | None = None


Item = TypeVar("Item", Container, Network, Exec)


@dataclass(slots=True)
class World:
    """Everything that the demo engine knows, and the listeners to its events."""

    settings: Settings = field(default_factory=Settings)
    containers: dict[str, Container] = field(default_factory=dict)
    images: dict[str, Image] = field(default_factory=dict)
    networks: dict[str, Network] = field(default_factory=dict)
    volumes: dict[str, Volume] = field(default_factory=dict)
    execs: dict[str, Exec] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    listeners: set[asyncio.Queue[Event]] = field(default_factory=set)
    next_pid: int = 1000

    def container(self, reference: str) -> Container:
        """A container by id, name or id prefix; EngineError 404."""
        name = reference.removeprefix("/")
        for container in self.containers.values():
            if container.name == name:
                return container
        return _by_id(self.containers, reference, f"No such container: {reference}")

    def network(self, reference: str) -> Network:
        """A network by id, name or id prefix; EngineError 404."""
        for network in self.networks.values():
            if network.name == reference:
                return network
        return _by_id(self.networks, reference, f"network {reference} not found")

    def volume(self, name: str) -> Volume:
        """A volume by name; EngineError 404."""
        if name not in self.volumes:
            raise EngineError(404, f"get {name}: no such volume")
        return self.volumes[name]

    def exec(self, reference: str) -> Exec:
        """A prepared command by id; EngineError 404."""
        return _by_id(self.execs, reference, f"No such exec instance: {reference}")

    def image(self, reference: str) -> Image:
        """An image by tag, id, id prefix or digest; EngineError 404."""
        wanted = full_tag(reference)
        for image in self.images.values():
            if wanted in image.tags or reference in digests(image):
                return image
        prefix = reference.removeprefix("sha256:")
        for image in self.images.values():
            if prefix and image.id.removeprefix("sha256:").startswith(prefix):
                return image
        raise EngineError(404, f"No such image: {wanted}")

    def attached(self, network: Network) -> list[Container]:
        """The containers that are connected to a network."""
        return [item for item in self.containers.values() if network.name in item.networks]

    def users(self, volume: str) -> list[Container]:
        """The containers that mount a volume."""
        return [
            item
            for item in self.containers.values()
            if any(bind.split(":")[0] == volume for bind in item.host_config.get("Binds") or [])
            or any(mount.get("Source") == volume for mount in item.host_config.get("Mounts") or [])
        ]

    def pid(self) -> int:
        """A process number that was not used before."""
        self.next_pid += 1
        return self.next_pid


def _by_id(items: Mapping[str, Item], reference: str, complaint: str) -> Item:
    found = [item for key, item in items.items() if reference and key.startswith(reference)]
    if len(found) > 1:
        raise EngineError(400, f"multiple IDs found with provided prefix: {reference}")
    if not found:
        raise EngineError(404, complaint)
    return found[0]


def new_id() -> str:
    """64 hexadecimal digits."""
    return secrets.token_hex(32)


def full_tag(reference: str) -> str:
    """An image name as it is shown: without Docker Hub's prefixes, with a tag."""
    name = reference.removeprefix("docker.io/").removeprefix("library/")
    return name if "@" in name or ":" in name.rpartition("/")[2] else f"{name}:latest"


def digests(image: Image) -> list[str]:
    """The repository digests of an image: one for each repository it is tagged in."""
    repositories = sorted({tag.rpartition(":")[0] for tag in image.tags})
    return [f"{repository}@{image.id}" for repository in repositories]
