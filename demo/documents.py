"""Containers as the Engine's JSON documents.

Must never change state.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from demo.state import Container, Exec, World

JsonObject = dict[str, Any]
NEVER = "0001-01-01T00:00:00Z"
CONFIG: JsonObject = {
    "Domainname": "",
    "User": "",
    "AttachStdin": False,
    "AttachStdout": False,
    "AttachStderr": False,
    "Tty": False,
    "OpenStdin": False,
    "StdinOnce": False,
    "Env": [],
    "Cmd": None,
    "Volumes": None,
    "WorkingDir": "",
    "Entrypoint": None,
    "OnBuild": None,
    "Labels": {},
}
HOST_CONFIG: JsonObject = {
    "Binds": None,
    "NetworkMode": "default",
    "PortBindings": {},
    "LogConfig": {"Type": "json-file", "Config": {}},
    "RestartPolicy": {"Name": "no", "MaximumRetryCount": 0},
    "AutoRemove": False,
    "Privileged": False,
    "CapAdd": None,
    "CapDrop": None,
    "Devices": [],
}


def moment(seconds: float) -> str:
    """RFC 3339 in UTC with nanoseconds; Go's zero time for 0."""
    if not seconds:
        return NEVER
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    return f"{whole}.{int(seconds % 1 * 1e9):09d}Z"


def command(container: Container) -> list[str]:
    """The words that the container runs: entrypoint, then command."""
    words: list[str] = []
    for key in ("Entrypoint", "Cmd"):
        value = container.config.get(key) or []
        words += [value] if isinstance(value, str) else value
    return words


def _ago(seconds: float) -> str:
    minutes = int((time.time() - seconds) / 60)
    return "Less than a minute" if minutes < 1 else f"{minutes} minutes"


def status_text(container: Container) -> str:
    """The status column of a list."""
    if container.status == "created":
        return "Created"
    if container.status == "exited":
        return f"Exited ({container.exit_code}) {_ago(container.finished)} ago"
    return f"Up {_ago(container.started)}" + (" (Paused)" if container.status == "paused" else "")


def ports(container: Container) -> list[JsonObject]:
    """Exposed and published ports as the list shows them."""
    bound = container.host_config.get("PortBindings") or {}
    found: list[JsonObject] = []
    for key in sorted({*(container.config.get("ExposedPorts") or {}), *bound}):
        number, _, kind = key.partition("/")
        entry: JsonObject = {"PrivatePort": int(number), "Type": kind or "tcp"}
        places = bound.get(key) or []
        found += [
            entry | {"IP": place.get("HostIp") or "0.0.0.0", "PublicPort": int(place["HostPort"])}
            for place in places
            if place.get("HostPort")
        ] or [entry]
    return found


def mounts(container: Container) -> list[JsonObject]:
    """Binds and mounts in the inspect form."""
    found = [_bind(text) for text in container.host_config.get("Binds") or []]
    for mount in container.host_config.get("Mounts") or []:
        kind, source = mount.get("Type", "volume"), mount.get("Source", "")
        found.append(_mount(kind, source, mount.get("Target", ""), not mount.get("ReadOnly")))
    return found


def _bind(text: str) -> JsonObject:
    source, _, rest = text.partition(":")
    target, _, options = rest.partition(":")
    kind = "bind" if source.startswith("/") else "volume"
    return _mount(kind, source, target, "ro" not in options.split(","))


def _mount(kind: str, source: str, target: str, writable: bool) -> JsonObject:
    document: JsonObject = {"Type": kind, "Source": source, "Destination": target}
    if kind == "volume":
        place = f"/var/lib/docker/volumes/{source}/_data"
        document |= {"Name": source, "Driver": "local", "Source": place}
    return document | {"Mode": "" if writable else "ro", "RW": writable, "Propagation": ""}


def listed(container: Container, size: bool = False) -> JsonObject:
    """One entry of GET /containers/json."""
    document: JsonObject = {
        "Id": container.id,
        "Names": [f"/{container.name}"],
        "Image": container.image,
        "ImageID": container.image_id,
        "Command": " ".join(command(container)),
        "Created": int(container.created),
        "Ports": ports(container),
        "Labels": container.labels,
        "State": container.status,
        "Status": status_text(container),
        "HostConfig": {"NetworkMode": container.host_config.get("NetworkMode") or "default"},
        "NetworkSettings": {"Networks": container.networks},
        "Mounts": mounts(container),
    }
    return document | ({"SizeRw": 4096, "SizeRootFs": 1 << 20} if size else {})


def inspected(container: Container, size: bool = False) -> JsonObject:
    """GET /containers/{id}/json."""
    words = command(container) or [""]
    published = {f"{port['PrivatePort']}/{port['Type']}": None for port in ports(container)} | (
        container.host_config.get("PortBindings") or {}
    )
    document: JsonObject = {
        "Id": container.id,
        "Created": moment(container.created),
        "Path": words[0],
        "Args": words[1:],
        "State": state(container),
        "Image": container.image_id,
        "Name": f"/{container.name}",
        "RestartCount": container.restarts,
        "Driver": "overlay2",
        "Platform": "linux",
        "MountLabel": "",
        "ProcessLabel": "",
        "AppArmorProfile": "",
        "ExecIDs": None,
        "HostConfig": HOST_CONFIG | container.host_config,
        "GraphDriver": {"Name": "overlay2", "Data": None},
        "Mounts": mounts(container),
        "Config": CONFIG | {"Hostname": container.id[:12]} | container.config,
        "NetworkSettings": {"Ports": published, "Networks": container.networks},
    }
    return document | ({"SizeRw": 4096, "SizeRootFs": 1 << 20} if size else {})


def state(container: Container) -> JsonObject:
    """The State part of inspect."""
    return {
        "Status": container.status,
        "Running": container.running,
        "Paused": container.status == "paused",
        "Restarting": False,
        "OOMKilled": False,
        "Dead": False,
        "Pid": container.pid if container.running else 0,
        "ExitCode": container.exit_code,
        "Error": "",
        "StartedAt": moment(container.started),
        "FinishedAt": moment(container.finished),
    }


def exec_inspected(item: Exec) -> JsonObject:
    """GET /exec/{id}/json."""
    words = item.config.get("Cmd") or [""]
    process = item.process
    ended = process is not None and process.ended.is_set()
    return {
        "ID": item.id,
        "Running": process is not None and not ended,
        "ExitCode": process.exit_code if process and ended else None,
        "ProcessConfig": {
            "tty": bool(item.config.get("Tty")),
            "entrypoint": words[0],
            "arguments": words[1:],
            "privileged": bool(item.config.get("Privileged")),
        },
        "OpenStdin": bool(item.config.get("AttachStdin")),
        "OpenStdout": bool(item.config.get("AttachStdout")),
        "OpenStderr": bool(item.config.get("AttachStderr")),
        "CanRemove": ended,
        "ContainerID": item.container.id,
        "DetachKeys": "",
        "Pid": process.pid if process else 0,
    }


def attached_to_network(world: World, name: str) -> JsonObject:
    """The Containers part of a network's inspect."""
    return {
        item.id: {
            "Name": item.name,
            "EndpointID": item.networks[name]["EndpointID"],
            "MacAddress": item.networks[name]["MacAddress"],
            "IPv4Address": f"{item.networks[name]['IPAddress']}/16",
            "IPv6Address": "",
        }
        for item in world.containers.values()
        if name in item.networks and item.running
    }
