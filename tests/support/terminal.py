"""Runs a command as in a terminal window: a pseudo-terminal of a given size, and typed input.

Must never depend on the terminal that the tests themselves run in.
"""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.support.processes import Process

ROWS, COLUMNS = 31, 97
SECONDS = 20


@dataclass(frozen=True, slots=True)
class Window:
    """A size that a person gives to the window, in characters."""

    rows: int
    columns: int


def in_terminal(
    command: Sequence[str],
    env: Mapping[str, str],
    dialogue: Sequence[tuple[str, str | Window]] = (),
) -> tuple[int, str]:
    """Exit code of the command and all that the terminal showed, within `SECONDS`.

    `dialogue` has pairs: once the first text was shown, the second is typed, or the
    window gets the second's size. Nothing is typed before the command has the keys to itself.
    """
    ours, theirs = pty.openpty()
    resize(ours, Window(ROWS, COLUMNS))
    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, env=env, start_new_session=True
    ) as process:
        os.close(theirs)
        try:
            shown = converse(ours, process, dialogue, time.monotonic() + SECONDS)
            return process.wait(SECONDS), shown
        finally:
            process.kill()
            os.close(ours)


def converse(
    terminal: int, process: Process, dialogue: Sequence[tuple[str, str | Window]], deadline: float
) -> str:
    """Read until the command has ended and the terminal is silent; type when it is time."""
    shown, seen, waiting = b"", 0, list(dialogue)
    while time.monotonic() < deadline:
        piece = read_for(terminal, 0.1)
        shown += piece
        at = shown.find(waiting[0][0].encode(), seen) if waiting else -1
        if at >= 0 and has_the_keys(terminal):
            seen = at + len(waiting[0][0])
            act(terminal, process, waiting.pop(0)[1])
        if not piece and process.poll() is not None:
            return shown.decode(errors="replace")
    raise AssertionError(f"still running; the terminal shows {shown!r}")


def has_the_keys(terminal: int) -> bool:
    """Whether the command reads each key itself; before, the terminal would show what is typed."""
    _, _, _, local, *_ = termios.tcgetattr(terminal)
    return not local & termios.ECHO


def act(terminal: int, process: Process, deed: str | Window) -> None:
    """Type, or change the window's size and tell the command so, as a terminal does."""
    if isinstance(deed, str):
        os.write(terminal, deed.encode())
    else:
        resize(terminal, deed)
        process.send_signal(signal.SIGWINCH)


def resize(terminal: int, window: Window) -> None:
    fcntl.ioctl(
        terminal, termios.TIOCSWINSZ, struct.pack("HHHH", window.rows, window.columns, 0, 0)
    )


def read_for(terminal: int, seconds: float) -> bytes:
    """What the terminal shows within this time; nothing when the command has closed it."""
    readable, _, _ = select.select([terminal], [], [], seconds)
    try:
        return os.read(terminal, 65536) if readable else b""
    except OSError:
        time.sleep(seconds)  # Linux answers EIO once the other end is closed
        return b""
