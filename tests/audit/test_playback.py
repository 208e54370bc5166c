from __future__ import annotations

import pytest

from sockguard.audit.playback import Shown


def played(text: str, *, colours: bool) -> str:
    """What is shown of it, which must not hang on where it is cut."""
    whole = Shown(colours=colours)
    found = whole.feed(text) + whole.finish()
    piecewise = Shown(colours=colours)
    assert "".join(map(piecewise.feed, text)) + piecewise.finish() == found
    return found


@pytest.mark.parametrize(
    ("sent", "shown", "plain"),
    [
        ("hello\r\nworld\r\n", "hello\r\nworld\r\n", "hello\nworld\n"),
        ("10%\r20%\n", "10%\r20%\n", "10%\n20%\n"),
        ("\x1b[1;31mred\x1b[0m", "\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b[2J\x1b[H\x1b[10Cx", "\x1b[2J\x1b[H\x1b[10Cx", "x"),
        ("\x1b]0;title\x07a", "a", "a"),
        ("\x1b]52;c;ZXZpbA==\x1b\\a", "a", "a"),
        ("\x1bP$q\x1b\\a\x1b_x\x1b\\b", "ab", "ab"),
        ("\x1b[?1049h\x1b[?2004ha", "a", "a"),
        ("\x1b[6n\x1b[c\x1b[21t\x1b[5ia", "a", "a"),
        ("\x1bca\x1b(0b\x1b#8c", "abc", "abc"),
        ("\x07a", "a", "a"),
        ("a\x9b31mb\x85c", "a\\x9b31mb\\x85c", "a\\x9b31mb\\x85c"),
        ("a\u202eb\x00c\x7f", "a\\u202eb\\x00c\\x7f", "a\\u202eb\\x00c\\x7f"),
        ("C:\\x1b[31m", "C:\\x1b[31m", "C:\\x1b[31m"),
        ("a\x1b", "a\\x1b", "a\\x1b"),
        ("a\x1b[31", "a\\x1b[31", "a\\x1b[31"),
        ("a\x1b\x1b[32mb", "a\\x1b\x1b[32mb", "a\\x1bb"),
    ],
)
def test_only_colours_and_movements_reach_a_terminal(sent: str, shown: str, plain: str) -> None:
    assert played(sent, colours=True) == shown
    assert played(sent, colours=False) == plain


def test_a_sequence_without_an_end_does_not_hide_what_follows() -> None:
    shown = Shown(colours=True)
    text = "\x1b]0;" + "x" * 10_000 + "rm -rf /"
    found = "".join(shown.feed(piece) for piece in (text[:5], text[5:3000], text[3000:]))
    assert "rm -rf /" in found + shown.finish()
    assert "\x1b" not in found
