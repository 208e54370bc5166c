"""What an authority has issued: a folder for each name, with each certificate that still counts.

Must never keep a key that was written elsewhere, nor hand out a certificate before it is recorded.
"""

from __future__ import annotations

import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sockguard.certs import files_store
from sockguard.certs.authority_store import current_crl
from sockguard.certs.fault import CertificateError
from sockguard.certs.files_store import alone_in, make_folder, read_file, write_new
from sockguard.certs.folder import CA, CERT, CRL, ELSEWHERE, ISSUED, KEY, REPLACED
from sockguard.certs.issuing import Kind, Wanted, key_pem, new_certificate, new_key, pem
from sockguard.certs.names import check_name, is_name
from sockguard.certs.reading import may_serve, names_of, read_certificates

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cryptography import x509

    from sockguard.certs.authority_store import Authority

    Certificates = tuple[x509.Certificate, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """One name: its certificate, the folder it was written to, and those that it replaced."""

    name: str
    folder: Path
    certificate: x509.Certificate
    replaced: Certificates = ()

    @property
    def not_after(self) -> float:
        """Its end, in seconds since 1970."""
        return self.certificate.not_valid_after_utc.timestamp()

    @property
    def kind(self) -> Kind:
        """What it is for."""
        return Kind.SERVER if may_serve(self.certificate) else Kind.CLIENT

    @property
    def all(self) -> Certificates:
        """The certificate and its predecessors, the newest first."""
        return (self.certificate, *self.replaced)


def issue(authority: Authority, wanted: Wanted, now: float, out: Path | None = None) -> Record:
    """Make a key and a certificate and write their folder; raises CertificateError."""
    home = authority.folder / ISSUED / check_name(wanted.name)
    with alone_in(authority.folder):
        if home.exists():
            raise CertificateError(
                f"'{wanted.name}' was issued already ({home}); `sockguard certs renew "
                f"{wanted.name}` makes a new certificate of the same names, and other names need "
                "another NAME"
            )
        files = _new_files(authority, wanted, now)
        if out is None:
            _record(home, files)
        else:
            _issue_elsewhere(home, out.absolute(), files)
    return read_record(authority.folder, wanted.name)


def renew(authority: Authority, name: str, days: int, now: float) -> Record:
    """Put a new key and certificate of the same names in the place of the old ones.

    Raises CertificateError. There is a moment in which the folder holds the new key and the old
    certificate: who finds that the two do not match reads again.
    """
    with alone_in(authority.folder):
        old = read_record(authority.folder, name)
        wanted = Wanted(name, old.kind, names_of(old.certificate), days)
        files = _new_files(authority, wanted, now)
        home = authority.folder / ISSUED / name
        counting = [one for one in old.all if one.not_valid_after_utc.timestamp() > now]
        if counting:
            files_store.replace(home, {REPLACED: pem(*counting)})
        if old.folder != home:
            files_store.replace(home, {CERT: files[CERT]})
        _refresh(old.folder, files)
    return read_record(authority.folder, name)


def _refresh(folder: Path, files: dict[str, bytes]) -> None:
    """Replace key and certificate; what else belongs there is written where it is missing."""
    make_folder(folder)
    write_new(
        folder,
        {name: files[name] for name in files.keys() - {KEY, CERT} if not (folder / name).exists()},
    )
    files_store.replace(folder, {KEY: files[KEY], CERT: files[CERT]})


def read_record(ca_folder: Path, name: str) -> Record:
    """Return what was issued under a name; raises CertificateError."""
    home = ca_folder / ISSUED / check_name(name)
    if not (home / CERT).exists():
        raise CertificateError(
            f"nothing was issued under the name '{name}' by the authority in {ca_folder}; "
            "`sockguard certs list` shows what was"
        )
    elsewhere, replaced = home / ELSEWHERE, home / REPLACED
    certificate = _certificates(home / CERT)[0]
    older = _certificates(replaced) if replaced.exists() else ()
    return Record(
        name,
        Path(os.fsdecode(read_file(elsewhere)).strip()) if elsewhere.exists() else home,
        certificate,
        tuple(one for one in older if one != certificate),
    )


def names_issued(ca_folder: Path) -> tuple[str, ...]:
    """Return all names under which something was issued, in their order."""
    try:
        found = sorted(path.name for path in (ca_folder / ISSUED).iterdir())
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise CertificateError(f"{ca_folder / ISSUED}: cannot be read: {error.strerror}") from error
    return tuple(filter(is_name, found))


def records(ca_folder: Path) -> Iterator[Record]:
    """Yield what was issued, by name; raises CertificateError."""
    for name in names_issued(ca_folder):
        yield read_record(ca_folder, name)


def _certificates(path: Path) -> Certificates:
    return read_certificates(path, read_file(path))


def _new_files(authority: Authority, wanted: Wanted, now: float) -> dict[str, bytes]:
    key = new_key()
    certificate = new_certificate(authority.issuer, wanted, key, now)
    files = {CA: pem(*authority.ca), CERT: pem(certificate), KEY: key_pem(key)}
    if wanted.kind is Kind.SERVER:
        files[CRL] = pem(current_crl(authority, now))
    return files


def _issue_elsewhere(home: Path, out: Path, files: dict[str, bytes]) -> None:
    make_folder(out)
    for name in files:
        if (out / name).exists():
            raise CertificateError(
                f"{out / name}: is there already, and nothing is overwritten; name another "
                "folder with --out"
            )
    _record(home, {CERT: files[CERT], ELSEWHERE: f"{out}\n".encode()})
    try:
        write_new(out, files)
    except CertificateError as error:
        raise CertificateError(
            f"{error}; '{home.name}' is recorded: `sockguard certs renew {home.name}` tries again"
        ) from error


def _record(home: Path, files: dict[str, bytes]) -> None:
    """Put a whole folder in its place at once."""
    make_folder(home.parent)
    staged = home.with_name(f".{home.name}.{secrets.token_hex(8)}")
    try:
        make_folder(staged)
        write_new(staged, files)
        staged.rename(home)
    except OSError as error:
        raise CertificateError(f"{home}: cannot be written: {error.strerror}") from error
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    files_store.sync_folder(home.parent)
