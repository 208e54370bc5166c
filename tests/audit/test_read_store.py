from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

from sockguard.audit.closed_store import Keeping
from sockguard.audit.read_store import UNREADABLE, events, parse_line
from sockguard.audit.sink import AuditError
from sockguard.audit.store import Store

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path, now=time.time, keeping=Keeping(1500, 100_000))


def write(store: Store, *numbers: int) -> None:
    for number in numbers:
        store.append({"kind": "start", "status": number, "text": "x" * 100})
        store.flush()


def last_segment(folder: Path) -> Path:
    return max(folder.glob("audit-*.jsonl"))


def test_events_come_oldest_first_over_all_segments(tmp_path: Path, store: Store) -> None:
    write(store, *range(30))
    assert len(list(tmp_path.glob("*.jsonl"))) > 3
    assert [event["status"] for event in events(tmp_path)] == list(range(30))


def test_a_torn_last_line_is_not_an_event_yet(tmp_path: Path, store: Store) -> None:
    write(store, 1)
    with last_segment(tmp_path).open("ab") as file:
        file.write(b'{"v":1,"seq":2')
    assert [event["seq"] for event in events(tmp_path)] == [1]


def test_what_cannot_be_read_is_shown_not_passed_over(tmp_path: Path, store: Store) -> None:
    write(store, 1)
    last_segment(tmp_path).write_bytes(b"first\n[2]\n" + b"[" * 100_000 + b"\n9\n")
    kinds = [(event["kind"], str(event["text"])[:6]) for event in events(tmp_path)]
    assert kinds == [
        (UNREADABLE, "first"),
        (UNREADABLE, "[2]"),
        (UNREADABLE, "[" * 6),
        (UNREADABLE, "9"),
    ]


def test_the_torn_end_of_an_older_segment_is_shown(tmp_path: Path, store: Store) -> None:
    write(store, 1)
    with last_segment(tmp_path).open("ab") as file:
        file.write(b'{"v":1,"torn')
    write(store, *range(2, 12))
    found = list(events(tmp_path))
    shown = [str(event["text"])[:11] for event in found if event["kind"] == UNREADABLE]
    assert shown == ['{"v":1,"tor']


@pytest.mark.parametrize("line", [b"\xff\n", b"", b"1" * 5000 + b"\n", b'"text"\n', b"nul\x00\n"])
def test_parsing_takes_any_bytes(line: bytes) -> None:
    assert parse_line(line)["kind"] == UNREADABLE


def test_a_missing_folder_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(AuditError, match=r"no audit folder .*nowhere: name it with --dir"):
        list(events(tmp_path / "nowhere"))
    (tmp_path / "file").write_text("")
    with pytest.raises(AuditError, match="cannot be read: Not a directory"):
        list(events(tmp_path / "file"))


def test_a_segment_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "audit-000000000000001-20260101T000000Z.jsonl").mkdir()
    with pytest.raises(AuditError, match=r"0Z\.jsonl cannot be read: Is a directory"):
        list(events(tmp_path))


def test_a_segment_that_went_meanwhile_is_passed(tmp_path: Path, store: Store) -> None:
    write(store, *range(30))
    found = events(tmp_path)
    seen = [next(found)["status"]]
    old = sorted(tmp_path.glob("audit-*.jsonl"))
    gone = [json.loads(line)["status"] for line in old[1].read_bytes().splitlines()]
    old[1].unlink()
    seen += [event["status"] for event in found]
    assert seen == [number for number in range(30) if number not in gone]


def test_an_empty_folder_has_no_events(tmp_path: Path) -> None:
    assert list(events(tmp_path)) == []
