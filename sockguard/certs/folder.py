"""Where the authority is unless somebody says otherwise, and what its files are called.

Must never look at the machine: it is told the environment and who runs.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

SYSTEM_FOLDER = Path("/var/lib/sockguard/certs")

# The names of the first three are Docker's: DOCKER_CERT_PATH is a folder that holds them.
CA = "ca.pem"
CERT = "cert.pem"
KEY = "key.pem"
CRL = "crl.pem"
CA_KEY = "ca-key.pem"
ISSUED = "issued"
REPLACED = "replaced.pem"
ELSEWHERE = "folder"
"""Holds the path that `--out` named."""


def default_ca_dir(environ: Mapping[str, str], uid: int) -> Path:
    """The system's folder for root, else the one in XDG_STATE_HOME.

    A relative XDG_STATE_HOME is ignored, as the XDG base directory specification asks.
    """
    if uid == 0:
        return SYSTEM_FOLDER
    state = Path(environ.get("XDG_STATE_HOME", ""))
    home = Path(environ.get("HOME", "/"))
    return (state if state.is_absolute() else home / ".local/state") / "sockguard/certs"
