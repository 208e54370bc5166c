"""The whole catalogue in one mapping: every operation of the Engine API by its name.

Must never hold a fact of its own: it gathers the tables beside it.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from sockguard.engine.catalogue import (
    build,
    containers,
    exec,  # noqa: A004 - the Engine's own word for these objects
    images,
    networks,
    plugins,
    routes,
    swarm,
    system,
    volumes,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sockguard.engine.operation import Operation, Route

_TABLES = (containers, exec, images, build, networks, volumes, system, swarm, plugins)

OPERATIONS: Mapping[str, Operation] = MappingProxyType(
    {operation.name: operation for table in _TABLES for operation in table.OPERATIONS}
)
ROUTES: tuple[Route, ...] = routes.ROUTES
"""In the Engine's order: the first that matches wins."""
