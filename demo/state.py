"""The things a demo engine holds: containers, images, networks, volumes, execs.

Must never speak HTTP: handlers turn these into documents.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from demo import references
from demo.call import EngineError
from demo.streams import Output, Pipe
from demo.swarm_state import Swarm

if TYPE_CHECKING:
    from demo.events import Event
    from demo.files import Tree
    from demo.process import Process

JsonObject = dict[str, Any]


@dataclass(slots=True)
class Settings:
    """What a scenario may turn: API range, sizes in bytes, intervals in seconds, a swarm of one."""

    api_min: tuple[int, int] = (1, 24)
    api_max: tuple[int, int] = (1, 47)
    save_bytes: int = 1 << 20
    pull_lines: int = 5
    pull_delay: float = 0.0
    tick: float = 1.0
    swarm: bool = False


@dataclass(slots=True)
class Container:
    """One container; `config` is the create request without its two nested objects.

    `mounts` are in the inspect form; `health` is {} without a check; `execs` are those that have
    not ended.
    """

    id: str
    name: str
    image: str
    image_id: str
    config: JsonObject
    host_config: JsonObject
    files: Tree
    networks: dict[str, JsonObject] = field(default_factory=dict)
    mounts: list[JsonObject] = field(default_factory=list)
    health: JsonObject = field(default_factory=dict)
    execs: list[str] = field(default_factory=list)
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
    """One image; `size` is in bytes, `history` newest first, `parent` an id or empty.

    Only what a registry gave has digests: `repositories` tells of which.
    """

    id: str
    tags: list[str]
    config: JsonObject
    size: int
    created: float = field(default_factory=time.time)
    history: list[JsonObject] = field(default_factory=list)
    parent: str = ""
    comment: str = ""
    author: str = ""
    repositories: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Network:
    """One network; its containers are found through theirs, `options` is the create request."""

    id: str
    name: str
    driver: str
    subnet: str
    gateway: str = ""
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


@dataclass(slots=True)
class World:
    """Everything that the demo engine knows, and the listeners to its events."""

    settings: Settings = field(default_factory=Settings)
    containers: dict[str, Container] = field(default_factory=dict)
    images: dict[str, Image] = field(default_factory=dict)
    networks: dict[str, Network] = field(default_factory=dict)
    volumes: dict[str, Volume] = field(default_factory=dict)
    execs: dict[str, Exec] = field(default_factory=dict)
    plugins: dict[str, JsonObject] = field(default_factory=dict)
    swarm: Swarm = field(default_factory=Swarm)
    events: list[Event] = field(default_factory=list)
    listeners: set[asyncio.Queue[Event | None]] = field(default_factory=set)
    next_pid: int = 1000
    next_address: int = 1

    def container(self, reference: str) -> Container:
        """A container by id, name or id prefix; EngineError 400 or 404."""
        if not reference:
            raise EngineError(400, 'invalid name or ID supplied: ""')
        if reference in self.containers:
            return self.containers[reference]
        name = reference.removeprefix("/")
        for container in self.containers.values():
            if container.name == name:
                return container
        found = [item for key, item in self.containers.items() if key.startswith(reference)]
        if len(found) > 1:
            raise EngineError(400, f"multiple IDs found with provided prefix: {reference}")
        if not found:
            raise EngineError(404, f"No such container: {reference}")
        return found[0]

    def network(self, reference: str) -> Network:
        """A network by id, name or id prefix; EngineError 400 or 404."""
        if reference in self.networks:
            return self.networks[reference]
        for network in self.networks.values():
            if network.name == reference:
                return network
        found = [item for key, item in self.networks.items() if key.startswith(reference)]
        if len(found) > 1:
            count = f"{len(found)} matches found based on ID prefix"
            raise EngineError(400, f"network {reference} is ambiguous ({count})")
        if not found:
            raise EngineError(404, f"network {reference} not found")
        return found[0]

    def volume(self, name: str) -> Volume:
        """A volume by name; EngineError 404."""
        if name not in self.volumes:
            raise EngineError(404, f"get {name}: no such volume")
        return self.volumes[name]

    def exec(self, identity: str) -> Exec:
        """A prepared command by its whole id; EngineError 404, also when its container is gone."""
        item = self.execs.get(identity)
        if item is None or item.container.removed:
            raise EngineError(404, f"No such exec instance: {identity}")
        return item

    def image(self, reference: str) -> Image:
        """An image by id, digest, tag or id prefix, in this order; EngineError 400 or 404."""
        references.check(reference)
        wanted = references.full_tag(reference)
        for image in self.images.values():
            known = (image.id, image.id.removeprefix("sha256:"), *digests(image))
            if reference in known or wanted in known or wanted in image.tags:
                return image
        prefix = reference.removeprefix("sha256:")
        found = [image for image in self.images.values() if image.id[7:].startswith(prefix)]
        if len(found) == 1:
            return found[0]
        raise EngineError(404, f"No such image: {references.shown(reference)}")

    def attached(self, network: Network) -> list[Container]:
        """The containers that are connected to a network."""
        return [item for item in self.containers.values() if network.name in item.networks]

    def users(self, volume: str) -> list[Container]:
        """The containers that mount a volume."""
        return [
            item
            for item in self.containers.values()
            if any(mount.get("Name") == volume for mount in item.mounts)
        ]

    def pid(self) -> int:
        """A process number that was not used before."""
        self.next_pid += 1
        return self.next_pid

    def address(self) -> int:
        """The last number of an address in a subnet."""
        self.next_address = self.next_address % 250 + 2
        return self.next_address


def new_id() -> str:
    """64 hexadecimal digits."""
    return secrets.token_hex(32)


def digests(image: Image) -> list[str]:
    """The repository digests of an image: one for each repository that it was pulled from."""
    return [f"{name}@{image.id}" for name in image.repositories]
