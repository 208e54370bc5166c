"""Closed segments are packed, and go once they are too much or too old; the log stays sound."""

from __future__ import annotations

import gzip
import os
import signal
import subprocess
import sys
import time
from functools import partial
from typing import TYPE_CHECKING

import pytest

from sockguard.audit import pack_store
from sockguard.audit.closed_store import DAY_SECONDS, Keeping
from sockguard.audit.evidence_store import lines
from sockguard.audit.key_store import PRIVATE, PUBLIC, read_public
from sockguard.audit.pack_store import pack
from sockguard.audit.read_store import events
from sockguard.audit.seal import holds
from sockguard.audit.segment_store import segments
from sockguard.audit.store import Store
from sockguard.audit.verify import Report, verify
from tests.support.audit_events import content_of, events_of, lines_of, told_missing
from tests.support.tree import ROOT
from tests.support.wait import wait_until

if TYPE_CHECKING:
    from pathlib import Path

KIB = 1024
PACKED = Keeping(4 * KIB, 1 << 20, packed=True)
NOON = 1_800_000_000.0 // DAY_SECONDS * DAY_SECONDS + DAY_SECONDS / 2


class Clock:
    def __init__(self, seconds: float = NOON) -> None:
        self.seconds = seconds

    def __call__(self) -> float:
        return self.seconds


def opened(folder: Path, keeping: Keeping, now: Clock | None = None) -> Store:
    return Store.open(folder, now=now or time.time, keeping=keeping, key=folder / PRIVATE)


def write(store: Store, count: int) -> None:
    for _ in range(count):
        store.append({"kind": "start", "text": "x" * 200})
        store.flush()


def verified(folder: Path) -> Report:
    keys = read_public(folder / PUBLIC)
    return verify(lines(folder), lambda *signed: holds(keys, *signed), {})


def all_packed(folder: Path) -> bool:
    return all(one.packed for one in segments(folder)[:-1])


def test_closed_segments_are_packed_and_read_as_if_they_were_not(tmp_path: Path) -> None:
    store = opened(tmp_path, PACKED)
    write(store, 100)
    wait_until(lambda: all_packed(tmp_path), "closed segments to be packed")
    store.close()
    found = segments(tmp_path)
    assert len(found) > 5
    assert [one.packed for one in found] == [True] * (len(found) - 1) + [False]
    assert {path.stat().st_mode & 0o777 for path in tmp_path.glob("*.gz")} == {0o600}
    numbers = [event["seq"] for event in events(tmp_path)]
    assert numbers == list(range(1, len(numbers) + 1))
    report = verified(tmp_path)
    assert (report.finding, report.last, report.signed) == (None, numbers[-1], numbers[-1])
    for segment in found[:-1]:
        assert gzip.decompress(segment.path.read_bytes()) == content_of(segment)


def test_what_was_not_packed_before_is_packed_at_the_next_start(tmp_path: Path) -> None:
    store = opened(tmp_path, Keeping(4 * KIB, 1 << 20))
    write(store, 60)
    store.close()
    before = lines_of(tmp_path)
    (tmp_path / "audit-000000000000001-20260101T000000Z.jsonl.gz.part").write_bytes(b"half")
    store = opened(tmp_path, PACKED)
    wait_until(lambda: all_packed(tmp_path), "segments to be packed")
    store.close()
    assert lines_of(tmp_path)[: len(before)] == before
    assert list(tmp_path.glob("*.part")) == []
    assert verified(tmp_path).finding is None


def a_closed_segment(folder: Path) -> None:
    store = opened(folder, Keeping(4 * KIB, 1 << 20))
    write(store, 20)
    store.close()


def test_packing_that_is_interrupted_leaves_the_original(tmp_path: Path) -> None:
    a_closed_segment(tmp_path)
    first = segments(tmp_path)[0]
    for asked in (1, 2):
        answers = iter([True] * (asked - 1) + [False])
        assert pack(first, partial(next, answers)) is False
    assert [path.suffix for path in tmp_path.glob("audit-0*")] == [".jsonl"] * 2
    assert pack(first, lambda: True) is True
    assert segments(tmp_path)[0].packed


def test_what_does_not_read_back_is_not_taken_for_packed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_closed_segment(tmp_path)
    first = segments(tmp_path)[0]
    before = content_of(first)
    monkeypatch.setattr(pack_store, "_hash_of", lambda *_: b"another")
    assert pack(first, lambda: True) is False
    assert content_of(segments(tmp_path)[0]) == before
    assert not segments(tmp_path)[0].packed


def test_a_packed_segment_and_its_original_count_once_and_packing_ends_it(tmp_path: Path) -> None:
    a_closed_segment(tmp_path)
    first = segments(tmp_path)[0]
    packed = first.path.with_name(f"{first.path.name}.gz")
    packed.write_bytes(gzip.compress(content_of(first)))
    assert verified(tmp_path).finding is None
    assert pack(first, lambda: True) is True
    assert not first.path.exists()
    assert verified(tmp_path).finding is None


