"""What a verified client certificate says of its holder.

Must never verify anything: only names from a chain that TLS has verified come here.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Certificate:
    """The names of one certificate, each kind by itself.

    `sha256` is the fingerprint of its DER form in hex. `spiffe` and `common_name` are "" where it
    has none, or more than one. `not_after` is in seconds since 1970. `issuer` (a name as DER) and
    `serial` say which one it is in a list of revoked ones.
    """

    sha256: str
    spiffe: str = ""
    dns: tuple[str, ...] = ()
    email: tuple[str, ...] = ()
    common_name: str = ""
    not_after: float = 0.0
    issuer: bytes = b""
    serial: int = 0
