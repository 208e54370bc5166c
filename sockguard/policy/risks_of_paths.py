"""What a path or a device of the host amounts to in the hands of a container.

Must never take a folder for harmless that may hold a socket by which the host is commanded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sockguard.engine.level import Level
from sockguard.engine.paths import lies_within, normal_path

if TYPE_CHECKING:
    from sockguard.engine.view import Item


@dataclass(frozen=True, slots=True)
class Found:
    """What admitting one thing amounts to."""

    level: Level
    says: str


# --- paths -----------------------------------------------------------------------------------

COMMANDING = (
    *("/run", "/tmp/tmux-0", "/tmp/.X11-unix", "/home", "/root", "/var/snap"),  # noqa: S108 - where sockets lie
    *("/var/lib/incus", "/var/lib/kubelet", "/var/lib/lxd", "/var/lib/rancher"),
)
"""Where the sockets of Engines and other masters of the host lie: read-only does not close one."""
_HOME = re.compile(r"/(?:root|home(?:/[^/]+)?)(?:/\.(?:colima|docker|lima|orbstack|rd)(?:/.*)?)?")
"""Homes, and where the Engines of Docker Desktop and its like have their sockets in them."""
_EMPTY = frozenset({"/dev/full", "/dev/null", "/dev/random", "/dev/urandom", "/dev/zero"})

_READS = Found(Level.SECRETS, "Reads files of the host.")
WRITES = Found(
    Level.ROOT,
    "Writes to the host: whoever can write below a path can plant a link there that leads out of"
    " it.",
)
_SOCKET = Found(Level.ROOT, "May reach a socket through which the host is commanded, as root.")
_PROCESSES = Found(
    Level.ROOT, "Reaches the host's files through its processes, or its devices, read-only or not."
)
_NOTHING = Found(Level.METADATA, "Has a device that holds nothing.")


def rate_path(item: Item) -> Found:
    """Weigh a path that is mounted; one whose text is none counts by what it could mean."""
    path = normal_path(item.value) or item.value
    if path in _EMPTY:
        return _NOTHING
    if any(lies_within(place, path) or lies_within(path, place) for place in ("/proc", "/dev")):
        return _PROCESSES
    if ".sock" in path or _HOME.fullmatch(path) or _commands(path):
        return _SOCKET
    return WRITES if item.writable else _READS


def _commands(path: str) -> bool:
    below = (place for place in COMMANDING if place not in ("/home", "/root"))
    return any(lies_within(place, path) for place in COMMANDING) or any(
        lies_within(path, place) for place in below
    )


# --- devices ---------------------------------------------------------------------------------

_PLAIN_DEVICES = re.compile(
    r"/dev/(?:null|zero|full|random|urandom|tty(?:ACM|AMA|S|USB)\w*|snd(?:/.*)?|dri(?:/.*)?"
    r"|video\w*|kvm|net/tun|serial/.*)"
)
_PLAIN_RULES = re.compile(r"c (?:81|116|166|188|195|226):\S+ [rwm]+")
"""Cameras, sound, serial lines and graphics (the kernel's devices.txt)."""
_GRAPHICS = re.compile(r"(?:nvidia|amd|gpu):.*")
DISKS = Found(
    Level.ROOT, "Opens devices of the host, which can be its disks, its memory or its console."
)
_DEVICE = Found(Level.CODE, "Opens devices of the host that hold none of its files.")


def rate_device(item: Item) -> Found:
    """Weigh a device, a rule for devices, or what is asked of a driver."""
    plain = (_PLAIN_DEVICES, _PLAIN_RULES, _GRAPHICS)
    return _DEVICE if any(one.fullmatch(item.value) for one in plain) else DISKS
