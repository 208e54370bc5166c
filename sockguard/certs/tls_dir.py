"""What must hold of the files of a TLS folder before anybody is served from it.

Must never let pass what OpenSSL would refuse everybody for, or what would let in strangers.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cryptography import x509

from sockguard.certs.fault import CertificateError
from sockguard.certs.peer import entries_of, one_form
from sockguard.certs.reading import (
    call,
    certified_bytes,
    extension,
    faults_of_authority,
    may_serve,
    may_sign_lists,
    public_bytes,
    subject_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes


def check_server(path: Path, certificate: x509.Certificate, now: float) -> None:
    """Raise CertificateError unless a server may show this certificate now."""
    if not may_serve(certificate):
        raise CertificateError(
            f"{path}: '{subject_of(certificate)}' is not for servers: its extendedKeyUsage lacks "
            "serverAuth; `sockguard certs issue NAME --server` makes one that is"
        )
    fault = _fault_of_time(certificate, now)
    if fault:
        raise CertificateError(
            f"{path}: '{subject_of(certificate)}' {fault}; put a certificate there that is valid "
            "now (`sockguard certs renew NAME`, if it came from there), or set the clock"
        )


def check_key(
    path: Path, key: PrivateKeyTypes, cert_path: Path, certificate: x509.Certificate
) -> None:
    """Raise CertificateError unless the key is that of the certificate."""
    if public_bytes(key) != certified_bytes(certificate):
        raise CertificateError(
            f"{path}: does not match {cert_path}, which is for another key; put key and "
            "certificate there that were made together, the server's certificate first in its file"
        )


def check_authorities(path: Path, certificates: Sequence[x509.Certificate], now: float) -> None:
    """Raise CertificateError unless all may vouch for clients, and one of them still does."""
    for certificate in certificates:
        for fault in faults_of_authority(certificate):
            raise CertificateError(
                f"{path}: '{subject_of(certificate)}' {fault}; take it out, only authorities "
                "whose clients may connect belong there"
            )
    faults = [_fault_of_time(certificate, now) for certificate in certificates]
    if all(faults):
        raise CertificateError(
            f"{path}: '{subject_of(certificates[0])}' {faults[0]}, so nobody could connect; put "
            "an authority there that is valid now, or set the clock"
        )


def check_list(
    path: Path,
    crl: x509.CertificateRevocationList,
    authorities: Sequence[x509.Certificate],
    now: float,
) -> None:
    """Raise CertificateError unless this is a whole, valid list of one of the authorities."""
    fault = _fault_of_signer(crl, authorities) or _fault_of_scope(crl) or _fault_of_age(crl, now)
    if fault:
        raise CertificateError(f"{path}: the list of '{call(crl.issuer)}' {fault}")


def check_lists_are_complete(
    path: Path,
    lists: Sequence[x509.CertificateRevocationList],
    authorities: Sequence[x509.Certificate],
    now: float,
) -> None:
    """Raise CertificateError where a list is missing without which OpenSSL refuses clients.

    An authority whose only business is to vouch for another one in the same file needs none: only
    the list of a client's own issuer is asked for.
    """
    listed = {one_form(one.issuer) for one in lists}
    vouching = {one_form(one.issuer) for one in authorities if one.issuer != one.subject}
    for authority in authorities:
        name = one_form(authority.subject)
        if name not in listed | vouching and not _fault_of_time(authority, now):
            raise CertificateError(
                f"{path}: holds no list of '{subject_of(authority)}', so OpenSSL refuses everybody "
                "whom it signed; append its list (an empty one will do), or take it out of ca.pem"
            )


def not_revoked(
    path: Path,
    authorities: Sequence[x509.Certificate],
    lists: Sequence[x509.CertificateRevocationList],
) -> tuple[x509.Certificate, ...]:
    """Leave out the authorities that a list names, and those whom only such a one vouches for.

    Raises CertificateError where none is left.
    """
    named = entries_of(lists)
    kept = [one for one in authorities if (one_form(one.issuer), one.serial_number) not in named]
    gone = {one_form(one.subject) for one in authorities if one not in kept}
    while True:
        gone -= {one_form(one.subject) for one in kept}
        orphans = [one for one in kept if one_form(one.issuer) in gone]
        if not orphans:
            break
        kept = [one for one in kept if one not in orphans]
        gone |= {one_form(one.subject) for one in orphans}
    if not kept:
        raise CertificateError(
            f"{path}: all of its authorities are revoked, so nobody could connect; put one there "
            "that is not"
        )
    return tuple(kept)


def _fault_of_signer(
    crl: x509.CertificateRevocationList, authorities: Sequence[x509.Certificate]
) -> str:
    named = [one for one in authorities if one_form(one.subject) == one_form(crl.issuer)]
    if not named:
        return "is a stranger's: ca.pem holds no authority of that name; take one of the two out"
    # An authority's public key is one that can sign: its certificate says keyCertSign.
    signers = [one for one in named if crl.is_signature_valid(one.public_key())]  # type: ignore[arg-type]
    if not signers:
        return (
            "was not signed by the authority of that name in ca.pem; put the list there that "
            "belongs to it"
        )
    if not any(map(may_sign_lists, signers)):
        return (
            "is signed by an authority whose keyUsage lacks cRLSign, so OpenSSL refuses "
            "everybody; take the list out, or use an authority that may sign lists"
        )
    return ""


def _fault_of_scope(crl: x509.CertificateRevocationList) -> str:
    part = extension(crl, x509.IssuingDistributionPoint)
    narrow = part is not None and (
        part.indirect_crl
        or part.only_some_reasons is not None
        or part.only_contains_attribute_certs
        or part.only_contains_ca_certs
    )
    if narrow or extension(crl, x509.DeltaCRLIndicator) is not None:
        return (
            "is no whole list, but a delta, an indirect or a partial one; put the whole one there"
        )
    return ""


def _fault_of_age(crl: x509.CertificateRevocationList, now: float) -> str:
    if now < crl.last_update_utc.timestamp():
        return f"is of {_moment(crl.last_update_utc)}, which is not yet; set the clock"
    end = crl.next_update_utc
    if end is not None and now >= end.timestamp():
        return (
            f"expired on {_moment(end)}, so OpenSSL refuses everybody; put a newer one there, or "
            "remove the file if nobody is revoked"
        )
    return ""


def _fault_of_time(certificate: x509.Certificate, now: float) -> str:
    if now >= certificate.not_valid_after_utc.timestamp():
        return f"expired on {_moment(certificate.not_valid_after_utc)}"
    if now < certificate.not_valid_before_utc.timestamp():
        return f"is not valid before {_moment(certificate.not_valid_before_utc)}"
    return ""


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
