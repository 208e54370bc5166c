"""The routes about the engine itself.

Must never change state.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from demo.call import Call, EngineError, empty, reply
from demo.documents import inspected, moment

if TYPE_CHECKING:
    from demo.state import World

VERSION = "27.5.1"
NO_SWARM = (
    'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" '
    "to connect this node to swarm and try again."
)


def _number(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"


async def ping(call: Call) -> web.StreamResponse:
    """GET and HEAD /_ping: everything that clients negotiate by is in the headers."""
    headers = {
        "Builder-Version": "2",
        "Swarm": "inactive",
        "Cache-Control": "no-cache, no-store, must-revalidate",
        "Pragma": "no-cache",
        "Content-Type": "text/plain; charset=utf-8",
    }
    return web.Response(headers=headers, body=b"" if call.request.method == "HEAD" else b"OK")


async def version(call: Call) -> web.StreamResponse:
    """GET /version."""
    settings = call.world.settings
    facts = {
        "ApiVersion": _number(settings.api_max),
        "MinAPIVersion": _number(settings.api_min),
        "GitCommit": "demo",
        "GoVersion": "go1.22.11",
        "Os": "linux",
        "Arch": "amd64",
        "KernelVersion": "6.1.0",
        "BuildTime": "2025-01-22T13:41:17.000000000+00:00",
    }
    details = facts | {"Experimental": "false"}
    component = {"Name": "Engine", "Version": VERSION, "Details": details}
    return reply(
        {"Platform": {"Name": "sockguard demo engine"}, "Components": [component]}
        | {"Version": VERSION}
        | facts
    )


def _count(world: World, *states: str) -> int:
    return sum(container.status in states for container in world.containers.values())


async def info(call: Call) -> web.StreamResponse:
    """GET /info."""
    world = call.world
    return reply(
        {
            "ID": "DEMO:ENGI:NE00",
            "Name": "demo",
            "Containers": len(world.containers),
            "ContainersRunning": _count(world, "running"),
            "ContainersPaused": _count(world, "paused"),
            "ContainersStopped": _count(world, "created", "exited"),
            "Images": len(world.images),
            "Driver": "overlay2",
            "DriverStatus": [["Backing Filesystem", "memory"]],
            "Plugins": {"Volume": ["local"], "Network": ["bridge", "host", "null"], "Log": []},
            "ServerVersion": VERSION,
            "OperatingSystem": "sockguard demo engine",
            "OSType": "linux",
            "OSVersion": "",
            "Architecture": "x86_64",
            "KernelVersion": "6.1.0",
            "NCPU": 4,
            "MemTotal": 4 << 30,
            "DockerRootDir": "/var/lib/docker",
            "Labels": [],
            "Debug": False,
            "ExperimentalBuild": False,
            "LoggingDriver": "json-file",
            "CgroupDriver": "systemd",
            "CgroupVersion": "2",
            "IndexServerAddress": "https://index.docker.io/v1/",
            "RegistryConfig": {"InsecureRegistryCIDRs": [], "IndexConfigs": {}, "Mirrors": []},
            "Runtimes": {"runc": {"path": "runc"}},
            "DefaultRuntime": "runc",
            "Swarm": {"NodeID": "", "NodeAddr": "", "LocalNodeState": "inactive"},
            "SecurityOptions": ["name=seccomp,profile=builtin"],
            "SystemTime": moment(world.next_pid),
            "Warnings": None,
        }
    )


async def usage(call: Call) -> web.StreamResponse:
    """GET /system/df."""
    world = call.world
    images = [
        {"Id": image.id, "RepoTags": image.tags, "Size": image.size, "SharedSize": 0}
        | {"Created": int(image.created), "Containers": 1}
        for image in world.images.values()
    ]
    volumes = [
        {"Name": volume.name, "Driver": "local", "Mountpoint": "", "Labels": volume.labels}
        | {"Options": None, "Scope": "local", "UsageData": {"Size": 4096, "RefCount": 1}}
        for volume in world.volumes.values()
    ]
    containers = [_usage_of(inspected(item)) for item in world.containers.values()]
    size = sum(image.size for image in world.images.values())
    document = {"LayersSize": size, "Images": images, "Containers": containers}
    return reply(document | {"Volumes": volumes, "BuildCache": []})


def _usage_of(document: dict[str, object]) -> dict[str, object]:
    names = ("Id", "Image")
    more = {"SizeRw": 4096, "SizeRootFs": 1 << 20, "Names": [document["Name"]], "Created": 0}
    return {name: document[name] for name in names} | more


async def auth(call: Call) -> web.StreamResponse:
    """POST /auth: a password that is `wrong` is."""
    given = await call.document()
    if given.get("password") == "wrong":
        raise EngineError(401, "unauthorized: incorrect username or password")
    return reply({"Status": "Login Succeeded", "IdentityToken": ""})


async def options(_: Call) -> web.StreamResponse:
    """OPTIONS of any path."""
    return empty(200)


async def prune_build(_: Call) -> web.StreamResponse:
    """POST /build/prune."""
    return reply({"CachesDeleted": [], "SpaceReclaimed": 0})


async def cancel_build(_: Call) -> web.StreamResponse:
    """POST /build/cancel."""
    return empty(200)


async def plugins(_: Call) -> web.StreamResponse:
    """GET /plugins."""
    return reply([])


async def no_plugin(call: Call) -> web.StreamResponse:
    """Any route of one plugin."""
    raise EngineError(404, f'plugin "{call.params.get("name", "")}" not found')


async def no_swarm(_: Call) -> web.StreamResponse:
    """Any route of a swarm: this engine is in none."""
    raise EngineError(503, NO_SWARM)
