"""`sockguard audit play`: show what was typed and shown in a recorded session.

Must never show a byte before the log tells who opened the recording, nor let the recorded program
command the reader's terminal unless asked to.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from sockguard.audit.asciicast import RESIZED, SHOWN, TYPED, read_header, read_moment
from sockguard.audit.event import Kind
from sockguard.audit.opening import Opening, check_opening, write_opening
from sockguard.audit.playback import Shown
from sockguard.audit.recording_store import CLOSED, opened
from sockguard.audit.sink import AuditError
from sockguard.audit.text import printable
from sockguard.cli import audit_log
from sockguard.cli.audit_said import add_socket_dir, login, write_down
from sockguard.cli.audit_show import find
from sockguard.cli.say import encodable
from sockguard.proxy.acknowledge import identity_of
from sockguard.proxy.own_log import note

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sockguard.audit.asciicast import Moment

_RESET = "\x1b[0m\n"
_INTERRUPTED = 130


def register(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb `play` to those of `audit`."""
    play = verbs.add_parser("play", help="show a recorded session; the log tells who did")
    play.add_argument("id", metavar="ID", help="the id of the session, or as much as is unique")
    play.add_argument("--speed", type=_factor, default=1.0, metavar="N", help="N times as fast")
    play.add_argument(
        "--idle-limit", type=_factor, metavar="S", help="wait S seconds at most where nothing is"
    )
    play.add_argument("--input", action="store_true", help="also what was typed, within [ ]")
    forms = play.add_mutually_exclusive_group()
    forms.add_argument(
        "--text", action="store_true", help="plain text, all at once (default: unless a terminal)"
    )
    forms.add_argument(
        "--raw", action="store_true", help="every byte: lets the program command this terminal"
    )
    play.add_argument(
        "--changed-too", action="store_true", help="also what is not what was recorded"
    )
    play.add_argument(
        "--dir", type=Path, metavar="DIR", help="the audit folder [SOCKGUARD_AUDIT_DIR]"
    )
    add_socket_dir(play)
    play.set_defaults(run=run)


def _factor(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0.001 <= number <= 1_000_000:  # noqa: PLR2004 - neither not at all nor at once
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 0.001 to 1000000")
    return number


def run(arguments: argparse.Namespace) -> int:
    """Show it; return 0. AuditError: there is none, it is another, or the log cannot tell."""
    folder = audit_log.folder_of(arguments)
    session, hashes = _told(arguments)
    data = _content(folder, session)
    changed = hashes != {sha256(data).hexdigest()}
    if changed and not arguments.changed_too:
        raise AuditError(
            f"{session}{CLOSED} is not what was recorded: the log has another hash;"
            " --changed-too shows it all the same"
        )
    moments = list(_moments(data))
    said = Opening(login(os.environ, os.getuid()), session + CLOSED, changed, identity_of(folder))
    check_opening(said)
    write_down(arguments, folder, write_opening(said), said.fields())
    if changed:
        note("this is not what was recorded")
    try:
        _play(moments, arguments)
    except KeyboardInterrupt:
        _put(_RESET)
        return _INTERRUPTED
    return 0


def _told(arguments: argparse.Namespace) -> tuple[str, set[str]]:
    """Return the id of the session, and the hashes that the log has for its recording."""
    found = find(arguments)
    session = str(found[0].get("id"))
    closed = [event for event in found if event.get("kind") == Kind.RECORDING_CLOSED]
    gone = [event for event in found if event.get("kind") == Kind.RECORDING_REMOVED]
    if gone:
        raise AuditError(str(gone[0].get("text")))
    if not closed:
        raise AuditError(f"the log knows no recording of {session} that is closed")
    return session, {str(event.get("recording_sha256")) for event in closed}


def _content(folder: Path, session: str) -> bytes:
    """Read all of it at once: what is shown is what was hashed."""
    try:
        with opened(folder, session + CLOSED) as descriptor:
            return Path(f"/proc/self/fd/{descriptor}").read_bytes()
    except OSError as error:
        raise AuditError(f"{session}{CLOSED} cannot be read: {error.strerror}") from error


def _moments(data: bytes) -> Iterator[Moment]:
    """Read its lines; the last may be cut off where a server was killed."""
    first, *lines = data.splitlines() or [b""]
    try:
        read_header(first)
        for number, line in enumerate(lines, start=1):
            try:
                yield read_moment(line)
            except (ValueError, RecursionError):
                if number < len(lines) or data.endswith(b"\n"):
                    raise
    except (ValueError, RecursionError) as error:
        raise AuditError(f"it cannot be shown: {printable(str(error))}") from error


def _play(moments: list[Moment], arguments: argparse.Namespace) -> None:
    text = arguments.text or not (arguments.raw or sys.stdout.isatty())
    shown = Shown(colours=not text)
    before = 0.0
    for moment in moments:
        if not text:
            _wait(moment.seconds - before, arguments)
        before = max(before, moment.seconds)
        if moment.code == SHOWN:
            _put(moment.text if arguments.raw else shown.feed(moment.text))
        elif arguments.input and moment.code in (TYPED, RESIZED):
            _put(f"[{printable(moment.text)}]")
    _put(shown.finish())
    _put("" if text else _RESET)


def _wait(seconds: float, arguments: argparse.Namespace) -> None:
    most = arguments.idle_limit
    pause = (seconds if most is None else min(seconds, most)) / arguments.speed
    if pause > 0:
        time.sleep(pause)


def _put(text: str) -> None:
    sys.stdout.write(encodable(text))
    sys.stdout.flush()
