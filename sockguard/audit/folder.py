"""Where the audit log is unless somebody says otherwise.

Must never look at the machine: it is told the environment and who runs.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

SYSTEM_FOLDER = Path("/var/lib/sockguard/audit")


def default_audit_dir(environ: Mapping[str, str], uid: int) -> Path:
    """SOCKGUARD_AUDIT_DIR, else the system's folder for root, else the one in XDG_STATE_HOME.

    A relative XDG_STATE_HOME is ignored, as the XDG base directory specification asks.
    """
    named = environ.get("SOCKGUARD_AUDIT_DIR", "")
    if named:
        return Path(named)
    if uid == 0:
        return SYSTEM_FOLDER
    state = Path(environ.get("XDG_STATE_HOME", ""))
    home = Path(environ.get("HOME", "/"))
    return (state if state.is_absolute() else home / ".local/state") / "sockguard/audit"
