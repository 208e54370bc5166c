"""A generator of nginx's settings: lists, inspects and follows events as docker-gen does.

Must never ask the Engine for more than docker-gen 0.17.2 was seen to ask for: it runs in a
container, as `python generator.py`, on the socket that DOCKER_HOST names.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import docker
from docker.errors import APIError

SETTINGS = Path("/etc/nginx/conf.d/default.conf")
LABEL = "com.github.nginx-proxy.nginx-proxy.nginx"
EVENTS = ["start", "stop", "die", "health_status"]
NOBODY = "server { listen 80 default_server; return 503; }\n"


def main() -> None:
    engine = docker.APIClient(os.environ["DOCKER_HOST"], version="auto")
    engine.version()
    # The stream is asked for first: what starts meanwhile is in it.
    events = engine.events(filters={"event": EVENTS}, decode=True)
    write(engine)
    for _ in events:
        write(engine)


def write(engine: docker.APIClient) -> None:
    """Render, and tell nginx when there is something new."""
    engine.info()
    running = engine.containers(filters={"status": "running"})
    networks = {one["Id"] for one in engine.networks()}
    text = NOBODY + "".join(
        rendered(found, networks) for one in running if (found := inspected(engine, one["Id"]))
    )
    if SETTINGS.exists() and SETTINGS.read_text() == text:
        return
    SETTINGS.write_text(text)
    for one in engine.containers(filters={"label": LABEL}):
        engine.kill(one["Id"], signal="1")


def inspected(engine: docker.APIClient, container: str) -> dict[str, Any] | None:
    """What the Engine tells of a container; nothing when it went in between."""
    try:
        found: dict[str, Any] = engine.inspect_container(container)
    except APIError:
        return None
    return found


def rendered(container: dict[str, Any], networks: set[str]) -> str:
    """The server of a container that says by which name it wants to be reached, "" for others."""
    variables = dict(one.split("=", 1) for one in container["Config"]["Env"] or ())
    reached = container["NetworkSettings"]["Networks"].values()
    known = [one["IPAddress"] for one in reached if one["NetworkID"] in networks]
    addresses = [one for one in known if one]  # it may have ended since it was listed
    if "VIRTUAL_HOST" not in variables or not addresses:
        return ""
    place = f"http://{addresses[0]}:80"
    name = variables["VIRTUAL_HOST"]
    return f"server {{ listen 80; server_name {name}; location / {{ proxy_pass {place}; }} }}\n"


if __name__ == "__main__":
    os.umask(0o022)
    main()
