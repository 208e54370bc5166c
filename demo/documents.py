"""Containers as the Engine's JSON documents.

Must never change state.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from demo.defaults import CONFIG, HOST_CONFIG, LEGACY_NETWORK
from demo.moments import moment

if TYPE_CHECKING:
    from demo.state import Container

JsonObject = dict[str, Any]
ROOT = "/var/lib/docker"
NEWEST = (1, 47)
SIZES = {"SizeRw": 4096, "SizeRootFs": 1 << 20}


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
    word = container.health.get("Status", "")
    notes = {"starting": " (health: starting)", "": ""}.get(word, f" ({word})")
    paused = " (Paused)" if container.status == "paused" else ""
    return f"Up {_ago(container.started)}{paused or notes}"


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


def listed(
    container: Container, size: bool = False, version: tuple[int, int] = NEWEST
) -> JsonObject:
    """One entry of GET /containers/json."""
    host: JsonObject = {"NetworkMode": container.host_config["NetworkMode"]}
    if version >= (1, 46) and container.host_config.get("Annotations"):
        host["Annotations"] = container.host_config["Annotations"]
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
        "HostConfig": host,
        "NetworkSettings": {"Networks": _ends(container, version)},
        "Mounts": container.mounts,
    }
    if version >= (1, 52):
        health = container.health or {"Status": "none", "FailingStreak": 0}
        document["Health"] = {key: health[key] for key in ("Status", "FailingStreak")}
    return document | (SIZES if size else {})


def inspected(
    container: Container, size: bool = False, version: tuple[int, int] = NEWEST
) -> JsonObject:
    """GET /containers/{id}/json."""
    words = command(container) or [""]
    document: JsonObject = {
        "Id": container.id,
        "Created": moment(container.created),
        "Path": words[0],
        "Args": words[1:],
        "State": state(container),
        "Image": container.image_id,
        **_paths(container),
        "Name": f"/{container.name}",
        "RestartCount": container.restarts,
        "Driver": "overlay2",
        "Platform": "linux",
        "MountLabel": "",
        "ProcessLabel": "",
        "AppArmorProfile": "docker-default" if container.started else "",
        "ExecIDs": list(container.execs) or None,
        "HostConfig": _host_config(container),
        "GraphDriver": {"Name": "overlay2", "Data": graph_data(container.id, container.image_id)},
        "Mounts": container.mounts,
        "Config": CONFIG | {"Hostname": container.id[:12]} | container.config,
        "NetworkSettings": _network_settings(container, version),
    }
    if version >= (1, 52) and not document["Config"]["OnBuild"]:
        del document["Config"]["OnBuild"]
    return document | (SIZES if size else {})


def state(container: Container) -> JsonObject:
    """The State part of inspect."""
    document: JsonObject = {
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
    return document | ({"Health": container.health} if container.health else {})


def graph_data(identity: str, below: str) -> dict[str, str]:
    """Where the layers of a container or image lie on the host."""
    place = f"{ROOT}/overlay2/{identity.removeprefix('sha256:')}"
    return {
        "ID": identity.removeprefix("sha256:"),
        "LowerDir": f"{place}-init/diff:{ROOT}/overlay2/{below.removeprefix('sha256:')}/diff",
        "MergedDir": f"{place}/merged",
        "UpperDir": f"{place}/diff",
        "WorkDir": f"{place}/work",
    }


def _host_config(container: Container) -> JsonObject:
    config = HOST_CONFIG | container.host_config
    logs = config["LogConfig"] or {}
    config["LogConfig"] = {
        "Type": logs.get("Type") or "json-file",
        "Config": logs.get("Config") or {},
    }
    return config


def _paths(container: Container) -> dict[str, str]:
    """Files on the host, which are there once it has been started."""
    place = f"{ROOT}/containers/{container.id}"
    files = {
        "ResolvConfPath": f"{place}/resolv.conf",
        "HostnamePath": f"{place}/hostname",
        "HostsPath": f"{place}/hosts",
        "LogPath": f"{place}/{container.id}-json.log",
    }
    return files if container.started else dict.fromkeys(files, "")


def _ends(container: Container, version: tuple[int, int]) -> JsonObject:
    later = {"DNSNames": (1, 44), "GwPriority": (1, 48)}
    return {
        key: {name: value for name, value in end.items() if version >= later.get(name, (0, 0))}
        for key, end in container.networks.items()
    }


def _network_settings(container: Container, version: tuple[int, int]) -> JsonObject:
    published = {f"{port['PrivatePort']}/{port['Type']}": None for port in ports(container)} | (
        container.host_config.get("PortBindings") or {}
    )
    document: JsonObject = {
        "SandboxID": container.id[::-1] if container.running else "",
        "SandboxKey": f"/var/run/docker/netns/{container.id[-12:]}" if container.running else "",
        "Ports": published if container.running else {},
        "Networks": _ends(container, version),
    }
    if version >= (1, 52):
        return document
    bridge = container.networks.get("bridge") or {}
    return document | {name: bridge.get(name, value) for name, value in LEGACY_NETWORK.items()}
