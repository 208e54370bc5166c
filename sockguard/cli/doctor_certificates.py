"""The TLS folder, as `sockguard doctor` sees it: its chain, its names, and how long they hold.

Must never read a key for more than whether it fits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sockguard.certs.fault import CertificateError
from sockguard.certs.files_store import read_file
from sockguard.certs.folder import CA, CERT, CRL, KEY
from sockguard.certs.reading import read_certificates, read_lists, subject_of
from sockguard.certs.tls_dir_store import read_tls_dir
from sockguard.cli.finding import ok, problem, warning

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from sockguard.certs.tls_dir_store import TlsDir
    from sockguard.cli.finding import Finding

_DAY = 86_400
SOON_DAYS = 30
"""What ends within so many days is worth a warning."""


@dataclass(frozen=True, slots=True)
class TlsSeen:
    """A TLS folder: its parts with the days that they are still good for, or what is wrong.

    `authorities` are by name; `lists` has the days until the next list is due.
    """

    folder: Path
    fault: str = ""
    names: tuple[str, ...] = ()
    days: int = 0
    authorities: tuple[tuple[str, int], ...] = ()
    lists: tuple[int, ...] | None = None


def look_at_tls_dir(folder: Path, now: float) -> TlsSeen:
    """Read the folder as `serve` would."""
    try:
        return _read(read_tls_dir(folder, now), now)
    except CertificateError as error:
        return TlsSeen(folder, str(error))


def _read(found: TlsDir, now: float) -> TlsSeen:
    def days(end: datetime) -> int:
        return int((end.timestamp() - now) // _DAY)

    authorities = read_certificates(found.ca, read_file(found.ca))
    lists = () if found.crl is None else read_lists(found.crl, read_file(found.crl))
    due = tuple(days(one.next_update_utc) for one in lists if one.next_update_utc is not None)
    return TlsSeen(
        found.folder,
        names=found.names,
        days=int((found.not_after - now) // _DAY),
        authorities=tuple((subject_of(one), days(one.not_valid_after_utc)) for one in authorities),
        lists=None if found.crl is None else due,
    )


def judge_mounts(folder: Path, mounted: frozenset[str]) -> Iterator[Finding]:
    """Name the files of a TLS folder that are mounts of their own; `mounted` has all mounts."""
    alone = [name for name in (CA, CERT, KEY, CRL) if str(folder.absolute() / name) in mounted]
    if alone:
        yield problem(
            f"{', '.join(alone)} in {folder} are mounted by themselves, and stay the ones that they"
            " are when they are replaced: no revocation and no renewal arrives",
            f"mount the folder, not files: - ./tls:{folder}:ro",
        )


def judge_tls_dir(seen: TlsSeen) -> Iterator[Finding]:
    """Say what a client would meet, and what ends soon."""
    if seen.fault:
        text, _, mend = seen.fault.partition("; ")
        yield problem(
            text, mend or "sockguard certs issue NAME --server makes a folder that is good"
        )
        return
    folder = seen.folder
    if seen.names:
        yield ok(f"{folder}: the server is {', '.join(seen.names)}, for {seen.days} more days")
    else:
        yield problem(
            f"{folder}/cert.pem has no name by which a client could know the server",
            "sockguard certs issue NAME --server --dns NAME",
        )
    if seen.days < SOON_DAYS:
        yield warning(
            f"{folder}/cert.pem ends in {seen.days} days",
            "a new one, by sockguard certs renew NAME if it came from there",
        )
    for name, days in seen.authorities:
        yield from _judge_authority(folder, name, days)
    yield from _judge_lists(seen)


def _judge_authority(folder: Path, name: str, days: int) -> Iterator[Finding]:
    if days < 0:
        yield warning(
            f"the authority '{name}' in {folder}/ca.pem has ended, and its clients are refused",
            f"take it out of {folder}/ca.pem",
        )
    elif days < SOON_DAYS:
        yield warning(
            f"the authority '{name}' ends in {days} days, and all its certificates with it",
            "sockguard certs init with a new --ca-dir, and both authorities in ca.pem meanwhile",
        )
    else:
        yield ok(f"clients of '{name}' may connect, for {days} more days")


def _judge_lists(seen: TlsSeen) -> Iterator[Finding]:
    if seen.lists is None:
        yield ok("nobody is revoked: there is no crl.pem")
        return
    due = min(seen.lists, default=None)
    if due is None:
        yield ok("crl.pem is good and names no end")
    elif due < SOON_DAYS:
        yield warning(
            f"{seen.folder}/crl.pem ends in {due} days, and then everybody is refused",
            "put the next list there before",
        )
    else:
        yield ok(f"crl.pem is good for {due} more days")
