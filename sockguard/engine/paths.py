"""Paths of the host in one normal form, and those of them that lead to root by themselves.

Must never take a text for a path that the Engine or the kernel could read as another one.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

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


_DEEPEST = max(way.count("/") for way in WAYS_TO_ROOT)


def _from_the_top(path: str) -> list[str]:
    """Name what a normal path is or lies in, as deep as the ways to root go: /usr, /usr/bin."""
    steps = path.split("/", _DEEPEST + 1)[: _DEEPEST + 1]
    return ["/".join(steps[:depth]) for depth in range(2, len(steps) + 1)]


_HOLDING = frozenset({"/", *(above for way in WAYS_TO_ROOT for above in _from_the_top(way))})


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


def is_reserved(path: str, more: Iterable[str] = ()) -> bool:
    """Tell whether a normal path lies within, is, or holds one that leads to root.

    `more` are others that count like them.
    """
    if path in _HOLDING or not WAYS_TO_ROOT.isdisjoint(_from_the_top(path)):
        return True
    others = (normal for text in more if (normal := normal_path(text)) is not None)
    return any(lies_within(path, kept) or lies_within(kept, path) for kept in others)
