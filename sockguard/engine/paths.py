"""Paths of the host in one normal form, and those of them that lead to root by themselves.

Must never take a text for a path that the Engine or the kernel could read as another one.
"""

from __future__ import annotations

import posixpath
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

WAYS_TO_ROOT = frozenset(
    {
        *("/bin", "/boot", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/libx32", "/nix"),
        *("/ostree", "/proc", "/root", "/run", "/sbin", "/selinux", "/snap", "/sys", "/sysroot"),
        *("/usr", "/opt/cni", "/opt/containerd", "/var/lock", "/var/snap", "/var/spool"),
        *("/var/lib/buildkit", "/var/lib/cloud", "/var/lib/containerd", "/var/lib/containers"),
        *("/var/lib/docker", "/var/lib/kubelet", "/var/lib/rancher", "/var/lib/systemd"),
    }
)
"""Where programs, settings, devices, sockets and the data of engines lie on a host."""

_RUN = "/var/run"


def normal_path(text: str) -> str | None:
    """Clean an absolute path as Go's path.Clean does; None for what has no form of its own.

    A path with `..` has none: the Engine cleans the source of a bind, but not a device, where the
    kernel follows a link first. /var/run is a link to /run on every host of these days.
    """
    if not text.startswith("/") or "\\" in text or "\0" in text or ".." in text.split("/"):
        return None
    path = posixpath.normpath("/" + text.lstrip("/"))
    return path.removeprefix("/var") if lies_within(path, _RUN) else path


def lies_within(path: str, folder: str) -> bool:
    """Tell whether a normal path is the folder or below it, at the border of a component."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def is_reserved(path: str, more: frozenset[str] = frozenset()) -> bool:
    """Tell whether a normal path lies within, is, or holds one that leads to root.

    `more` are others that count like them.
    """
    kept = _kept(more)
    if path in kept.above:
        return True
    return any(folder in kept.paths for folder in _leading_to(path, kept.deepest))


class _Kept(NamedTuple):
    """Reserved paths, all folders that they lie in, and how many names the longest one has."""

    paths: frozenset[str]
    above: frozenset[str]
    deepest: int


@lru_cache(maxsize=64)  # few sets, and a body may hold thousands of paths
def _kept(more: frozenset[str]) -> _Kept:
    others = {normal for text in more if (normal := normal_path(text)) is not None}
    paths = WAYS_TO_ROOT | others
    deepest = max(path.count("/") for path in paths)
    above = {folder for path in paths for folder in _leading_to(path, deepest)}
    return _Kept(paths, frozenset({"/", *above}), deepest)


def _leading_to(path: str, most: int) -> Iterator[str]:
    """Yield the folders that a path lies in and the path itself, as far as `most` names deep."""
    yield "/"
    folder = ""
    for name in path.split("/", most + 1)[1 : most + 1]:
        folder += f"/{name}"
        yield folder
