"""What the demo engine holds when it starts: a small site with a proxy, a database and a cache.

Must never hold a true secret.
"""

from __future__ import annotations

import copy
import hashlib
import time
from typing import TYPE_CHECKING, Any

from demo import creation, image_store, lifecycle, plugins
from demo.references import repository
from demo.state import Image, Network, Volume

if TYPE_CHECKING:
    from demo.state import World

DAY = 86400
MEBIBYTE = 1 << 20


def _identity(name: str) -> str:
    """The same 64 hexadecimal digits in every run."""
    return hashlib.sha256(name.encode()).hexdigest()


IMAGES: list[tuple[str, int, dict[str, Any]]] = [
    ("nginx:1.27", 68 * MEBIBYTE, {"Cmd": ["nginx"], "ExposedPorts": {"80/tcp": {}}}),
    ("postgres:17", 152 * MEBIBYTE, {"Cmd": ["postgres"], "ExposedPorts": {"5432/tcp": {}}}),
    (
        "redis:7",
        41 * MEBIBYTE,
        {
            "Cmd": ["redis-server"],
            "ExposedPorts": {"6379/tcp": {}},
            "User": "999:999",
            "Labels": {"org.opencontainers.image.title": "redis"},
        },
    ),
    ("busybox:latest", 4 * MEBIBYTE, {"Cmd": ["sh"]}),
]
NETWORKS = [
    ("bridge", "bridge", "172.17.0.0/16"),
    ("host", "host", ""),
    ("none", "null", ""),
    ("frontend", "bridge", "172.18.0.0/16"),
    ("backend", "bridge", "172.19.0.0/16"),
]
VOLUMES = {"db-data": {"com.example.backup": "daily"}, "cache-data": {}}
CONTAINERS: dict[str, dict[str, Any]] = {
    "web": {
        "Image": "nginx:1.27",
        "Env": ["VIRTUAL_HOST=shop.example.com", "SESSION_SECRET=not-a-real-secret"],
        "Labels": {"com.example.tier": "front", "traefik.enable": "true"},
        "HostConfig": {"PortBindings": {"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8080"}]}},
        "NetworkingConfig": {"EndpointsConfig": {"frontend": {}, "backend": {}}},
    },
    "db": {
        "Image": "postgres:17",
        "Env": ["POSTGRES_PASSWORD=not-a-real-password"],
        "Labels": {"com.example.tier": "data"},
        "HostConfig": {"Binds": ["db-data:/var/lib/postgresql/data"]},
        "NetworkingConfig": {"EndpointsConfig": {"backend": {}}},
    },
    "cache": {
        "Image": "redis:7",
        "Env": ["REDIS_PASSWORD=not-a-real-password-either"],
        "Labels": {"com.example.tier": "data"},
        "HostConfig": {"Mounts": [{"Type": "volume", "Source": "cache-data", "Target": "/data"}]},
        "NetworkingConfig": {"EndpointsConfig": {"backend": {}}},
    },
}


async def furnish(world: World) -> None:
    """Put the images, networks, volumes and running containers in place."""
    for name, size, config in IMAGES:
        identity = f"sha256:{_identity(name)}"
        full = {"Env": ["PATH=/usr/local/bin:/usr/bin:/bin"], "Labels": None} | config
        image = Image(identity, [name], full, size, time.time() - 9 * DAY)
        image.repositories = [repository(name)]
        image.history = [image_store.step("COPY . / # buildkit", size)]
        world.images[identity] = image
    for name, driver, subnet in NETWORKS:
        world.networks[_identity(name)] = Network(_identity(name), name, driver, subnet)
    for name, labels in VOLUMES.items():
        world.volumes[name] = Volume(name, labels=dict(labels))
    for name, body in CONTAINERS.items():
        container = creation.create(world, name, body, _identity(f"container {name}"))
        await lifecycle.start(world, container)
    world.plugins[plugins.SEEDED["Id"]] = copy.deepcopy(plugins.SEEDED)
    world.events.clear()


async def populate(
    world: World, count: int, name: str = "many", body: dict[str, Any] | None = None
) -> list[str]:
    """Start `count` containers, each like `body` and called `name`-1 and so on; their ids."""
    identities = []
    for number in range(1, count + 1):
        asked = {"Image": "busybox", "Cmd": ["sleep", "infinity"]} | (body or {})
        container = creation.create(world, f"{name}-{number}", asked)
        await lifecycle.start(world, container)
        identities.append(container.id)
    return identities