def test_a_segment_ends_with_the_day(tmp_path: Path) -> None:
    clock = Clock()
    store = opened(tmp_path, Keeping(), clock)
    write(store, 2)
    for hours in (1, 12, 1, 24):
        clock.seconds += hours * 3600
        write(store, 1)
    store.close()
    clock.seconds += DAY_SECONDS
    store = opened(tmp_path, Keeping(), clock)
    write(store, 1)
    store.close()
    days = [segment.began // DAY_SECONDS for segment in segments(tmp_path)]
    first = NOON // DAY_SECONDS
    assert days == [first, first + 1, first + 2, first + 3]
    assert verified(tmp_path).finding is None


def test_a_clock_that_is_set_back_a_little_at_midnight_begins_no_segment(tmp_path: Path) -> None:
    clock = Clock(NOON + DAY_SECONDS / 2 - 1)
    store = opened(tmp_path, Keeping(), clock)
    for seconds in (0, 2, -1.5, 1):
        clock.seconds += seconds
        write(store, 1)
    store.close()
    assert len(segments(tmp_path)) == 2


def test_what_is_older_than_the_days_goes_and_a_signed_event_tells_where_to(
    tmp_path: Path,
) -> None:
    clock = Clock()
    keeping = Keeping(days=3)
    store = opened(tmp_path, keeping, clock)
    for _ in range(10):
        write(store, 3)
        clock.seconds += DAY_SECONDS
    store.close()
    found = events_of(tmp_path)
    report = verified(tmp_path)
    assert len(segments(tmp_path)) == 5
    assert (report.finding, report.removed_to) == (None, report.first)
    assert told_missing(found) <= report.first - 1
    assert any("were older than 3 days" in str(event.get("text")) for event in found)


def test_at_the_cap_the_rest_of_the_log_is_sound(tmp_path: Path) -> None:
    store = opened(tmp_path, Keeping(4 * KIB, 16 * KIB))
    for _ in range(30):
        write(store, 20)
        report = verified(tmp_path)
        assert report.finding is None
        assert report.first == max(1, report.removed_to)
    store.close()
    assert report.first > 300


def test_more_than_what_went_for_room_is_told_as_removed(tmp_path: Path) -> None:
    store = opened(tmp_path, Keeping(4 * KIB, 16 * KIB))
    write(store, 200)
    store.close()
    segments(tmp_path)[0].path.unlink()
    finding = verified(tmp_path).finding
    assert finding is not None
    assert finding.fault == "removed"
    assert finding.line == 1


def test_a_removal_that_was_told_and_not_done_is_done_and_not_told_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeping = Keeping(4 * KIB, 16 * KIB)
    store = opened(tmp_path, keeping)
    with monkeypatch.context() as patch:
        patch.setattr(
            type(store._closed), "remove_going", lambda closed, _sync: closed.going.clear()
        )
        while not any("begins" in event for event in events_of(tmp_path)):
            write(store, 1)
    store._file.close()  # as if killed: nothing more is written
    before = segments(tmp_path)
    assert verified(tmp_path).finding is None
    store._closed.close()
    os.close(store._lock)
    store = opened(tmp_path, keeping)
    store.close()
    found = events_of(tmp_path)
    assert len(segments(tmp_path)) < len(before)
    assert verified(tmp_path).finding is None
    assert len([event for event in found if "begins" in event]) == 1


def test_what_goes_is_synced_as_told_before_it_goes(tmp_path: Path) -> None:
    store = opened(tmp_path, Keeping(4 * KIB, 16 * KIB))
    gone_at: list[int] = []
    seen = [len(segments(tmp_path))]

    def sync() -> None:
        gone_at.append(len(segments(tmp_path)))

    write(store, 60)
    seen.append(len(segments(tmp_path)))
    store._closed.make_room(1 << 20, store._oldest, store._first, time.time())
    store._closed.remove_going(sync)
    assert gone_at == [seen[-1]]
    assert len(segments(tmp_path)) == 1
    store.close()


@pytest.mark.parametrize("wait", [0.05, 0.15, 0.3, 0.6])
def test_whenever_it_is_killed_the_log_is_sound_after_the_next_start(
    tmp_path: Path, wait: float
) -> None:
    for _ in range(2):
        with subprocess.Popen(
            [sys.executable, "-m", "tests.support.audit_writer", str(tmp_path), str(64 * KIB)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
        ) as writer:
            assert writer.stdout
            writer.stdout.readline()
            time.sleep(wait)
            writer.send_signal(signal.SIGKILL)
            writer.stdout.read()
        store = opened(tmp_path, PACKED)
        store.close()
        report = verified(tmp_path)
        assert report.finding is None
        assert report.signed == report.last


def test_no_changed_byte_of_a_packed_segment_changes_the_log_unnoticed(tmp_path: Path) -> None:
    store = opened(tmp_path, Keeping(4 * KIB, 1 << 20))
    write(store, 20)
    store.close()
    first = segments(tmp_path)[0]
    assert pack(first, lambda: True)
    (packed, *_) = segments(tmp_path)
    before, whole = lines_of(tmp_path), packed.path.read_bytes()
    for at in range(len(whole)):
        for flip in (0x01, 0x80):
            changed = bytearray(whole)
            changed[at] ^= flip
            packed.path.write_bytes(changed)
            if verified(tmp_path).finding is None:  # gzip's own head has bytes that say nothing
                assert lines_of(tmp_path) == before, at
    for size in range(len(whole)):
        packed.path.write_bytes(whole[:size])
        if verified(tmp_path).finding is None:  # but for the block that ends the file
            assert lines_of(tmp_path) == before, size
