from __future__ import annotations

import gzip
import os
from typing import TYPE_CHECKING

import pytest

from sockguard.audit.event import DOCUMENT_BYTES, DOCUMENTS, FIELDS, encode
from sockguard.audit.segment_store import (
    LINE_BYTES,
    Segment,
    create_segment,
    open_segment,
    segments,
)
from tests.support.audit_events import content_of

if TYPE_CHECKING:
    from pathlib import Path

ONE = b'{"v":1,"seq":7,"kind":"start"}\n'
TWO = b'{"v":1,"seq":8,"kind":"stop"}\n'


def test_segments_are_listed_by_number_and_other_files_are_not(tmp_path: Path) -> None:
    for name in (
        "audit-000000000000010-20260101T000000Z.jsonl",
        "audit-000000000000009-20260102T000000Z.jsonl",
        "audit-000000000000011-20260101T000000Z.jsonl.gz",
        "audit-000000000000012-20260101T000000Z.jsonl.gz.part",
        "audit-11-20260101T000000Z.jsonl",
        "audit.lock",
        "notes.jsonl",
    ):
        (tmp_path / name).write_bytes(b"")
    assert [segment.first for segment in segments(tmp_path)] == [9, 10, 11]
    assert [segment.packed for segment in segments(tmp_path)] == [False, False, True]


def test_a_created_segment_is_found_again_and_never_replaced(tmp_path: Path) -> None:
    os.close(create_segment(tmp_path, 12, 0.0))
    (segment,) = segments(tmp_path)
    path = tmp_path / "audit-000000000000012-19700101T000000Z.jsonl"
    assert segment == Segment(path, 12, "19700101T000000Z")
    assert segment.began == 0.0
    with pytest.raises(FileExistsError):
        create_segment(tmp_path, 12, 0.5)


def test_one_that_is_being_packed_counts_once_and_is_read_as_it_was_written(tmp_path: Path) -> None:
    plain = tmp_path / "audit-000000000000007-20260101T000000Z.jsonl"
    plain.write_bytes(ONE + TWO)
    plain.with_name(f"{plain.name}.gz").write_bytes(gzip.compress(ONE))
    (segment,) = segments(tmp_path)
    assert content_of(segment) == ONE + TWO
    plain.unlink()
    assert content_of(segment) == ONE
    (packed,) = segments(tmp_path)
    assert (packed.first, packed.packed) == (7, True)
    assert content_of(packed) == ONE


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "target").write_bytes(ONE)
    link = tmp_path / "audit-000000000000001-20260101T000000Z.jsonl"
    link.symlink_to(tmp_path / "target")
    with pytest.raises(OSError, match="symbolic links"):
        open_segment(segments(tmp_path)[0])


def test_the_longest_line_that_can_be_written_fits_the_window() -> None:
    documents = dict.fromkeys(DOCUMENTS, '"' + "x" * (DOCUMENT_BYTES - 2) + '"')
    assert len(encode(dict.fromkeys(FIELDS, "\x00" * 5000) | documents)) < LINE_BYTES
