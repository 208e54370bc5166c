"""Strategies and readers for audit events in tests."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from sockguard.audit.event import DOCUMENTS, FIELDS
from sockguard.audit.segment_store import read_segment, segments

if TYPE_CHECKING:
    from pathlib import Path

    from sockguard.audit.segment_store import Segment

HOSTILE_TEXTS = (
    'end"}\n{"v":1,"seq":1,"decision":"allow"}',
    "\r\x1b[2K\x1b[32mallow\x1b[0m",
    "\x9b31m\x07\x7f\x00",
    "left\u202eright\u2066\u2069\u200f",
    "one\u2028two\u2029three\x85four\x0bfive",
    "\ud800 alone \udfff",
    "\\u001b[31m \\n \\",
    "\U000e0041\ufeff\u200b\u00ad",
    "é" * 5000,
    "\x00" * 5000,
    "😀" * 3000,
)

texts = st.text(st.characters(), max_size=40) | st.sampled_from(HOSTILE_TEXTS)
numbers = st.integers(0, 2**63)
TEXT_FIELDS = tuple(
    name
    for name in FIELDS
    if name
    not in ("v", "seq", "read_only", "status", "bytes_in", "bytes_out", "ms", "count", "begins")
    and name not in DOCUMENTS
)
events = st.dictionaries(st.sampled_from(TEXT_FIELDS), texts, max_size=8)


def lines_of(folder: Path) -> list[bytes]:
    """All lines of an audit folder, oldest first; a torn one at the end of a file is one too."""
    return [
        line
        for segment in segments(folder)
        for line in content_of(segment).splitlines(keepends=True)
    ]


def content_of(segment: Segment) -> bytes:
    """What was written to a segment, packed or not."""
    with read_segment(segment) as file:
        return file.read()


def events_of(folder: Path) -> list[dict[str, object]]:
    """All events of a folder; every line has to be one."""
    return [json.loads(line) for line in lines_of(folder)]


def events_before_a_kill(folder: Path) -> list[dict[str, object]]:
    """All events of a folder whose writer was killed, which may have torn the last line."""
    return [json.loads(line) for line in lines_of(folder) if line.endswith(b"\n")]


def missing_numbers(found: list[dict[str, object]]) -> int:
    """How many numbers from 1 on are not among the events, whose numbers have to grow."""
    numbers_found = [int(str(event["seq"])) for event in found]
    assert numbers_found == sorted(set(numbers_found))
    return numbers_found[-1] - len(numbers_found)


def told_missing(found: list[dict[str, object]]) -> int:
    """How many numbers the gap events say are missing."""
    return sum(int(str(event["count"])) for event in found if event["kind"] == "gap")
