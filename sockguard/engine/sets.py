"""Sets of operations that a policy can grant by one word, fixed for policy version 1.

Must never hold an operation whose answer or effect is worse than the name of its set says.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from sockguard.engine.catalogue.all import OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Mapping


def _of(objects: str, verbs: str) -> frozenset[str]:
    return frozenset(f"{objects}.{verb}" for verb in verbs.split())


SETS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "system/hello": _of("system", "ping version"),
        "containers/read": _of("containers", "list inspect stats changes"),
        "containers/lifecycle": _of(
            "containers", "start stop restart pause unpause kill wait resize"
        ),
        # Without search, which asks any registry, and without attestations, which tell how and
        # from which sources an image was built.
        "images/read": _of("images", "list inspect history"),
        "networks/read": _of("networks", "list inspect"),
        "volumes/read": _of("volumes", "list inspect"),
        "engine/everything": frozenset(
            name for name, operation in OPERATIONS.items() if not operation.refused
        ),
    }
)
