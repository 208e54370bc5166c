from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from sockguard.audit.event import DOCUMENT_BYTES, DOCUMENTS, FIELDS, encode
from sockguard.audit.segment_store import (
    LINE_BYTES,
    Segment,
    Tail,
    create_segment,
    open_segment,
    read_tail,
    segments,
)

if TYPE_CHECKING:
    from pathlib import Path

ONE = b'{"v":1,"seq":7,"kind":"start"}\n'
TWO = b'{"v":1,"seq":8,"kind":"stop"}\n'


def test_segments_are_listed_by_number_and_other_files_are_not(tmp_path: Path) -> None:
    for name in (
        "audit-000000000000010-20260101T000000Z.jsonl",
        "audit-000000000000009-20260102T000000Z.jsonl",
        "audit-000000000000011-20260101T000000Z.jsonl.gz",
        "audit-11-20260101T000000Z.jsonl",
        "audit.lock",
        "notes.jsonl",
    ):
        (tmp_path / name).write_bytes(b"")
    assert [segment.first for segment in segments(tmp_path)] == [9, 10]


def test_a_created_segment_is_found_again_and_never_replaced(tmp_path: Path) -> None:
    os.close(create_segment(tmp_path, 12, 0.0))
    (segment,) = segments(tmp_path)
    assert segment == Segment(tmp_path / "audit-000000000000012-19700101T000000Z.jsonl", 12)
    with pytest.raises(FileExistsError):
        create_segment(tmp_path, 12, 0.5)


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "target").write_bytes(ONE)
    link = tmp_path / "audit-000000000000001-20260101T000000Z.jsonl"
    link.symlink_to(tmp_path / "target")
    with pytest.raises(OSError, match="symbolic links"):
        open_segment(segments(tmp_path)[0])


@pytest.mark.parametrize(
    ("content", "tail"),
    [
        (b"", Tail(6)),
        (ONE, Tail(7)),
        (ONE + TWO, Tail(8)),
        (ONE + TWO[:-1], Tail(8, unended=True)),
        (ONE + TWO[:-2], Tail(8, unended=True, torn=True)),
        (ONE + b'{"v":1,"seq":8,"text":"a}', Tail(8, unended=True, torn=True)),
        (b"{", Tail(7, unended=True, torn=True)),
        (ONE + b'{"v":1,"seq":8,"ki\n', Tail(8)),
        (ONE + b"garbage\n\n" + b"{", Tail(10, unended=True, torn=True)),
        (b"garbage\n", Tail(7)),
        (b'{"seq":true}\n[7]\n{"seq":-1}\n' + b"[" * 9999 + b"\n", Tail(10)),
        (ONE * 40_000 + TWO, Tail(8)),
        (b'{"v":1,"seq":3,"kind":"start"}\n', Tail(7)),
        (b'{"v":1,"seq":1000000000000000}\n', Tail(7)),
    ],
)
def test_the_tail_tells_the_last_number_and_whether_a_line_is_torn(
    tmp_path: Path, content: bytes, tail: Tail
) -> None:
    path = tmp_path / "segment"
    path.write_bytes(content)
    descriptor = open_segment(Segment(path, 7))
    try:
        assert read_tail(descriptor, 7) == tail
    finally:
        os.close(descriptor)


def test_the_longest_line_that_can_be_written_fits_the_window() -> None:
    documents = dict.fromkeys(DOCUMENTS, '"' + "x" * (DOCUMENT_BYTES - 2) + '"')
    assert len(encode(dict.fromkeys(FIELDS, "\x00" * 5000) | documents)) < LINE_BYTES
