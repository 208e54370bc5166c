"""The view `capabilities`: which capabilities of the kernel a container gets beyond its own.

Must never take a spelling of a capability that the Engine obeys for another one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sockguard.engine.cover import joined
from sockguard.engine.inspection import ITEM, spell_steps
from sockguard.engine.view import Gathered, Item, View
from sockguard.engine.views.places import HOST, SERVICES, SPEC, texts_at, whole

if TYPE_CHECKING:
    from sockguard.engine.facts import Facts
    from sockguard.engine.view import Asking

ALL = "ALL"
CAPABILITIES = frozenset(
    {
        *("AUDIT_CONTROL", "AUDIT_READ", "AUDIT_WRITE", "BLOCK_SUSPEND", "BPF"),
        *("CHECKPOINT_RESTORE", "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID"),
        *("IPC_LOCK", "IPC_OWNER", "KILL", "LEASE", "LINUX_IMMUTABLE", "MAC_ADMIN"),
        *("MAC_OVERRIDE", "MKNOD", "NET_ADMIN", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_RAW"),
        *("PERFMON", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_ADMIN", "SYS_BOOT"),
        *("SYS_CHROOT", "SYS_MODULE", "SYS_NICE", "SYS_PACCT", "SYS_PTRACE", "SYS_RAWIO"),
        *("SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "SYSLOG", "WAKE_ALARM", ALL),
    }
)
"""All that the kernel knows up to Linux 6, and the Engine's word for all of them."""

_PLACES = {
    "containers.create": ((*HOST, "CapAdd"), (*HOST, "Capabilities")),
    **dict.fromkeys(SERVICES, ((*SPEC, "CapabilityAdd"),)),
}
_NAME = re.compile(r"[A-Z_]{1,64}", re.ASCII)


def normal_capability(text: str) -> str | None:
    """Return the name in capitals without CAP_; None for what can be none (daemon/pkg/oci/caps)."""
    name = text.upper() if text.isascii() else ""
    return name.removeprefix("CAP_") if _NAME.fullmatch(name) else None


def gather(asking: Asking, _: Facts) -> Gathered:
    """Gather what is added; `Capabilities` names all that there are to be."""
    places = _PLACES[asking.operation]
    items = [
        _item(text, spell_steps((*steps, ITEM)))
        for steps in places
        for text in texts_at(asking.document, *steps)
    ]
    return Gathered(tuple(items), joined(*(whole(*steps) for steps in places)))


def _item(text: str, where: str) -> Item:
    normal = normal_capability(text)
    return Item(text, where, strange=True) if normal is None else Item(normal, where)


VIEW = View("capabilities", frozenset(_PLACES), gather)
