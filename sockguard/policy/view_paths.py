"""The constraints of the view `host_paths`: paths written out, and folders that others lie under.

Must never let a folder stand for a path that leads to root, to the Engine or to sockguard itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sockguard.engine.paths import WAYS_TO_ROOT, lies_within, normal_path
from sockguard.policy.tree import flag_of, refuse_unknown_keys

if TYPE_CHECKING:
    from collections.abc import Callable

    from sockguard.engine.view import Item
    from sockguard.policy.complaints import Complaints
    from sockguard.policy.tree import Node

    Held = Callable[[Item], bool]

_WORDS = ("path", "under", "writable")


def read_host_paths(node: Node, complaints: Complaints) -> Held:
    """Read a path, a mapping of `path` or `under` with `writable`, or a list of these."""
    nodes = node.value if isinstance(node.value, tuple) else (node,)
    if not nodes:
        complaints.add(node.source, "host_paths takes a list of at least one path; write any")
    admitted = tuple(_read(one, complaints) for one in nodes)
    return lambda item: any(held(item) for held in admitted)


def _read(node: Node, complaints: Complaints) -> Held:
    if not isinstance(node.value, dict):
        return _paths(_clean(node, complaints), writable=False)
    given = node.value
    refuse_unknown_keys(given, _WORDS, "host_paths", complaints)
    writable = "writable" in given and flag_of(given["writable"].value, "writable", complaints)
    if ("path" in given) == ("under" in given):
        complaints.add(node.source, "host_paths names paths by one of `path` and `under`")
        return lambda _: False
    if "path" in given:
        return _paths(_clean(given["path"].value, complaints), writable=writable)
    folders = _clean(given["under"].value, complaints)
    for folder in folders:
        if kept := [way for way in WAYS_TO_ROOT if lies_within(folder, way)]:
            complaints.add(
                given["under"].source,
                f"host_paths: nothing lies under {folder}, since {min(kept)} leads to root: write"
                " each path out",
            )
    return _under(folders, writable=writable)


def _clean(node: Node, complaints: Complaints) -> list[str]:
    """Read one path or a list of them, each absolute and clean."""
    nodes = node.value if isinstance(node.value, tuple) and node.value else (node,)
    paths = []
    for one in nodes:
        text = one.value if isinstance(one.value, str) else ""
        normal = normal_path(text)
        if normal is None or text not in (normal, f"/var{normal}"):
            told = repr(text) if text else one.describe()
            complaints.add(one.source, f"host_paths takes absolute, clean paths, not {told}")
        elif text.endswith((":ro", ":rw")):
            complaints.add(
                one.source,
                f"host_paths takes a path alone, not {text!r}: it is read-only unless the item says"
                " `writable: true`",
            )
        elif "*" in text:
            complaints.add(one.source, f"host_paths knows no globs: write under, not {text!r}")
        else:
            paths.append(normal)
    return paths


def _paths(paths: list[str], *, writable: bool) -> Held:
    return lambda item: item.value in paths and (writable or not item.writable)


def _under(folders: list[str], *, writable: bool) -> Held:
    return lambda item: (
        not item.reserved
        and (writable or not item.writable)
        and any(lies_within(item.value, folder) for folder in folders)
    )
