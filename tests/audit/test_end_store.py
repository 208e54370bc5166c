from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest

from sockguard.audit.chain import NO_HASH, End, digest_of
from sockguard.audit.end_store import read_end
from sockguard.audit.event import encode
from sockguard.audit.segment_store import segments

if TYPE_CHECKING:
    from pathlib import Path

OLD = b'{"v":1,"seq":7,"kind":"start"}\n'
ONE = encode({"seq": 7, "kind": "start", "prev": NO_HASH})
TWO = encode({"seq": 8, "kind": "stop", "prev": digest_of(ONE)})
HEAD_ONE, HEAD_TWO = digest_of(ONE), digest_of(TWO)
TORN = TWO[:40]


def put(folder: Path, first: int, content: bytes, ending: str = "") -> None:
    name = f"audit-{first:015d}-20260101T000000Z.jsonl{ending}"
    (folder / name).write_bytes(gzip.compress(content) if ending else content)


def torn(missing: int, remnant: bytes, head: str = HEAD_ONE, seq: int = 7) -> End:
    return End(seq + missing, head, remnant, unended=remnant[-1:] != b"\n", missing=missing)


@pytest.mark.parametrize(
    ("content", "end"),
    [
        (b"", End(6, NO_HASH)),
        (ONE, End(7, HEAD_ONE)),
        (OLD, End(7, digest_of(OLD))),
        (ONE + TWO, End(8, HEAD_TWO)),
        (ONE + TWO[:-1], End(8, HEAD_TWO, unended=True)),
        (ONE + TWO[:-2], torn(1, TWO[:-2])),
        (ONE + TORN, torn(1, TORN)),
        (ONE + TORN + b"\n", torn(1, TORN + b"\n")),
        (ONE + b"garbage\n\n{", torn(3, b"garbage\n\n{")),
        (b"{", torn(1, b"{", NO_HASH, 6)),
        (b"garbage\n", torn(1, b"garbage\n", NO_HASH, 6)),
        (
            b'{"seq":true}\n[7]\n{"seq":-1}\n',
            torn(3, b'{"seq":true}\n[7]\n{"seq":-1}\n', NO_HASH, 6),
        ),
        (ONE + b"[" * 9999 + b"\n", torn(1, b"[" * 9999 + b"\n")),
        (ONE * 20_000 + TWO, End(8, HEAD_TWO)),
        (ONE + bytes(3 << 20), torn(1, bytes(3 << 20))),
        (
            b'{"v":1,"seq":3,"kind":"start"}\n',
            End(7, digest_of(b'{"v":1,"seq":3,"kind":"start"}\n')),
        ),
    ],
)
def test_the_end_tells_number_hash_and_what_is_torn(
    tmp_path: Path, content: bytes, end: End
) -> None:
    put(tmp_path, 7, content)
    assert read_end(segments(tmp_path)) == end


def test_a_log_without_files_ends_before_its_first_number() -> None:
    assert read_end([]) == End()


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_behind_an_empty_segment_the_one_before_is_the_end(tmp_path: Path, ending: str) -> None:
    put(tmp_path, 7, ONE + TWO, ending)
    put(tmp_path, 9, b"")
    assert read_end(segments(tmp_path)) == End(8, HEAD_TWO)


def test_numbers_that_a_name_promises_and_no_line_has_are_missing(tmp_path: Path) -> None:
    put(tmp_path, 7, ONE + TWO)
    put(tmp_path, 12, b"")
    assert read_end(segments(tmp_path)) == End(11, HEAD_TWO, missing=3)


def test_what_is_torn_over_two_segments_is_one_remnant(tmp_path: Path) -> None:
    put(tmp_path, 7, ONE + TORN)
    put(tmp_path, 9, b"more")
    assert read_end(segments(tmp_path)) == torn(2, TORN + b"\nmore")
