"""A line of a packed segment is the line that stood there, whoever packed it."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest

from sockguard.audit.blocks import CONTENT_BYTES, HEAD_BYTES
from sockguard.audit.pack_store import pack
from sockguard.audit.segment_store import segments
from sockguard.review.log_store import Log

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NAME = "audit-000000000000001-20260101T000000Z.jsonl"
LINES = [
    b'{"seq":%d,"text":"%s"}\n' % (number, b"x" * (number * 997 % 3000)) for number in range(120)
]
LINES[60:60] = [b"y" * (3 * CONTENT_BYTES) + b"\n", b"\n", b"z" * (CONTENT_BYTES - 1) + b"\n"]
TORN = b'{"seq":'


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    path = tmp_path / NAME
    path.write_bytes(b"".join(LINES) + TORN)
    return path


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    log = Log(tmp_path)
    yield log
    log.close()


def in_blocks(plain: Path) -> None:
    (segment,) = segments(plain.parent)
    assert pack(segment, lambda: True)


def in_one_piece(plain: Path) -> None:
    plain.with_name(f"{NAME}.gz").write_bytes(gzip.compress(plain.read_bytes()))
    plain.unlink()


def offsets() -> list[int]:
    return [sum(map(len, LINES[:number])) for number in range(len(LINES) + 1)]


@pytest.mark.parametrize("packed", [in_blocks, in_one_piece])
@pytest.mark.parametrize("name", [NAME, f"{NAME}.gz"])
def test_each_line_is_found_where_it_stood(
    plain: Path, log: Log, packed: Callable[[Path], None], name: str
) -> None:
    packed(plain)
    expected = [*LINES, TORN]
    assert [log.line(name, at) for at in offsets()] == expected
    assert [log.line(name, at) for at in reversed(offsets())] == expected[::-1]
    assert list(log.lines(name, 0)) == list(zip(offsets(), expected, strict=True))
    assert log.line(name, offsets()[-1] + len(TORN)) == b""
    assert log.line(name, 1 << 39) == b""


def test_packed_under_its_hands_it_is_the_same(plain: Path, log: Log) -> None:
    (seen,) = log.look()
    before = [log.line(seen.name, at) for at in offsets()]
    in_blocks(plain)
    assert [log.line(seen.name, at) for at in offsets()] == before
    (again,) = log.look()
    assert (again.name, again.first) == (f"{NAME}.gz", seen.first)
    assert [log.line(seen.name, at) for at in offsets()] == before


def test_removed_under_its_hands_it_is_gone(plain: Path, log: Log) -> None:
    (seen,) = log.look()
    assert log.event(seen.name, 0) == {"seq": 0, "text": ""}
    plain.unlink()
    assert log.look() == []
    assert log.event(seen.name, 0) is None
    assert list(log.lines(seen.name, 0)) == []


@pytest.mark.parametrize("packed", [in_blocks, in_one_piece])
def test_damage_is_a_line_that_says_so(
    plain: Path, log: Log, packed: Callable[[Path], None]
) -> None:
    packed(plain)
    path = plain.with_name(f"{NAME}.gz")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x55
    path.write_bytes(content)
    found = dict(log.lines(path.name, 0))
    at, last = max(found.items())
    assert last.startswith(f"{path.name} is damaged: ".encode())
    assert {here: log.line(path.name, here) for here in found} == found
    event = log.event(path.name, at)
    assert event is not None
    assert event["kind"] == "unreadable"


@pytest.mark.parametrize("left", [0, 1, HEAD_BYTES, -1, -HEAD_BYTES])
def test_a_packed_file_that_is_cut_is_read_as_far_as_it_goes(
    plain: Path, log: Log, left: int
) -> None:
    in_blocks(plain)
    path = plain.with_name(f"{NAME}.gz")
    path.write_bytes(path.read_bytes()[:left])
    found = dict(log.lines(path.name, 0))
    assert {here: log.line(path.name, here) for here in found} == found
    assert (
        b"".join(line for line in found.values() if b"damaged" not in line)
        in b"".join(LINES) + TORN
    )
