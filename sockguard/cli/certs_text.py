"""What `sockguard certs` prints: policy lines, commands for docker, tables.

Must never print a line to copy that a shell or a policy would read otherwise than it is meant.
"""

from __future__ import annotations

import re
import shlex
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from sockguard.certs.names import Names

DEFAULT_HOST = "tcp://localhost:2376"
_CLIENT_LENGTH = 63
_WORDS_OF_YAML = frozenset({"true", "false", "yes", "no", "on", "off", "null", "y", "n"})
_RESERVED = "main"
_DAY = 86400
_HOUR = 3600


def policy_lines(name: str, names: Names) -> list[str]:
    """Return a client for a policy that matches this certificate, by the narrowest of its names."""
    if names.spiffe:
        kind, value = "spiffe", names.spiffe
    elif names.dns:
        kind, value = "dns", names.dns[0]
    else:
        kind, value = "common_name", name
    return [
        "clients:",
        f"  {_key(client_name(name))}:",
        f'    match: {{cert: {{{kind}: "{value}"}}}}',
        "    role: shipped/read-only",
    ]


def _key(name: str) -> str:
    """Write a client's name as a key of YAML, which takes some words for something else."""
    return f'"{name}"' if name.lower() in _WORDS_OF_YAML else name


def client_name(name: str) -> str:
    """Return the name of a certificate such that a policy takes it as a client's."""
    plain = name.replace(".", "-")
    if not plain[0].isalpha() or plain == _RESERVED:
        plain = f"client-{plain}"
    return plain[:_CLIENT_LENGTH]


def docker_lines(name: str, folder: Path, host: str) -> list[str]:
    """Return the commands that make docker use this certificate: as a context, or for one shell."""
    context = f"sockguard-{name}"
    files = [("ca", "ca.pem"), ("cert", "cert.pem"), ("key", "key.pem")]
    fields = [("host", host), *((key, str(folder / file)) for key, file in files)]
    endpoint = ",".join(_field(f"{key}={value}") for key, value in fields)
    return [
        f"docker context create {context} --docker {shlex.quote(endpoint)}",
        f"docker --context {context} version",
        "",
        f"export DOCKER_HOST={shlex.quote(host)}",
        f"export DOCKER_CERT_PATH={shlex.quote(str(folder))}",
        "export DOCKER_TLS_VERIFY=1",
    ]


def _field(text: str) -> str:
    """One field of the CSV that docker reads its endpoint from."""
    if not re.search(r'[",\r\n]', text):
        return text
    doubled = text.replace('"', '""')
    return f'"{doubled}"'


def table(rows: Sequence[Sequence[str]]) -> Iterable[str]:
    """Yield rows in columns, each as wide as its widest cell."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()


def moment(seconds: float) -> str:
    """Return a time in UTC as in 2026-03-01T09:30:00Z."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"


def until(end: float, now: float) -> str:
    """Return how far an end is away, in words."""
    away = abs(end - now)
    hours = round(away / _HOUR)
    unit, count = ("hour", hours) if hours < _DAY / _HOUR else ("day", round(away / _DAY))
    told = f"{count} {unit}" if count == 1 else f"{count} {unit}s"
    return f"in {told}" if end > now else f"{told} ago"
