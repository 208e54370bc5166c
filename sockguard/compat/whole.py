"""An operation granted whole, as proxies do that look at method and path alone.

Must never leave out what such a proxy lets through, but for what has no single reading.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sockguard.engine.operation import BodyKind
from sockguard.policy.objects import OF_EXECS

if TYPE_CHECKING:
    from sockguard.engine.operation import Operation


def whole(operation: Operation) -> dict[str, object]:
    """Return the conditions under which all of an operation passes and all of its answer shows.

    What a read asks for beyond what the catalogue knows is dropped, as no Engine reads it.
    """
    said: dict[str, object] = {}
    sensitive = any(one.sensitive for one in operation.parameters.values())
    if operation.parameters and (operation.writes or sensitive):
        said["query"] = "any"
    if operation.body is BodyKind.JSON and operation.shape is not None:
        said["body"] = "any"
    if operation.name in OF_EXECS:
        said["target"] = "any"
    if operation.name == "containers.archive_put":
        said["compressed"] = True
    if operation.masks:
        said["response"] = "any"
    return said
