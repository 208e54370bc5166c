"""What an authority has issued, told as plain facts: names, ends and whether it still counts.

Must never call a certificate valid that a list takes back or whose time is over.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sockguard.certs.authority_store import read_ca
from sockguard.certs.issued_store import Record, records
from sockguard.certs.reading import names_of, subject_of
from sockguard.certs.revoked_store import revoked_serials

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cryptography import x509

    from sockguard.certs.issuing import Kind


_SERIAL_BYTES = 20  # RFC 5280, section 4.1.2.2


@dataclass(frozen=True, slots=True)
class Listed:
    """One certificate. `state` is valid, expired or revoked; `replaced`: there is a newer one."""

    name: str
    kind: Kind
    names: tuple[str, ...]
    folder: Path
    serial: str
    not_after: float
    state: str
    replaced: bool


@dataclass(frozen=True, slots=True)
class Listing:
    """All that one authority issued, without those that were replaced and have expired."""

    authority: str
    not_after: float
    certificates: tuple[Listed, ...]


def listing(ca_folder: Path, now: float) -> Listing:
    """Return what was issued, by name, the newest of each first; raises CertificateError."""
    issuer = read_ca(ca_folder)[0]
    revoked = revoked_serials(ca_folder, issuer)
    found = [
        _listed(record, one, revoked, now)
        for record in records(ca_folder)
        for one in _shown(record, now)
    ]
    return Listing(subject_of(issuer), issuer.not_valid_after_utc.timestamp(), tuple(found))


def _shown(record: Record, now: float) -> Iterator[x509.Certificate]:
    yield record.certificate
    yield from (one for one in record.replaced if one.not_valid_after_utc.timestamp() > now)


def _listed(
    record: Record, certificate: x509.Certificate, revoked: frozenset[int], now: float
) -> Listed:
    not_after = certificate.not_valid_after_utc.timestamp()
    state = "expired" if not_after <= now else "valid"
    return Listed(
        name=record.name,
        kind=record.kind,
        names=names_of(certificate).shown(),
        folder=record.folder,
        serial=certificate.serial_number.to_bytes(_SERIAL_BYTES).lstrip(b"\0").hex(),
        not_after=not_after,
        state="revoked" if certificate.serial_number in revoked else state,
        replaced=certificate is not record.certificate,
    )
