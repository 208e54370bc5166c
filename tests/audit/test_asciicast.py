from __future__ import annotations

import json

import pytest

from sockguard.audit.asciicast import (
    SHOWN,
    TYPED,
    Asciicast,
    header,
    read_header,
    read_moment,
    resized,
)


def test_the_first_line_says_what_it_is() -> None:
    line = header(width=120, height=40, timestamp=1700000000, title="é\x1b")
    told = read_header(line)
    assert told == {
        "version": 2,
        "width": 120,
        "height": 40,
        "timestamp": 1700000000,
        "title": "é\x1b",
    }
    assert line.endswith(b"\n")
    assert line[:-1].decode("ascii").isprintable()


def test_what_is_shown_and_typed_is_printable_ascii_whatever_it_is() -> None:
    cast = Asciicast()
    lines = [
        cast.add(0.5, SHOWN, 1, bytes(range(256))),
        cast.add(1.25, TYPED, 0, "pässword\r".encode()),
        resized(2, 100, 30),
        cast.finish(3),
    ]
    for line in filter(None, lines):
        assert line[:-1].decode("ascii").isprintable()
        assert line.endswith(b"\n")
    assert json.loads(lines[1]) == [1.25, "i", "pässword\r"]
    assert json.loads(lines[2]) == [2, "r", "100x30"]
    assert read_moment(lines[1]).text == "pässword\r"


def test_a_character_that_is_cut_between_pieces_is_put_together() -> None:
    cast, text = Asciicast(), "a€😀b"
    made = [cast.add(0, SHOWN, 1, bytes([byte])) for byte in text.encode()]
    assert "".join(read_moment(line).text for line in made if line) == text
    assert cast.finish(1) == b""


def test_streams_and_directions_do_not_mix_their_cut_characters() -> None:
    cast = Asciicast()
    euro = "€".encode()
    assert cast.add(0, SHOWN, 1, euro[:1]) == b""
    assert read_moment(cast.add(1, SHOWN, 2, b"err")).text == "err"
    assert read_moment(cast.add(2, TYPED, 0, b"in")).text == "in"
    assert read_moment(cast.add(3, SHOWN, 1, euro[1:])).text == "€"


def test_what_is_no_utf_8_is_marked_and_not_lost_silently() -> None:
    cast = Asciicast()
    assert read_moment(cast.add(0, SHOWN, 1, b"a\xffb\xe2")).text == "a\ufffdb"
    assert read_moment(cast.finish(1)).text == "\ufffd"


@pytest.mark.parametrize(
    "line", [b"", b"{}", b"[]", b"[1]", b'[-1,"o","x"]', b'["1","o","x"]', b'[1,"o",5]', b"\xff"]
)
def test_what_is_no_event_is_not_read_as_one(line: bytes) -> None:
    with pytest.raises(ValueError, match=r".*"):
        read_moment(line)


@pytest.mark.parametrize("line", [b"", b"[]", b'{"version": 1}', b'{"version": 3}'])
def test_what_is_no_first_line_is_not_read_as_one(line: bytes) -> None:
    with pytest.raises(ValueError, match=r".*"):
        read_header(line)
