"""The `filters` of the container list.

Must never change state.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from demo.documents import ports
from demo.filters import has_label, passes
from demo.moments import read_moment
from demo.references import full_tag

if TYPE_CHECKING:
    from collections.abc import Mapping

    from demo.filters import Tests
    from demo.state import Container, World

TASK = "com.docker.swarm.task.id"


def keep(world: World, container: Container, filters: Mapping[str, list[str]]) -> bool:
    """Whether a container passes; EngineError 400 for a filter that does not exist."""
    return passes(_tests(world, container), filters)


def _tests(world: World, container: Container) -> Tests:
    return {
        "id": container.id.startswith,
        "name": lambda value: value.removeprefix("/") in container.name,
        "label": lambda value: has_label(container.labels, value),
        "label!": lambda value: not has_label(container.labels, value),
        "status": lambda value: container.status == value,
        "exited": lambda value: container.status == "exited" and str(container.exit_code) == value,
        "health": lambda value: container.health.get("Status", "none") == value,
        "ancestor": lambda value: _ancestor(world, container, value),
        "network": lambda value: _network(container, value),
        "volume": lambda value: _volume(container, value),
        "before": lambda value: container.created < world.container(value).created,
        "since": lambda value: container.created > world.container(value).created,
        "until": lambda value: container.created < (read_moment(value) or 0),
        "publish": lambda value: _published(container, value),
        "expose": lambda value: _port(value) in (container.config.get("ExposedPorts") or {}),
        "is-task": lambda value: (TASK in container.labels) == (value in ("1", "true")),
        "annotation": lambda value: has_label(
            container.host_config.get("Annotations") or {}, value
        ),
    }


def _port(value: str) -> str:
    return value if "/" in value else f"{value}/tcp"


def _published(container: Container, value: str) -> bool:
    number, _, kind = _port(value).partition("/")
    return any(
        str(port.get("PublicPort")) == number and port["Type"] == kind for port in ports(container)
    )


def _ancestor(world: World, container: Container, value: str) -> bool:
    if container.image_id.removeprefix("sha256:").startswith(value.removeprefix("sha256:")):
        return True
    image = world.images.get(container.image_id)
    return image is not None and full_tag(value) in image.tags


def _network(container: Container, value: str) -> bool:
    return any(
        value == name or endpoint["NetworkID"].startswith(value)
        for name, endpoint in container.networks.items()
    )


def _volume(container: Container, value: str) -> bool:
    return any(
        value in (mount.get("Name"), mount["Source"], mount["Destination"])
        for mount in container.mounts
    )
