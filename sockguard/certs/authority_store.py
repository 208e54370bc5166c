"""The folder of an authority: made once, opened for each thing that it signs.

Must never overwrite an authority, nor sign with a key that others could have read.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sockguard.certs.fault import CertificateError
from sockguard.certs.files_store import (
    OPEN_TO_ANY,
    alone_in,
    make_folder,
    read_file,
    write_new,
)
from sockguard.certs.folder import CA, CA_KEY, CRL
from sockguard.certs.issuing import (
    AUTHORITY_DAYS,
    SIGNING_KEYS,
    Issuer,
    key_pem,
    new_issuer,
    new_list,
    pem,
)
from sockguard.certs.peer import one_form
from sockguard.certs.reading import (
    certified_bytes,
    faults_of_authority,
    may_sign_lists,
    public_bytes,
    read_certificates,
    read_key,
    read_lists,
    subject_of,
)

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography import x509


@dataclass(frozen=True, slots=True)
class Authority:
    """An authority in its folder. `ca` is all of ca.pem, the authority's certificate first."""

    folder: Path
    issuer: Issuer
    ca: tuple[x509.Certificate, ...]

    @property
    def name(self) -> str:
        """What a person calls it."""
        return subject_of(self.issuer.certificate)

    @property
    def not_after(self) -> float:
        """Its end, in seconds since 1970."""
        return self.issuer.certificate.not_valid_after_utc.timestamp()


def create_authority(folder: Path, now: float, days: int = AUTHORITY_DAYS) -> Authority:
    """Make an authority in a folder that holds none; raises CertificateError."""
    make_folder(folder)
    with alone_in(folder):
        for name in (CA, CA_KEY, CRL):
            if os.path.lexists(folder / name):
                raise CertificateError(
                    f"{folder / name}: there is an authority already, and none is overwritten; "
                    "use it as it is, or name another folder with --ca-dir"
                )
        issuer = new_issuer(now, days)
        write_new(
            folder,
            {
                CA_KEY: key_pem(issuer.key),
                CRL: pem(new_list(issuer, (), 1, now)),
                CA: pem(issuer.certificate),
            },
        )
    return Authority(folder, issuer, (issuer.certificate,))


def read_ca(folder: Path) -> tuple[x509.Certificate, ...]:
    """Return what ca.pem holds; raises CertificateError."""
    if not (folder / CA).exists() and not (folder / CA_KEY).exists():
        raise CertificateError(
            f"{folder}: holds no authority; `sockguard certs init` makes one, or put {CA} and "
            f"{CA_KEY} of your own there, or name their folder with --ca-dir"
        )
    return read_certificates(folder / CA, read_file(folder / CA))


def open_authority(folder: Path, now: float) -> Authority:
    """Return an authority that may sign, ours or one from elsewhere; raises CertificateError."""
    ca = read_ca(folder)
    key_path = folder / CA_KEY
    key = read_key(key_path, read_file(key_path, forbidden=OPEN_TO_ANY))
    certificate = ca[0]
    for fault in faults_of_authority(certificate):
        raise CertificateError(f"{folder / CA}: the first certificate {fault}")
    if public_bytes(key) != certified_bytes(certificate):
        raise CertificateError(
            f"{key_path}: does not match the first certificate of {folder / CA}; put the two "
            "that belong together there"
        )
    if not isinstance(key, SIGNING_KEYS):
        raise CertificateError(f"{key_path}: must be a key of RSA or of an elliptic curve")
    _check_time(folder / CA, certificate, now)
    return Authority(folder, Issuer(certificate, key), ca)


def _check_time(path: Path, certificate: x509.Certificate, now: float) -> None:
    if now >= certificate.not_valid_after_utc.timestamp():
        raise CertificateError(
            f"{path}: expired on {certificate.not_valid_after_utc:%Y-%m-%d}: what it signs counts "
            "nowhere; make a new one in another folder with `sockguard certs init --ca-dir`"
        )
    if now < certificate.not_valid_before_utc.timestamp():
        raise CertificateError(
            f"{path}: is not valid before {certificate.not_valid_before_utc:%Y-%m-%d %H:%M} UTC; "
            "set this machine's clock"
        )


def read_crl(folder: Path, issuer: x509.Certificate) -> x509.CertificateRevocationList | None:
    """Return the authority's own list, None where there is none yet; raises CertificateError."""
    path = folder / CRL
    # A link that leads nowhere is a list that cannot be read, not none.
    if not os.path.lexists(path):
        return None
    lists = read_lists(path, read_file(path))
    ours = [one for one in lists if one_form(one.issuer) == one_form(issuer.subject)]
    if len(lists) != 1 or len(ours) != 1:
        raise CertificateError(
            f"{path}: must hold one list, that of the authority beside it; lists of others go "
            "into the folders of servers"
        )
    if not ours[0].is_signature_valid(issuer.public_key()):  # type: ignore[arg-type]  # it signed
        raise CertificateError(f"{path}: was not signed by the authority beside it; restore it")
    return ours[0]


def current_crl(authority: Authority, now: float) -> x509.CertificateRevocationList:
    """Return the authority's list, an empty one where there is none yet."""
    found = read_crl(authority.folder, authority.issuer.certificate)
    if found is not None:
        return found
    check_may_sign_lists(authority)
    return new_list(authority.issuer, (), 1, now)


def check_may_sign_lists(authority: Authority) -> None:
    """Raise CertificateError where OpenSSL would not take its lists."""
    if not may_sign_lists(authority.issuer.certificate):
        raise CertificateError(
            f"{authority.folder / CA}: may not sign revocation lists: its keyUsage lacks cRLSign; "
            "revoke with the program that made it"
        )
