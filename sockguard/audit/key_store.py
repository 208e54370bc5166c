"""The files of the key that signs checkpoints: the private one, and the public one to copy.

Must never let the private key be open to others, nor replace one that is there.
"""

from __future__ import annotations

import os
import secrets
import stat
from contextlib import suppress
from typing import TYPE_CHECKING

from sockguard.audit.sink import AuditError

if TYPE_CHECKING:
    from pathlib import Path

    from sockguard.audit.chain import Signer
    from sockguard.audit.seal import PublicKeys

PRIVATE = "audit.key"
PUBLIC = "audit.pub"
OPEN_TO_OTHERS = 0o027
"""No key has one of these bits; its group may read it, as secrets are mounted so."""

_PRIVATE_MODE = 0o600
_PUBLIC_MODE = 0o644
_MOST_BYTES = 1 << 16
_READ = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK  # a FIFO in its place makes nobody wait


def open_key(path: Path, folder: Path) -> Signer:
    """Read the private key, or make it, and put its public half into the folder of the log.

    AuditError: it cannot be read or made, others may use it, or it is of another kind.
    """
    from sockguard.audit.seal import new_key, read_key  # noqa: PLC0415  # slow to load

    try:
        try:
            pem = _read(path, OPEN_TO_OTHERS)
        except FileNotFoundError:
            _write(path, new_key(), _PRIVATE_MODE)
            pem = _read(path, OPEN_TO_OTHERS)
    except OSError as error:
        raise AuditError(
            f"the key of the audit log {path} cannot be read or made by uid {os.geteuid()}:"
            f" {error.strerror}"
        ) from error
    try:
        key = read_key(pem)
    except AuditError as error:
        raise AuditError(f"the key of the audit log {path} {error}") from error
    publish(folder, key.public)
    return key


def publish(folder: Path, public: bytes) -> None:
    """Add a public key to those in the folder. AuditError: that cannot be written."""
    path = folder / PUBLIC
    try:
        try:
            known = _read(path, 0)
        except FileNotFoundError:
            known = b""
        if public.strip() not in known:
            _write(path, known + public, _PUBLIC_MODE, replacing=True)
    except OSError as error:
        raise AuditError(f"the public key {path} cannot be written: {error.strerror}") from error


def read_public(path: Path) -> PublicKeys:
    """Return the public keys of a file by name. AuditError: it has none."""
    from sockguard.audit.seal import read_public_keys  # noqa: PLC0415  # slow to load

    try:
        return read_public_keys(_read(path, 0))
    except OSError as error:
        raise AuditError(f"{path} cannot be read: {error.strerror}") from error
    except AuditError as error:
        raise AuditError(f"{path} {error}") from error


def _read(path: Path, forbidden: int) -> bytes:
    descriptor = os.open(path, _READ)
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        mode = stat.S_IMODE(found.st_mode)
        if not stat.S_ISREG(found.st_mode):
            raise AuditError(f"{path} is no file")
        if mode & forbidden:
            raise AuditError(
                f"{path}: others may read or change this key (mode {mode:04o}); `chmod 600 {path}`,"
                " or move it away, so that a new one is made, if somebody may have read it"
            )
        return file.read(_MOST_BYTES)


def _write(path: Path, data: bytes, mode: int, *, replacing: bool = False) -> None:
    """Make a file, whole or not at all. Without `replacing`, one that is there stays."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, mode)
            file.write(data)
            file.flush()
            os.fsync(descriptor)
        if replacing:
            beside.replace(path)
        else:
            with suppress(FileExistsError):
                path.hardlink_to(beside)
    finally:
        beside.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
