"""What the constant upstream answers, in the shape and size of a small Docker host's answers.

Must never depend on time or chance: each server is asked for the same bytes.
"""

from __future__ import annotations

import json

API_VERSION = "1.47"


def container_list() -> str:
    """Return the answer to GET /containers/json of a host with two services: about 2.4 KB."""
    return _compact([_container("proxy", 80, "a1"), _container("shop", 8080, "b2")])


def version() -> str:
    """Return the answer to GET /version, as far as clients and sockguard read it."""
    return _compact(
        {
            "Platform": {"Name": "Docker Engine - Community"},
            "Version": "27.5.1",
            "ApiVersion": API_VERSION,
            "MinAPIVersion": "1.24",
            "Os": "linux",
            "Arch": "amd64",
        }
    )


def info() -> str:
    """Return the answer to GET /info, as far as sockguard reads it."""
    return _compact(
        {"ID": "8c6b2a9e-5b0f-4a3e-9b57-2f6f0d1c7e10", "Name": "bench", "Containers": 2}
    )


def event() -> str:
    """Return one event of GET /events, as the Engine writes it: that a container was started."""
    return _compact(
        {
            "status": "start",
            "id": "a1" * 32,
            "from": "registry.example/team/proxy:1.4.2",
            "Type": "container",
            "Action": "start",
            "Actor": {"ID": "a1" * 32, "Attributes": {"image": "proxy:1.4.2", "name": "proxy-1"}},
            "scope": "local",
            "time": 1795420800,
            "timeNano": 1795420800123456789,
        }
    )


def _endpoint(network_id: str) -> dict[str, object]:
    return {
        "NetworkID": network_id,
        "EndpointID": network_id[::-1],
        "Gateway": "172.18.0.1",
        "IPAddress": "172.18.0.3",
        "MacAddress": "02:42:ac:12:00:03",
        "DNSNames": None,
    }


def _container(name: str, port: int, digits: str) -> dict[str, object]:
    full_id = digits * 32
    return {
        "Id": full_id,
        "Names": [f"/{name}-1"],
        "Image": f"registry.example/team/{name}:1.4.2",
        "ImageID": f"sha256:{full_id[::-1]}",
        "Command": f"/docker-entrypoint.sh {name} --foreground",
        "Created": 1795420800,
        "Ports": [
            {"IP": address, "PrivatePort": port, "PublicPort": port, "Type": "tcp"}
            for address in ("0.0.0.0", "::")
        ],
        "Labels": {
            "com.docker.compose.config-hash": full_id,
            "com.docker.compose.container-number": "1",
            "com.docker.compose.oneoff": "False",
            "com.docker.compose.project": "site",
            "com.docker.compose.project.config_files": "/srv/site/compose.yaml",
            "com.docker.compose.service": name,
            "org.opencontainers.image.source": f"https://git.example/team/{name}",
        },
        "State": "running",
        "Status": "Up 3 weeks (healthy)",
        "HostConfig": {"NetworkMode": "site_default"},
        "NetworkSettings": {"Networks": {"site_default": _endpoint(full_id)}},
        "Mounts": [
            {
                "Type": "volume",
                "Name": f"site_{name}",
                "Destination": "/data",
                "Driver": "local",
                "RW": True,
            }
        ],
    }


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
