"""GET /info: what the demo engine says about itself and its machine.

Must never tell the truth about the machine.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from demo import swarm
from demo.call import Call, reply
from demo.moments import moment
from demo.system import VERSION

if TYPE_CHECKING:
    from aiohttp import web

    from demo.state import World

JsonObject = dict[str, Any]
MIRROR = "https://mirror.example.com/"
COMMIT = {"ID": "v1.2.4-0-g6c52b3f"}
FACTS: JsonObject = {
    "ID": "DEMO:ENGI:NE00",
    "Name": "demo",
    "Driver": "overlay2",
    "DriverStatus": [["Backing Filesystem", "memory"]],
    "Plugins": {
        "Volume": ["local"],
        "Network": ["bridge", "host", "null", "overlay"],
        "Authorization": None,
        "Log": ["json-file", "none", "syslog"],
    },
    "MemoryLimit": True,
    "SwapLimit": True,
    "CpuCfsPeriod": True,
    "CpuCfsQuota": True,
    "CPUShares": True,
    "CPUSet": True,
    "PidsLimit": True,
    "IPv4Forwarding": True,
    "Debug": False,
    "NFd": 41,
    "OomKillDisable": False,
    "NGoroutines": 64,
    "LoggingDriver": "json-file",
    "CgroupDriver": "systemd",
    "CgroupVersion": "2",
    "NEventsListener": 0,
    "KernelVersion": "6.1.0",
    "OperatingSystem": "sockguard demo engine",
    "OSVersion": "",
    "OSType": "linux",
    "Architecture": "x86_64",
    "IndexServerAddress": "https://index.docker.io/v1/",
    "RegistryConfig": {
        "InsecureRegistryCIDRs": ["127.0.0.0/8"],
        "IndexConfigs": {
            "docker.io": {
                "Name": "docker.io",
                "Mirrors": [MIRROR],
                "Secure": True,
                "Official": True,
            }
        },
        "Mirrors": [MIRROR],
    },
    "NCPU": 4,
    "MemTotal": 4 << 30,
    "GenericResources": None,
    "DockerRootDir": "/var/lib/docker",
    "HttpProxy": "http://xxxxx:xxxxx@proxy.example.com:3128",
    "HttpsProxy": "http://xxxxx:xxxxx@proxy.example.com:3128",
    "NoProxy": "localhost,.example.com",
    "Labels": ["region=lab"],
    "ExperimentalBuild": False,
    "ServerVersion": VERSION,
    "Runtimes": {"runc": {"path": "runc"}},
    "DefaultRuntime": "runc",
    "LiveRestoreEnabled": False,
    "Isolation": "",
    "InitBinary": "docker-init",
    "SecurityOptions": ["name=seccomp,profile=builtin"],
    "CDISpecDirs": ["/etc/cdi", "/var/run/cdi"],
    "Warnings": None,
}


def _count(world: World, *states: str) -> int:
    return sum(container.status in states for container in world.containers.values())


async def info(call: Call) -> web.StreamResponse:
    """GET /info."""
    world = call.world
    counts = {
        "Containers": len(world.containers),
        "ContainersRunning": _count(world, "running"),
        "ContainersPaused": _count(world, "paused"),
        "ContainersStopped": _count(world, "created", "exited"),
        "Images": len(world.images),
    }
    now = {"SystemTime": moment(time.time()), "Swarm": swarm.of_info(call)}
    return reply(FACTS | counts | now | _of_version(call.version))


def _of_version(version: tuple[int, int]) -> JsonObject:
    """Fields that came or went with a version of the API."""
    old = version < (1, 49)
    commit = COMMIT | {"Expected": COMMIT["ID"]} if old else COMMIT
    document: JsonObject = {f"{name}Commit": commit for name in ("Containerd", "Runc", "Init")}
    if version < (1, 50):
        document |= {"BridgeNfIptables": True, "BridgeNfIp6tables": True}
    if version >= (1, 46):
        places = {"Containers": "moby", "Plugins": "plugins.moby"}
        address = "/run/containerd/containerd.sock"
        document["Containerd"] = {"Address": address, "Namespaces": places}
    if not old:
        document["FirewallBackend"] = {"Driver": "iptables"}
    if version >= (1, 50):
        document["DiscoveredDevices"] = []
    return document
