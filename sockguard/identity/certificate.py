"""What a verified client certificate says of its holder.

Must never verify anything: only names from a chain that TLS has verified come here.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from ssl import cert_time_to_seconds
from typing import TYPE_CHECKING

from sockguard.identity.names import common_name, dns_name, email_address, spiffe_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MOST_NAMES = 32
"""So many names of one kind count: all of them are in every event."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """The names of one certificate, each kind by itself.

    `sha256` is the fingerprint of its DER form in hex. `spiffe` and `common_name` are "" where it
    has none, or more than one. `not_after` is in seconds since 1970. `issuer` (a name as DER) and
    `serial` say which one it is in a list of revoked ones, `verified_under` which state of the TLS
    folder it was verified under.
    """

    sha256: str
    spiffe: str = ""
    dns: tuple[str, ...] = ()
    email: tuple[str, ...] = ()
    common_name: str = ""
    not_after: float = 0.0
    issuer: bytes = b""
    serial: int = 0
    verified_under: int = 0


def certificate_of(parsed: Mapping[str, object], der: bytes) -> Certificate:
    """Read what `ssl.SSLSocket.getpeercert()` returns, and the same certificate in DER.

    A name that does not fit the grammar of its kind is none of the holder's. Nor is any of a kind
    of which there are more than count: which of them are left out would be up to the holder.
    """
    named = list(_alternative_names(parsed))
    uris = [text for kind, text in named if kind == "URI"]
    common = list(_common_names(parsed))
    return Certificate(
        sha256(der).hexdigest(),
        spiffe_id(uris[0]) if len(uris) == 1 else "",
        _distinct(dns_name(text) for kind, text in named if kind == "DNS"),
        _distinct(email_address(text) for kind, text in named if kind == "email"),
        common_name(common[0]) if len(common) == 1 else "",
        _seconds(parsed.get("notAfter")),
    )


def _alternative_names(parsed: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    names = parsed.get("subjectAltName")
    for name in names if isinstance(names, tuple) else ():
        match name:
            case (str(kind), str(text)):
                yield kind, text
            case _:
                pass  # a directory name


def _common_names(parsed: Mapping[str, object]) -> Iterator[str]:
    subject = parsed.get("subject")
    for relative in subject if isinstance(subject, tuple) else ():
        for attribute in relative if isinstance(relative, tuple) else ():
            match attribute:
                case ("commonName", str(text)):
                    yield text
                case _:
                    pass


def _distinct(names: Iterator[str]) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(filter(None, names)))
    return found if len(found) <= MOST_NAMES else ()


def _seconds(text: object) -> float:
    """Read a date as OpenSSL writes it; one that cannot be read is long past."""
    try:
        return float(cert_time_to_seconds(text)) if isinstance(text, str) else 0.0
    except ValueError:
        return 0.0
