from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from sockguard.proxy.own_log import note, note_crash
from tests.support.audit_events import HOSTILE_TEXTS
from tests.support.tree import PACKAGE, python_files


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_what_is_told_stays_one_printable_line(
    capsys: pytest.CaptureFixture[str], text: str
) -> None:
    note(text)
    line, rest = capsys.readouterr().err.split("\n")
    assert (line.startswith("sockguard: "), line.isprintable(), rest) == (True, True, "")


def test_a_crash_is_told_with_its_lines_and_nothing_that_a_terminal_acts_on(
    capsys: pytest.CaptureFixture[str],
) -> None:
    names: dict[str, str] = {}
    try:
        names["clear \x1b[2J the screen"]
    except KeyError:
        note_crash()
    first, *_, last = capsys.readouterr().err.splitlines()
    assert first == "Traceback (most recent call last):"
    assert last == "KeyError: 'clear \\\\x1b[2J the screen'"


def test_nobody_fails_because_standard_error_is_full() -> None:
    program = "from sockguard.proxy.own_log import note; note('gone'); print('and on')"
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=full, check=False
        )
    assert done.stdout == b"and on\n"


def test_standard_error_is_written_in_one_place() -> None:
    ways = ("sys.stderr", "print_exc", "print_exception")
    found = [
        path.name for path in python_files(PACKAGE) if any(w in path.read_text() for w in ways)
    ]
    assert found == ["own_log.py"]
