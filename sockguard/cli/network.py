"""What listeners of the network need before the first of them opens.

Must never make whoever has none of them pay for it.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from sockguard.errors import SockguardError
from sockguard.identity.listener import Scheme
from sockguard.policy.model import MAIN, NETWORK

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator, Mapping

    from sockguard.policy.model import Policy
    from sockguard.proxy.tls_files import TlsFiles
    from sockguard.settings import Settings


def read_tls_files(settings: Settings) -> TlsFiles | None:
    """Read the TLS folder, None where there is none; raises SockguardError naming the file."""
    if settings.tls_dir is None:
        return None
    # Only who asks for TLS pays for cryptography.
    from sockguard.proxy.tls_files import TlsFiles  # noqa: PLC0415

    files = TlsFiles(settings.tls_dir, settings.tls_min)
    files.load()
    return files


def listener_warnings(settings: Settings, policy: Policy) -> Iterator[str]:
    """Say which clients no listener can bring, and which listeners can bring no client."""
    schemes = {one.scheme for one in settings.listen}
    for client in policy.clients.values():
        if client.listener != NETWORK:
            continue
        if not schemes:
            yield (
                f"client '{client.name}' comes over the network, where nothing listens; add "
                "--listen tls://0.0.0.0:2376 --tls-dir DIR"
            )
        elif client.match.cert is not None and Scheme.TLS not in schemes:
            yield (
                f"client '{client.name}' shows a certificate, which only a listener with TLS asks "
                "for; add --listen tls://0.0.0.0:2376 --tls-dir DIR"
            )
    if schemes and not policy.uses_network:
        listeners = " and ".join(map(str, settings.listen))
        yield (
            f"{listeners} can serve nobody: no client of the policy has cert, from or container "
            "in its match"
        )


def sockets_passed_on(settings: Settings, policy: Policy) -> Mapping[str, socket.socket]:
    """Return the sockets that systemd passes on, by name; raises SockguardError for a stranger."""
    if "LISTEN_FDS" not in os.environ:
        return {}
    from sockguard.proxy.network_sockets import passed_sockets  # noqa: PLC0415

    passed = passed_sockets(os.environ, os.getpid())
    known = {MAIN, *policy.clients, *(one.passed for one in settings.listen)}
    for name in passed.keys() - known:
        raise SockguardError(
            f"systemd passes a socket named '{name}', which is neither a client of the policy, nor "
            f"'{MAIN}', nor the name in a --listen tls://fd:NAME; mend FileDescriptorName= in its "
            "socket unit"
        )
    return passed
