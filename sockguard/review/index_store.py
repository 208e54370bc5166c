"""Where the index is kept: beside the log or in the user's cache, or nowhere for longer than asked.

Must never follow a link, use a file of somebody else, or fail where only the index is at fault.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import sqlite3
import stat
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sockguard.review.fill_store import fill, unread_bytes
from sockguard.review.index_schema import NAMES, TABLES, VERSION
from sockguard.review.log_store import Log

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

FILE = "index.sqlite"
SLOW_BYTES = 64 << 20
"""Reading so much of the log takes seconds, which people are told."""
_WAIT_SECONDS = 120.0
_OPEN = os.O_CLOEXEC | os.O_NOFOLLOW | os.O_RDWR | os.O_CREAT
# With this journal a crash of the machine may cost what was added last, which is read from the log
# again, and following a log makes the disk wait for nothing.
_SETTINGS = (
    *("trusted_schema = OFF", "temp_store = FILE", "cache_size = -65536"),
    *("journal_mode = WAL", "synchronous = NORMAL"),
)
_NOWHERE = ""
"""SQLite's name for a database that goes when it is closed."""


@contextmanager
def opened_index(
    folder: Path, environ: Mapping[str, str], tell: Callable[[str], None]
) -> Iterator[tuple[sqlite3.Connection, Log]]:
    """Open the index of an audit folder, brought up to date, and the log.

    `tell` is given a sentence when that takes seconds. AuditError: the log cannot be read.
    """
    log = Log(folder)
    log.look()
    try:
        with _database(folder, environ) as database:
            _bring_up_to_date(database, log, tell)
            yield database, log
    finally:
        log.close()


def index_path(folder: Path, environ: Mapping[str, str]) -> Path | None:
    """Return where the index of this folder is kept; None where nothing can be written.

    Beside the log if the folder is ours to write; else in XDG_CACHE_HOME.
    """
    uid = os.geteuid()
    if folder.stat().st_uid == uid and os.access(folder, os.W_OK | os.X_OK):
        return folder / FILE
    cache = Path(environ.get("XDG_CACHE_HOME", ""))
    if not cache.is_absolute():
        home = Path(environ.get("HOME", ""))
        if not home.is_absolute():
            return None
        cache = home / ".cache"
    name = hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:16]
    try:
        (cache / "sockguard").mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        return None
    return cache / "sockguard" / f"audit-{name}.sqlite"


@contextmanager
def _database(folder: Path, environ: Mapping[str, str]) -> Iterator[sqlite3.Connection]:
    path = index_path(folder, environ)
    lock = None if path is None else _lock(path)
    database = None
    try:
        if path is not None and lock is not None:
            database = _usable(path, lock)
        if database is None:
            database = _connect(_NOWHERE)
            _make_tables(database)
        yield database
    finally:
        if database is not None:
            database.close()
        if lock is not None:
            os.close(lock)


def _lock(path: Path) -> int | None:
    """Open the file and hold it as one of its readers; None when it is not ours to use."""
    try:
        descriptor = os.open(path, _OPEN, 0o600)
    except OSError:
        return None
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid():
        os.close(descriptor)
        return None
    return descriptor


def _usable(path: Path, lock: int) -> sqlite3.Connection | None:
    """Return the database there, made anew where it is of another version or broken.

    None: it is broken, and others use it still.
    """
    # One lock on the whole file by flock(2) is no business of SQLite's, which uses fcntl(2).
    fcntl.flock(lock, fcntl.LOCK_SH)
    database = None
    try:
        database = _connect(str(path))
        if _is_whole(database):
            return database
    except sqlite3.Error:
        pass
    if database is not None:
        database.close()
    return _made_anew(path, lock)


def _made_anew(path: Path, lock: int) -> sqlite3.Connection | None:
    database = None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for beside in ("-journal", "-wal", "-shm"):
            Path(f"{path}{beside}").unlink(missing_ok=True)
        os.ftruncate(lock, 0)
        database = _connect(str(path))
        _make_tables(database)
        fcntl.flock(lock, fcntl.LOCK_SH)
    except (sqlite3.Error, OSError):
        if database is not None:
            database.close()
        return None
    return database


def _connect(name: str) -> sqlite3.Connection:
    database = sqlite3.connect(name, timeout=_WAIT_SECONDS, isolation_level=None)
    try:
        for setting in _SETTINGS:
            database.execute(f"PRAGMA {setting}")
    except sqlite3.Error:
        database.close()
        raise
    return database


def _is_whole(database: sqlite3.Connection) -> bool:
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if version != VERSION:
        return False
    for name in NAMES:
        database.execute(f"SELECT * FROM {name} LIMIT 1").fetchone()
    return True


def _make_tables(database: sqlite3.Connection) -> None:
    database.executescript(f"BEGIN IMMEDIATE; {TABLES} COMMIT;")


def _bring_up_to_date(database: sqlite3.Connection, log: Log, tell: Callable[[str], None]) -> None:
    unread = unread_bytes(database, log)
    if unread > SLOW_BYTES:
        tell(f"reading {unread >> 20} MB of the log into the index, which takes a while once")
    fill(database, log)
