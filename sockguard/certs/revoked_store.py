"""Taking certificates back: the authority's list, and its copy in each server's folder.

Must never take an entry off a list, nor pass over a server's folder without naming it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography import x509

from sockguard.certs import files_store
from sockguard.certs.authority_store import check_may_sign_lists, current_crl, read_crl
from sockguard.certs.fault import CertificateError
from sockguard.certs.files_store import alone_in, read_file
from sockguard.certs.folder import CRL
from sockguard.certs.issued_store import names_issued, read_record
from sockguard.certs.issuing import Kind, new_entry, new_list, pem
from sockguard.certs.peer import one_form
from sockguard.certs.reading import extension, read_lists

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from sockguard.certs.authority_store import Authority


@dataclass(frozen=True, slots=True)
class Revocation:
    """What a revocation did. `missed` are complaints: each names what a server still lacks."""

    serials: tuple[int, ...]
    """Those that were not revoked before."""
    written: tuple[Path, ...]
    missed: tuple[str, ...]


def revoke(
    authority: Authority, certificates: Iterable[x509.Certificate], now: float
) -> Revocation:
    """Revoke certificates; raises CertificateError where not even the authority's list could be.

    Those that are revoked already are no fault: then the list is carried to the servers again.
    """
    check_may_sign_lists(authority)
    with alone_in(authority.folder):
        crl = current_crl(authority, now)
        revoked = {entry.serial_number for entry in crl}
        wanted = dict.fromkeys(one.serial_number for one in certificates)
        serials = tuple(serial for serial in wanted if serial not in revoked)
        entries = [*crl, *(new_entry(serial, now) for serial in serials)]
        new = new_list(authority.issuer, entries, _number(crl) + 1, now)
        files_store.replace(authority.folder, {CRL: pem(new)})
        written, missed = _carry(authority, new, now)
    return Revocation(serials, written, missed)


def revoked_serials(ca_folder: Path, issuer: x509.Certificate) -> frozenset[int]:
    """Return what the authority's list holds; raises CertificateError."""
    crl = read_crl(ca_folder, issuer)
    return frozenset(entry.serial_number for entry in crl or ())


def _number(crl: x509.CertificateRevocationList) -> int:
    found = extension(crl, x509.CRLNumber)
    return 0 if found is None else found.crl_number


def _carry(
    authority: Authority, new: x509.CertificateRevocationList, now: float
) -> tuple[tuple[Path, ...], tuple[str, ...]]:
    written, missed = [], []
    for name in names_issued(authority.folder):
        try:
            for folder in _served_from(authority.folder, name, now):
                files_store.replace(folder, {CRL: _with_others(folder / CRL, new)})
                written.append(folder)
        except CertificateError as error:
            missed.append(
                f"{error}; put {authority.folder / CRL} there, until then '{name}' lets them in"
            )
    return tuple(written), tuple(missed)


def _served_from(ca_folder: Path, name: str, now: float) -> Iterator[Path]:
    record = read_record(ca_folder, name)
    expired = all(one.not_valid_after_utc.timestamp() <= now for one in record.all)
    if record.kind is Kind.SERVER and not (expired and not record.folder.is_dir()):
        yield record.folder


def _with_others(path: Path, new: x509.CertificateRevocationList) -> bytes:
    """The new list, and those of other authorities that somebody put into the same file."""
    if not path.parent.is_dir():
        raise CertificateError(f"{path}: there is no such folder any more")
    if not path.exists():
        return pem(new)
    lists = read_lists(path, read_file(path))
    ours = [one for one in lists if one_form(one.issuer) == one_form(new.issuer)]
    lost = {entry.serial_number for one in ours for entry in one} - {
        entry.serial_number for entry in new
    }
    if lost:
        raise CertificateError(
            f"{path}: holds {len(lost)} entries that the authority's own list lacks, so it stays "
            "as it is; restore the authority's from it, or remove it"
        )
    return pem(new, *(one for one in lists if one not in ours))
