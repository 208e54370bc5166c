from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from sockguard.cli.say import put, say, tell
from sockguard.errors import SockguardError
from sockguard.policy.complaints import Complaint, PolicyError
from tests.support.audit_events import HOSTILE_TEXTS

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_a_line_is_one_printable_line_whatever_it_holds(
    capsys: pytest.CaptureFixture[str], text: str
) -> None:
    say([f"a {text}", "b"])
    first, second, rest = capsys.readouterr().out.split("\n")
    assert first.isprintable()
    assert (first[:2], second, rest) == ("a ", "b", "")


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_a_complaint_stays_one_line(capsys: pytest.CaptureFixture[str], text: str) -> None:
    tell(PolicyError([Complaint(text, 1, text), Complaint("z", 2, "plain")]))
    lines = capsys.readouterr().err.removesuffix("\n").split("\n")
    assert len(lines) == 2
    assert all(line.isprintable() for line in lines)


def test_the_lines_of_an_error_stay_lines(capsys: pytest.CaptureFixture[str]) -> None:
    tell(SockguardError("add this:\n  volumes:\x1b[2J"))
    assert capsys.readouterr().err == "sockguard: add this:\n  volumes:\\x1b[2J\n"


@pytest.mark.parametrize("printer", [put, lambda text: say([text])])
def test_letters_that_the_terminal_does_not_have_are_spelled_out(
    monkeypatch: pytest.MonkeyPatch, printer: Callable[[str], None]
) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(raw, "ascii", write_through=True))
    printer("für 😀")
    assert raw.getvalue() == b"f\\xfcr \\U0001f600\n"
