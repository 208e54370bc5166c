"""A TLS folder: ca.pem, cert.pem and key.pem as Docker calls them, and a crl.pem if there is one.

Must never hand out a folder that a listener could not be opened with exactly as asked.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from sockguard.certs.fault import CertificateError
from sockguard.certs.files_store import OPEN_TO_OTHERS, read_file
from sockguard.certs.folder import CA, CERT, CRL, KEY
from sockguard.certs.peer import entries_of, one_form
from sockguard.certs.reading import (
    names_of,
    read_certificates,
    read_key,
    read_lists,
    refuse_other_blocks,
)
from sockguard.certs.tls_dir import (
    check_authorities,
    check_key,
    check_list,
    check_lists_are_complete,
    check_server,
    not_revoked,
)

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence
    from pathlib import Path

    from cryptography import x509


@dataclass(frozen=True, slots=True)
class TlsDir:
    """A folder that was read and found good."""

    folder: Path
    ca: Path
    cert: Path
    key: Path
    crl: Path | None
    """None where there is no crl.pem."""
    trusted: bytes
    """The authorities in ca.pem that are not revoked, in DER one after the other."""
    lists: bytes
    """The revocation lists of these authorities, in PEM."""
    listed: Mapping[bytes, float]
    """When the newest list of each issuer was made, in seconds since 1970."""
    authorities: frozenset[str]
    """SHA-256 fingerprints, in hex, of the authorities in `trusted`."""
    issuers: frozenset[bytes]
    """The names of all authorities in ca.pem, in the form of `one_form`."""
    revoked: frozenset[tuple[bytes, int]]
    """All entries of crl.pem, as `issuer_and_serial` gives them for a peer's certificate."""
    not_after: float
    """The end of the server's certificate, in seconds since 1970."""
    names: tuple[str, ...]
    """The DNS names and addresses of the server's certificate."""


def read_tls_dir(folder: Path, now: float) -> TlsDir:
    """Return the folder; raises CertificateError naming the file at fault and what mends it."""
    try:
        return _read(folder, now)
    except OSError as error:
        raise CertificateError(
            f"{error.filename or folder}: cannot be read by uid {os.geteuid()}: {error.strerror}; "
            f"chown -R {os.geteuid()} {folder}"
        ) from error


def _read(folder: Path, now: float) -> TlsDir:
    if not folder.is_dir():
        raise CertificateError(
            f"{folder}: is no folder; `sockguard certs issue NAME --server` makes one to serve "
            f"TLS from, or put {CA}, {CERT} and {KEY} of your own into one"
        )
    ca, cert, key = (folder / name for name in (CA, CERT, KEY))
    for path in (ca, cert, key):
        if _is_missing(path):
            raise CertificateError(
                f"{path}: is missing; a TLS folder holds {CA}, the authorities whose clients may "
                f"connect, and the server's {CERT} and {KEY}"
            )
    text = read_file(ca)
    authorities = read_certificates(ca, text)
    refuse_other_blocks(ca, text, "CERTIFICATE")
    check_authorities(ca, authorities, now)
    own = read_certificates(cert, read_file(cert))[0]
    check_key(key, read_key(key, read_file(key, forbidden=OPEN_TO_OTHERS)), cert, own)
    check_server(cert, own, now)
    lists = _read_crl(folder / CRL, authorities, now)
    trusted = not_revoked(ca, authorities, lists or ())
    issuers = {one_form(one.subject) for one in trusted}
    in_use = [one for one in lists or () if one_form(one.issuer) in issuers]
    names = names_of(own)
    return TlsDir(
        *(folder, ca, cert, key),
        crl=None if lists is None else folder / CRL,
        trusted=b"".join(one.public_bytes(Encoding.DER) for one in trusted),
        lists=b"".join(one.public_bytes(Encoding.PEM) for one in in_use),
        listed=_newest(lists or ()),
        authorities=frozenset(one.fingerprint(SHA256()).hex() for one in trusted),
        issuers=frozenset(one_form(one.subject) for one in authorities),
        revoked=entries_of(lists or ()),
        not_after=own.not_valid_after_utc.timestamp(),
        names=(*names.dns, *map(str, names.ips)),
    )


def _read_crl(
    path: Path, authorities: Sequence[x509.Certificate], now: float
) -> tuple[x509.CertificateRevocationList, ...] | None:
    # A link that leads nowhere is a list that cannot be read, not none.
    if _is_missing(path):
        return None
    text = read_file(path)
    lists = read_lists(path, text)
    refuse_other_blocks(path, text, "X509 CRL")
    for one in lists:
        check_list(path, one, authorities, now)
    check_lists_are_complete(path, lists, authorities, now)
    return lists


def _is_missing(path: Path) -> bool:
    """Tell whether nothing stands there; OSError where that cannot be seen."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    return False


def _newest(lists: Sequence[x509.CertificateRevocationList]) -> Mapping[bytes, float]:
    made = [(one_form(one.issuer), one.last_update_utc.timestamp()) for one in lists]
    return {issuer: max(at for name, at in made if name == issuer) for issuer, _ in made}


def look_at_tls_dir(folder: Path) -> Hashable:
    """Return what tells apart two states of the files: inodes, sizes and times."""
    return tuple(_face(folder / name) for name in (CA, CERT, KEY, CRL))


def _face(path: Path) -> tuple[object, ...]:
    try:
        found = path.stat()
    except OSError as error:
        return ("unreadable", error.errno)
    # The time of change as well: cp --preserve sets the other one back.
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
