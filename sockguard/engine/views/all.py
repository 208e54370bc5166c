"""All views by name.

Must never hold anything but the table.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sockguard.engine.view import View

VIEWS: Mapping[str, View] = MappingProxyType({})
