"""Which of the roles that come with the package a policy uses: only their files are read.

Must never leave one out that is named, nor take the place of the complaint about one that is not.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sockguard.policy.tree import Node

SHIPPED = "shipped/"
"""What stands before the name of such a role in a policy. Its file has the same name."""


def files_used(
    own: Iterable[Node], shipped: Mapping[str, bytes], main_role: str | None
) -> Mapping[str, bytes]:
    """Return the files of the roles that are named; all, where one is named that is not there."""
    named = {text.removeprefix(SHIPPED) for tree in own for text in _named(tree)}
    if main_role is not None:
        named.add(main_role)
    by_role = {PurePosixPath(file).stem: file for file in shipped}
    if not named <= by_role.keys():
        return shipped
    return {by_role[name]: shipped[by_role[name]] for name in sorted(named)}


def _named(node: Node) -> Iterator[str]:
    """Yield every text in a tree that begins as the name of a shipped role does."""
    if isinstance(node.value, dict):
        for entry in node.value.values():
            yield from _named(entry.value)
    elif isinstance(node.value, tuple):
        for item in node.value:
            yield from _named(item)
    elif isinstance(node.value, str) and node.value.startswith(SHIPPED):
        yield node.value
