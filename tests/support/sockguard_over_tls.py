"""The real `sockguard serve` with a TLS listener, and a certificate that it grants everything.

Must never make certificates in any way but the one that people have: `sockguard certs`.
"""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.support.ports import free_port
from tests.support.sockguard_process import MODULE, sockguard

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

POLICY = """
version: 1
clients:
  local: {socket: main, allow: [system/hello]}
  remote: {match: {cert: {dns: remote.home.lab}}, allow: [engine/everything]}
"""


@dataclass(frozen=True, slots=True)
class Remote:
    """A way over TLS: the values of DOCKER_HOST and DOCKER_CERT_PATH."""

    host: str
    certs: Path


@contextmanager
def sockguard_over_tls(folder: Path, upstream: str) -> Iterator[Remote]:
    """Serve everything to one certificate in front of `upstream` (a URL) until the block ends."""
    certs, issued = folder / "certs", folder / "certs" / "issued"
    for words in (
        ("init",),
        ("issue", "server", "--server", "--dns", "localhost", "--ip", "127.0.0.1"),
        ("issue", "remote", "--dns", "remote.home.lab"),
    ):
        command = [*MODULE, "certs", *words, "--ca-dir", str(certs)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=sys.stderr)
    (folder / "policy.yaml").write_text(POLICY)
    address = f"127.0.0.1:{free_port()}"
    flags = (f"--listen=tls://{address}", f"--tls-dir={issued / 'server'}")
    with sockguard(folder, str(folder / "policy.yaml"), upstream, *flags):
        yield Remote(f"tcp://{address}", issued / "remote")
