"""Why the Engine's socket may not be opened by this process, and what would let it.

Must never open it: permissions are read, not tried.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sockguard.identity.caller import OVERFLOW_ID

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Barred:
    """A sentence that says who may not open what, and the line that mends it."""

    text: str
    mend: str


def what_bars(path: Path, *, in_container: bool) -> Barred | None:
    """Return what keeps this process from opening the socket, None where nothing does."""
    if not path.exists() or os.access(path, os.R_OK | os.W_OK):
        return None
    gid = path.stat().st_gid
    text = f"uid {os.geteuid()} may not open {path}, which belongs to group {gid}"
    return Barred(text, _mend(gid, in_container=in_container))


def _mend(gid: int, *, in_container: bool) -> str:
    if gid == OVERFLOW_ID:
        return (
            "that group is of another user namespace: add `userns_mode: host` to the service, "
            "or mount the socket of the Engine that runs as this user"
        )
    if in_container:
        return (
            f'add `group_add: ["{gid}"]` to the service in compose.yaml, '
            f"or `--group-add {gid}` to docker run"
        )
    return f"run as root, or make this user a member of group {gid}"
