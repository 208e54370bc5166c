"""All views by name.

Must never hold anything but the table.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from sockguard.engine.views import (
    capabilities,
    devices,
    host_paths,
    image,
    namespaces,
    networks,
    ports,
    signal,
    user,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sockguard.engine.view import View

VIEWS: Mapping[str, View] = MappingProxyType(
    {
        module.VIEW.name: module.VIEW
        for module in (
            *(image, host_paths, ports, networks, user),
            *(capabilities, devices, namespaces, signal),
        )
    }
)
