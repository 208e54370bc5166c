"""The TLS folder in use: read at start, read again when its files change.

Must never speak TLS with files that did not all read well: then the ones before stay in use.
"""

from __future__ import annotations

import os
import ssl
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from sockguard.certs.peer import issuer_and_serial
from sockguard.certs.tls_dir_store import look_at_tls_dir, read_tls_dir
from sockguard.errors import SockguardError
from sockguard.identity.certificate import certificate_of
from sockguard.wire.tls import TlsError

if TYPE_CHECKING:
    from collections.abc import Hashable
    from pathlib import Path

    from sockguard.certs.tls_dir_store import TlsDir
    from sockguard.identity.certificate import Certificate

_VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
_MOST_TRIES = 5
_MOST_READ = 256


class TlsFiles:
    """What new handshakes use, and which certificates hold. `load` before anything else."""

    def __init__(self, folder: Path, oldest_version: str) -> None:
        self._folder = folder
        self._oldest = _VERSIONS[oldest_version]
        self._used: tuple[TlsDir, ssl.SSLContext] | None = None
        self._state = 0  # counts the states of the files that were in use
        self._oldest_state = 0  # whose verdicts still hold
        # What a certificate says, never whether it holds: to read it again took 8 % of the
        # processor time of a handshake, and a caller may come back for each command.
        self._read: dict[bytes, Certificate] = {}
        self.looked: Hashable = None
        """How the files looked that are in use."""

    def load(self) -> None:
        """Read the folder and use it; raises SockguardError, and then nothing has changed."""
        for _ in range(_MOST_TRIES):
            looked = look_at_tls_dir(self._folder)
            found = read_tls_dir(self._folder, time.time())
            context = _context(found, self._oldest)
            if look_at_tls_dir(self._folder) == looked:
                self._use(found, context)
                self.looked = looked
                return
        raise SockguardError(f"the files in {self._folder} change while they are read; try again")

    def _use(self, found: TlsDir, context: ssl.SSLContext) -> None:
        """Use what was read; what was verified with less than is asked for now holds no more."""
        self._state += 1
        if self._used is not None:
            before = self._used[0]
            _refuse_older_lists(before, found)
            if before.authorities - found.authorities or (found.crl and not before.crl):
                self._oldest_state = self._state
        self._used = (found, context)

    def look(self) -> Hashable:
        """Return what tells apart two states of the files, without reading them."""
        return look_at_tls_dir(self._folder)

    @property
    def folder(self) -> TlsDir:
        """The folder as it was read."""
        return self._now()[0]

    def context(self) -> tuple[ssl.SSLContext, int]:
        """Return what the next handshake uses, and which state of the files that is."""
        return self._now()[1], self._state

    def vouch(self, names: dict[str, object], der: bytes, state: int) -> Certificate:
        """Return what a certificate says that was verified under this state of the files.

        Raises TlsError where it holds no more.
        """
        read = self._read.get(der) or self._read_anew(names, der)
        certificate = replace(read, verified_under=state)
        objection = self.objection(certificate)
        if objection:
            raise TlsError(objection)
        return certificate

    def _read_anew(self, names: dict[str, object], der: bytes) -> Certificate:
        try:
            issuer, serial = issuer_and_serial(der)
        except ValueError as error:
            raise TlsError(f"the caller's certificate cannot be read: {error}") from error
        certificate = replace(certificate_of(names, der), issuer=issuer, serial=serial)
        if len(self._read) >= _MOST_READ:
            self._read.clear()
        self._read[der] = certificate
        return certificate

    def objection(self, certificate: Certificate) -> str:
        """Say why a certificate that was verified does not hold now, "" where it does."""
        if certificate.verified_under < self._oldest_state:
            return "the caller's certificate was verified under other authorities; connect again"
        if (certificate.issuer, certificate.serial) in self.folder.revoked:
            return "the caller's certificate is revoked"
        if certificate.not_after < time.time():
            return "the caller's certificate has expired"
        return ""

    def _now(self) -> tuple[TlsDir, ssl.SSLContext]:
        if self._used is None:
            raise SockguardError("the TLS folder was not loaded")
        return self._used


def _context(found: TlsDir, oldest: ssl.TLSVersion) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = oldest
    context.verify_mode = ssl.CERT_REQUIRED
    # No tickets, and a context of its own for each state of the files: no session outlives the
    # certificate that it began with.
    context.num_tickets = 0
    # Whatever ca.pem holds is trusted, be it an intermediate CA alone.
    context.verify_flags |= ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN
    context.options |= ssl.OP_NO_TICKET | ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    try:
        context.load_cert_chain(found.cert, found.key)
        # What was checked, and not the files: OpenSSL would take whatever else is in them.
        context.load_verify_locations(cadata=found.trusted)
        if found.crl is not None:
            _load_lists(context, found.lists)
            context.verify_flags |= ssl.VerifyFlags.VERIFY_CRL_CHECK_LEAF
    except (ssl.SSLError, OSError) as error:
        raise SockguardError(f"{found.folder}: OpenSSL does not take its files: {error}") from error
    return context


def _load_lists(context: ssl.SSLContext, lists: bytes) -> None:
    """Have OpenSSL read lists, which it takes from files only."""
    if not lists:
        return
    descriptor = os.memfd_create("lists")
    try:
        with open(descriptor, "wb", closefd=False) as file:
            file.write(lists)
        context.load_verify_locations(f"/proc/self/fd/{descriptor}")
    finally:
        os.close(descriptor)


def _refuse_older_lists(before: TlsDir, found: TlsDir) -> None:
    """Raise SockguardError where a list is gone or older: whom it named would be back."""
    for issuer, made in before.listed.items():
        now = found.listed.get(issuer)
        if issuer in found.issuers and (now is None or now < made):
            what = "is gone" if now is None else "is older than the one in use"
            raise SockguardError(
                f"{found.folder}: a revocation list {what}; put the newest one there (an empty one"
                " takes nobody back by mistake), or restart to do without"
            )
