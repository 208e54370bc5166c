"""Files of keys and certificates: read with care, written whole or not at all.

Must never let a key be open to others, not even between two system calls.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import stat
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sockguard.certs.fault import CertificateError
from sockguard.certs.folder import CA_KEY, KEY

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

FOLDER_MODE = 0o700
_SECRET = {KEY, CA_KEY}
_SECRET_MODE = 0o600
_SECRET_WIDEST = 0o640
_PUBLIC_MODE = 0o644
_MOST_BYTES = 32 * 1024**2

OPEN_TO_OTHERS = 0o027
"""No file of a key has one of these bits; its group may read it, as secrets are mounted so."""
OPEN_TO_ANY = 0o077


def read_file(path: Path, *, forbidden: int = 0) -> bytes:
    """Return what a file holds; raises CertificateError, also where it has a forbidden mode bit."""
    try:
        # O_NONBLOCK: a FIFO in its place must not make anybody wait.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        raise CertificateError(f"{path}: there is no such file") from None
    except OSError as error:
        raise CertificateError(
            f"{path}: cannot be read by uid {os.geteuid()}: {error.strerror}; "
            f"chown -R {os.geteuid()} {path.parent}"
        ) from error
    try:
        _check_status(path, os.fstat(descriptor), forbidden)
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(_MOST_BYTES)
    except OSError as error:
        raise CertificateError(f"{path}: cannot be read: {error.strerror}") from error
    finally:
        os.close(descriptor)


def _check_status(path: Path, found: os.stat_result, forbidden: int) -> None:
    mode = stat.S_IMODE(found.st_mode)
    if not stat.S_ISREG(found.st_mode):
        raise CertificateError(f"{path}: is no file")
    if found.st_size >= _MOST_BYTES:
        raise CertificateError(f"{path}: has {found.st_size} bytes, which is no such file's size")
    if mode & forbidden:
        raise CertificateError(
            f"{path}: others may read or change this key (mode {mode:04o}); "
            f"`chmod 600 {path}`, and make a new key if somebody may have read it"
        )


def make_folder(folder: Path) -> None:
    """Make a folder for its owner alone; one that is there stays as it is."""
    with _complaining(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=FOLDER_MODE, exist_ok=True)


def write_new(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files that are not there yet, a key first. Nothing is overwritten."""
    for name in sorted(files, key=lambda name: name not in _SECRET):
        path = folder / name
        with _complaining(path):
            _write(path, files[name], _SECRET_MODE if name in _SECRET else _PUBLIC_MODE)
    sync_folder(folder)


def replace(folder: Path, files: Mapping[str, bytes]) -> None:
    """Put files in the place of those there, keeping owner and mode.

    Each is whole at any time. Between the first and the last there is a moment in which some are
    new and some are old: who reads them together, and finds that they do not match, reads again.
    """
    moves: list[tuple[Path, Path]] = []
    try:
        for name, data in files.items():
            with _complaining(folder / name):
                moves.append(_write_beside(folder / name, data))
        for temporary, path in moves:
            with _complaining(path):
                temporary.replace(path)
    finally:
        for temporary, _ in moves:
            temporary.unlink(missing_ok=True)
    sync_folder(folder)


def _write_beside(path: Path, data: bytes) -> tuple[Path, Path]:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    secret = path.name in _SECRET
    try:
        found = path.stat()
    except FileNotFoundError:
        _write(temporary, data, _SECRET_MODE if secret else _PUBLIC_MODE)
        return temporary, path
    mode = stat.S_IMODE(found.st_mode) & (_SECRET_WIDEST if secret else _PUBLIC_MODE)
    _write(temporary, data, mode, (found.st_uid, found.st_gid))
    return temporary, path


def _write(path: Path, data: bytes, mode: int, owner: tuple[int, int] | None = None) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    descriptor = os.open(path, flags, _SECRET_MODE)
    try:
        with os.fdopen(descriptor, "wb") as file:
            if owner is not None and owner != (os.geteuid(), os.getegid()):
                os.fchown(descriptor, *owner)
            os.fchmod(descriptor, mode)
            file.write(data)
            file.flush()
            os.fsync(descriptor)
    except OSError:
        path.unlink(missing_ok=True)
        raise


def sync_folder(folder: Path) -> None:
    """Make the names in a folder last."""
    with _complaining(folder):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Hold a folder while it changes: two changes at once would lose one of them."""
    with _complaining(folder):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with _complaining(folder):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def _complaining(path: Path) -> Iterator[None]:
    try:
        yield
    except FileExistsError:
        raise CertificateError(
            f"{path}: is there already, and nothing is overwritten; move it away or name another "
            "folder"
        ) from None
    except OSError as error:
        raise CertificateError(f"{path}: cannot be written: {error.strerror}") from error
