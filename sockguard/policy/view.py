"""What a policy says of a view: which of the things that were gathered may pass.

Must never hold for a thing in a form that the view did not bring to its normal one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sockguard.policy.tree import spelled
from sockguard.policy.view_images import read_image
from sockguard.policy.view_paths import read_host_paths
from sockguard.policy.view_ports import read_ports
from sockguard.policy.view_texts import (
    read_capabilities,
    read_devices,
    read_namespaces,
    read_networks,
    read_signal,
)
from sockguard.policy.view_users import read_user

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sockguard.engine.operation import Operation
    from sockguard.engine.view import Item, View
    from sockguard.policy.complaints import Complaints
    from sockguard.policy.tree import Entry, Node

    Held = Callable[[Item], bool]


@dataclass(frozen=True, slots=True)
class ViewConstraint:
    """What each gathered thing must be. `text` is the constraint as the policy writes it."""

    text: str
    holds: Callable[[Item], bool]


_READERS: Mapping[str, Callable[[Node, Complaints], Held]] = {
    "image": read_image,
    "host_paths": read_host_paths,
    "ports": read_ports,
    "networks": read_networks,
    "user": read_user,
    "capabilities": read_capabilities,
    "devices": read_devices,
    "namespaces": read_namespaces,
    "signal": read_signal,
}


def read_view(
    view: View, operation: Operation, entry: Entry, complaints: Complaints
) -> ViewConstraint:
    """Read what an item of `allow` says under the name of a view."""
    if operation.name not in view.operations:
        complaints.add(entry.source, f"{operation.name} asks for nothing that {view.name} gathers")
    if entry.value.value == "any":
        return ViewConstraint("any", lambda item: not item.strange)
    before = len(complaints.found)
    held = _READERS[view.name](entry.value, complaints)
    text = spelled(entry.value)
    if len(complaints.found) > before:
        return ViewConstraint(text, lambda _: False)
    return ViewConstraint(text, lambda item: not item.strange and bool(item.value) and held(item))
