"""Ports of this machine that tests may take."""

from __future__ import annotations

import socket


def free_port() -> int:
    """A TCP port that nothing listens at, at any address of this machine."""
    with socket.socket() as probe:
        probe.bind(("", 0))
        port: int = probe.getsockname()[1]
        return port
