"""What the options of a volume's driver mount: a path of the host, or something else.

Must never take for harmless what hands a path to mount(2) in any of its options.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LOCAL = (None, "", "local")
"""How the Engine's own volume driver is named."""

KNOWN = frozenset({"type", "o", "device", "size"})
"""The options that it takes (Engine source, volume/local)."""

_BINDS = frozenset({"bind", "rbind"})
_BIND_TYPES = frozenset({"", "none", "bind"})
_BESIDE_A_BIND = frozenset(
    {
        *("ro", "rw", "defaults", "dev", "nodev", "suid", "nosuid", "exec", "noexec"),
        *("atime", "noatime", "nodiratime", "relatime", "strictatime", "private", "rprivate"),
    }
)
_MOVES = _BINDS | {"remount"}
_TYPE = re.compile(r"[a-z0-9_.-]{1,32}")


def host_path_of(options: Mapping[str, object]) -> str:
    """Return the path of the host that options bind, as sent; "" where they mount none.

    What is mounted in any other way is named `TYPE:DEVICE`, which is no path: a disk, a file
    server, an overlay. The local driver hands `type`, `device` and `o` to mount(2), for which the
    type counts nothing beside the flag of a bind: a tmpfs with `bind` among its options is one.
    """
    device, kind, flags = (_text(options, name) for name in ("device", "type", "o"))
    given = set(flags.split(",")) if flags else set()
    if kind == "tmpfs" and not given & _MOVES:
        return ""
    if not device and not kind and not flags:
        return ""
    is_bind = kind in _BIND_TYPES and given & _BINDS and given <= _BINDS | _BESIDE_A_BIND
    if is_bind and device.startswith("/"):
        return device
    return f"{kind if _TYPE.fullmatch(kind) else 'mount'}:{device}"


def paths_of(options: Mapping[str, object]) -> Iterator[str]:
    """Yield each absolute path that stands anywhere in the options, as sent."""
    if _text(options, "device").startswith("/"):
        yield _text(options, "device")
    for option in _text(options, "o").split(","):
        for part in option.partition("=")[2].split(":"):
            if part.startswith("/"):
                yield part


def _text(options: Mapping[str, object], name: str) -> str:
    value = options.get(name)
    return value if isinstance(value, str) else ""
