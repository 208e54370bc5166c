"""`sockguard audit verify`: whether the log, or a copy of it, is what was written.

Must never need more than the folder and a public key, nor call a log good beyond what it can see.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from sockguard.audit.chain import NO_HASH
from sockguard.audit.evidence_store import lines
from sockguard.audit.folder import default_audit_dir
from sockguard.audit.key_store import PUBLIC, read_public
from sockguard.audit.recording_store import kept, measure
from sockguard.audit.recordings_told import Watch, compare
from sockguard.audit.sink import AuditError
from sockguard.audit.verify import verify
from sockguard.cli.say import UsageError, put, say

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sockguard.audit.recording_store import Kept
    from sockguard.audit.recordings_told import Beside
    from sockguard.audit.seal import PublicKeys
    from sockguard.audit.verify import Report

_GOOD = 0
_FINDING = 1
_HEAD = re.compile(r"([0-9a-f]{64})@([1-9][0-9]{0,14})")


def register(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb `verify` to those of `audit`."""
    parser = verbs.add_parser(
        "verify", help="whether the log is as it was written; a copy and the public key are enough"
    )
    parser.add_argument(
        "--dir", type=Path, metavar="DIR", help="the audit folder [SOCKGUARD_AUDIT_DIR]"
    )
    parser.add_argument(
        "--public-key",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help=f"the key that is trusted (default: {PUBLIC} in the folder); may be given again",
    )
    parser.add_argument(
        "--head",
        type=_head,
        action="append",
        default=[],
        metavar="HASH@SEQ",
        help="a head that was told before, as on standard output; may be given again",
    )
    parser.add_argument(
        "--without-recordings",
        action="store_true",
        help="look at the log alone, as in a copy that has no recordings",
    )
    parser.add_argument("--json", action="store_true", help="one JSON document")
    parser.set_defaults(run=_run)


def _head(text: str) -> tuple[int, str]:
    found = _HEAD.fullmatch(text.lower())
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no head: it is 64 digits, @ and a number")
    return int(found[2]), found[1]


def _run(arguments: argparse.Namespace) -> int:
    folder = arguments.dir or default_audit_dir(os.environ, os.geteuid())
    heads = _heads_of(arguments.head)
    keys = _keys_of(folder, arguments.public_key)
    report, beside = _report(folder, keys, heads, alone=arguments.without_recordings)
    unseen = [
        *_unseen(report, own_key=not arguments.public_key, heads=heads),
        *_unseen_beside(report, beside),
    ]
    if arguments.json:
        put(_document(report, unseen))
    else:
        say(_page(report, folder, unseen))
    return _GOOD if report.finding is None else _FINDING


def _heads_of(given: list[tuple[int, str]]) -> dict[int, str]:
    heads: dict[int, str] = {}
    for seq, digest in given:
        if heads.setdefault(seq, digest) != digest:
            raise UsageError(f"--head names two hashes for seq {seq}")
    return {seq: digest for seq, digest in heads.items() if digest != NO_HASH}


def _keys_of(folder: Path, named: list[Path]) -> PublicKeys:
    if not named and not (folder / PUBLIC).exists():
        return {}
    keys: PublicKeys = {}
    try:
        for path in named or [folder / PUBLIC]:
            keys |= read_public(path)
    except AuditError as error:
        raise UsageError(str(error)) from error
    return keys


def _report(
    folder: Path, keys: PublicKeys, heads: Mapping[int, str], *, alone: bool
) -> tuple[Report, Beside | None]:
    # Slow to load, and no other verb of `audit` needs it.
    from sockguard.audit.seal import holds  # noqa: PLC0415

    watch, listed = Watch(), None if alone else _listed(folder)
    report = verify(
        watch.through(lines(folder)),
        lambda name, signature, signed: holds(keys, name, signature, signed),
        heads,
    )
    if report.lines and not keys:
        raise UsageError(f"there is no {folder / PUBLIC}: name the public key with --public-key")
    if listed is None or report.finding is not None:
        return report, None
    try:
        beside = compare(watch, listed, lambda file: measure(folder, file).sha256)
    except OSError as error:
        raise AuditError(f"the recordings in {folder} cannot be read: {error}") from error
    report.finding, report.recordings = beside.finding, beside.good
    return report, beside


def _listed(folder: Path) -> tuple[list[Kept], list[str]]:
    """List the recordings before the log is read: each that is closed then stands in it."""
    try:
        return kept(folder)
    except OSError as error:
        raise AuditError(f"the recordings in {folder} cannot be read: {error}") from error


def _unseen_beside(report: Report, beside: Beside | None) -> Iterator[str]:
    """Yield what may be wrong with recordings although nothing was found."""
    if report.finding is not None:
        return
    if beside is None:
        yield "the recordings: only the log was looked at"
        return
    if beside.unfinished:
        yield (
            f"{beside.unfinished} recordings are still being written, or their server was killed:"
            " the log vouches for them once they are closed, or with the next start"
        )
    if beside.older:
        yield (
            f"{beside.older} recordings are from before the events that are left: whoever may"
            " write the folder can have put them there"
        )


def _unseen(report: Report, *, own_key: bool, heads: Mapping[int, str]) -> Iterator[str]:
    """Yield what may be wrong although nothing was found."""
    if report.finding is not None:
        return
    if report.unchained:
        yield f"the {report.unchained} lines from before the log was sealed may be anything"
    if report.last > report.signed:
        yield (
            f"the events {report.signed + 1} to {report.last}, after the last checkpoint, carry no "
            "signature: whoever may write the folder can have changed them"
        )
    if max(heads, default=0) < report.last:
        yield (
            "events at the end may have been cut off, unless --head names a head from later: "
            "checkpoints on standard output tell them"
        )
    if own_key:
        yield (
            f"the key is the one in the folder: whoever may write there can have put in another; "
            f"keep a copy of {PUBLIC} elsewhere and name it with --public-key"
        )
    yield "what root on the host, or whoever has the private key, wrote anew is signed as well"


def _page(report: Report, folder: Path, unseen: list[str]) -> list[str]:
    finding = report.finding
    if finding is not None:
        line = f" line {finding.line}" if finding.line else ""
        place = f"{finding.file}{line}: " if finding.file else ""
        seq = f" (seq {finding.seq})" if finding.seq else ""
        page = [f"{place}{finding.fault}{seq}: {finding.text}"]
        if report.signed:
            page.append(f"before it, all up to seq {report.signed} is signed and sound")
        return page
    page = [
        f"{folder}: {report.lines} lines, seq {report.first} to {report.last}, are as written",
        f"signed up to seq {report.signed} by {report.checkpoints} checkpoints",
        f"head {report.head}@{report.last}",
    ]
    if report.recordings:
        page.append(f"{report.recordings} recordings are what was typed and shown")
    if report.removed_to > 1:
        page.append(f"told: the events before seq {report.removed_to} went for age or room")
    if report.lost:
        page.append(f"told: {report.lost} numbers have no event, {report.torn} lines are torn")
    return [*page, *(f"not seen: {sentence}" for sentence in unseen)]


def _document(report: Report, unseen: list[str]) -> str:
    told = {"good": report.finding is None, **dataclasses.asdict(report), "unseen": unseen}
    return json.dumps(told)
