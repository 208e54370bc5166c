from __future__ import annotations

import errno
import json
import os
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sockguard.audit import line_store
from sockguard.audit.breaks import Line
from sockguard.audit.chain import CHECKPOINT_EVERY, NO_HASH, End, digest_of
from sockguard.audit.event import encode
from sockguard.audit.line_store import LineBuffer
from sockguard.audit.seal import holds, new_key, read_key, read_public_keys
from sockguard.audit.sink import AuditError
from sockguard.audit.verify import verify
from tests.support.audit_events import missing_numbers, told_missing

if TYPE_CHECKING:
    from collections.abc import Callable

FORM = '"kind":"decision","client":"ci","decision":"allow"'
DECISION = {"time": "now", "id": "ID", "kind": "decision", "client": "ci", "decision": "allow"}
KEY = read_key(new_key())
KEYS = read_public_keys(KEY.public)
LINE = encode({**DECISION, "seq": 1, "prev": NO_HASH})


class Disk:
    """A file in memory that takes so many bytes and then fails until it is given more room."""

    def __init__(self, room: int = 10**9, piece: int = 10**9) -> None:
        self.content = b""
        self.room = room
        self.piece = piece

    def write(self, _descriptor: int, data: memoryview) -> int:
        size = min(len(data), self.room, self.piece)
        if size == 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.content += bytes(data[:size])
        self.room -= size
        return size

    def events(self) -> list[dict[str, object]]:
        """The lines that are events; all others have to be remnants of a torn line."""
        lines = self.content.split(b"\n")
        assert lines.pop() == b"", "the file ends within a line"
        found = []
        for line in lines:
            try:
                found.append(json.loads(line))
            except ValueError:
                assert line.startswith(b"{"), "a remnant stands alone"
        return found


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    made = Disk()
    monkeypatch.setattr(line_store, "_write", made.write)
    return made


def a_buffer(seq: int = 0) -> LineBuffer:
    return LineBuffer(now=lambda: 1.0, host="h", end=End(seq))


def flush(buffer: LineBuffer) -> None:
    buffer.flush_to(lambda _size: 0)


def test_lines_and_events_are_numbered_in_the_order_they_come(disk: Disk) -> None:
    buffer = a_buffer(seq=41)
    buffer.append_form(FORM, "now", "ID")
    buffer.append({"kind": "start"})
    flush(buffer)
    first = LINE.replace(b'"seq":1', b'"seq":42')
    last = encode({"seq": 43, "kind": "start", "prev": digest_of(first)})
    assert disk.content == first + last


def test_an_event_that_cannot_be_encoded_takes_no_number(disk: Disk) -> None:
    buffer = a_buffer()
    with pytest.raises(ValueError, match="no such audit field"):
        buffer.append({"secret": "x"})
    buffer.append({"kind": "start"})
    flush(buffer)
    assert [event["seq"] for event in disk.events()] == [1]


def test_short_writes_are_carried_on(disk: Disk) -> None:
    disk.piece = 7
    buffer = a_buffer()
    for _ in range(5):
        buffer.append_form(FORM, "now", "ID")
    flush(buffer)
    assert [event["seq"] for event in disk.events()] == [1, 2, 3, 4, 5]


def test_nothing_held_means_nothing_asked_for() -> None:
    a_buffer().flush_to(lambda _size: pytest.fail("no room is needed"))


def test_what_was_not_written_is_dropped_and_told_when_storage_works_again(disk: Disk) -> None:
    buffer = a_buffer()
    disk.room = len(LINE) + 20
    for _ in range(3):
        buffer.append_form(FORM, "now", "ID")
    with pytest.raises(AuditError, match="No space left on device"):
        flush(buffer)
    disk.room = 10**9
    buffer.append_form(FORM, "now", "ID")
    flush(buffer)
    first, gap, last = disk.events()
    assert [first["seq"], gap["seq"], last["seq"]] == [1, 4, 5]
    assert (gap["kind"], gap["count"], gap["host"]) == ("gap", 2, "h")
    assert str(gap["text"]).startswith("2 events from seq 2 on were not written: ")
    assert "No space left on device" in str(gap["text"])


@pytest.mark.parametrize("room", range(0, 4 * len(LINE), 37))
def test_a_copy_has_the_whole_lines_of_the_file_and_no_others(disk: Disk, room: int) -> None:
    copied: list[bytes] = []
    buffer = LineBuffer(now=lambda: 1.0, host="h", copy=copied.extend)
    disk.room = room
    for _ in range(3):
        buffer.append_form(FORM, "now", "ID")
    with suppress(AuditError):
        flush(buffer)
    disk.room = 10**9
    buffer.append_form(FORM, "now", "ID")
    flush(buffer)
    assert [json.loads(line) for line in copied] == disk.events()
    assert all(line in disk.content for line in copied)


def test_a_line_that_lacks_its_newline_only_is_whole(disk: Disk) -> None:
    buffer = a_buffer()
    buffer.append_form(FORM, "now", "ID")
    disk.room = len(LINE) - 1
    with pytest.raises(AuditError):
        flush(buffer)
    disk.room = 10**9
    buffer.append_form(FORM, "now", "ID")
    flush(buffer)
    assert [event["seq"] for event in disk.events()] == [1, 2]


def test_failing_again_and_again_is_one_gap_and_holds_one_line(disk: Disk) -> None:
    buffer = a_buffer()
    disk.room = 0
    for _ in range(50):
        buffer.append_form(FORM, "now", "ID")
        with pytest.raises(AuditError):
            flush(buffer)
    assert len(buffer._lines) == 1
    disk.room = 10**9
    flush(buffer)
    (gap,) = disk.events()
    assert gap["count"] == int(str(gap["seq"])) - 1


def test_a_gap_that_was_announced_is_told_even_if_its_first_write_fails(disk: Disk) -> None:
    buffer = a_buffer()
    buffer.tell_gap(9, "nine went")
    disk.room = 0
    with pytest.raises(AuditError):
        flush(buffer)
    disk.room = 10**9
    flush(buffer)
    flush(buffer)
    assert [event["text"] for event in disk.events()][1:] == ["nine went"]


def test_a_gap_that_was_told_before_the_write_was_cut_off_is_not_told_again(disk: Disk) -> None:
    buffer = a_buffer()
    buffer.append_form(FORM, "now", "ID")
    buffer.tell_gap(9, "nine went")
    buffer.tell_gap(8, "eight went")
    disk.room = len(LINE) + 300
    with pytest.raises(AuditError):
        flush(buffer)
    assert disk.content.count(b"went") == 1
    disk.room = 10**9
    flush(buffer)
    texts = [event["text"] for event in disk.events() if event["kind"] == "gap"]
    assert [texts[0], texts[2]] == ["nine went", "eight went"]
    assert str(texts[1]).startswith("1 events from seq 3 on")


@pytest.mark.parametrize("error", [OSError(errno.EIO, "broken"), AuditError("somebody else's")])
def test_no_room_loses_the_lines_like_a_failed_write(disk: Disk, error: Exception) -> None:
    def no_room(_size: int) -> int:
        raise error

    buffer = a_buffer()
    buffer.append_form(FORM, "now", "ID")
    with pytest.raises(AuditError, match="cannot be written"):
        buffer.flush_to(no_room)
    flush(buffer)
    (gap,) = disk.events()
    assert gap["count"] == 1


@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.none() | st.integers(0, 600), st.integers(1, 300)),
        min_size=1,
        max_size=12,
    )
)
def test_every_number_is_in_the_file_or_told_missing(
    steps: list[tuple[int, int | None, int]],
) -> None:
    disk = Disk()
    buffer = a_buffer()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(line_store, "_write", disk.write)
        for number, (lines, room, piece) in enumerate([*steps, (1, None, 1000)]):
            disk.room = 10**9 if room is None else room
            disk.piece = piece
            if piece % 2:
                buffer.tell_gap(0, f"step {number}")
            for _ in range(lines):
                buffer.append_form(FORM, "now", "ID")
            try:
                flush(buffer)
            except AuditError:
                assert room is not None
    found = disk.events()
    assert missing_numbers(found) == told_missing(found)
    assert found[-1]["seq"] == buffer.seq
    announced = [event["text"] for event in found if str(event.get("text")).startswith("step")]
    assert announced == [f"step {i}" for i, (_, _, piece) in enumerate(steps) if piece % 2]


@given(st.lists(st.tuples(st.integers(0, 5), st.none() | st.integers(0, 900)), max_size=12))
def test_whatever_the_disk_takes_of_it_the_log_is_sound(
    steps: list[tuple[int, int | None]],
) -> None:
    disk = Disk()
    buffer = LineBuffer(now=lambda: 1.0, host="h", signer=KEY)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(line_store, "_write", disk.write)
        for lines, room in [*steps, (1, None)]:
            disk.room = 10**9 if room is None else room
            for _ in range(lines):
                buffer.append_form(FORM, "now", "ID")
            with suppress(AuditError):
                flush(buffer)
    numbered = enumerate(disk.content.splitlines(keepends=True), start=1)
    lines_found = [Line("f", number, data) for number, data in numbered]
    report = verify(lines_found, lambda *signed: holds(KEYS, *signed), {})
    lost = buffer.seq - report.lines
    assert report.finding is None
    assert (report.last, report.lost, report.signed > 0) == (buffer.seq, lost, True)
    assert buffer.missing >= lost


def test_a_checkpoint_comes_after_the_first_line_and_then_after_every_thousand(
    disk: Disk,
) -> None:
    buffer = LineBuffer(now=lambda: 1.0, host="h", signer=KEY)
    for _ in range(2 * CHECKPOINT_EVERY + 2):
        buffer.append_form(FORM, "now", "ID")
    flush(buffer)
    found = [event["seq"] for event in disk.events() if event["kind"] == "checkpoint"]
    assert found == [2, 3 + CHECKPOINT_EVERY, 4 + 2 * CHECKPOINT_EVERY]
    assert [b'"kind":"checkpoint"' in line for line in buffer.take_told()] == [True] * 3
    assert buffer.take_told() == []


def test_what_came_in_a_minute_is_signed_with_the_next_flush_also_when_nothing_comes(
    disk: Disk,
) -> None:
    clock = [1.0]
    buffer = LineBuffer(now=lambda: clock[0], host="h", signer=KEY)
    for seconds in (0.0, 59.0, 1.5, 70.0):
        clock[0] += seconds
        if seconds != 1.5:
            buffer.append_form(FORM, "now", "ID")
        flush(buffer)
    flush(buffer)
    assert [event["kind"] for event in disk.events()] == ["decision", "checkpoint"] * 3


def test_a_clock_that_was_set_back_does_not_keep_anything_unsigned(disk: Disk) -> None:
    clock = [1000.0]
    buffer = LineBuffer(now=lambda: clock[0], host="h", signer=KEY)
    for seconds in (0.0, -500.0):
        clock[0] += seconds
        buffer.append_form(FORM, "now", "ID")
        flush(buffer)
    flush(buffer)
    assert [event["kind"] for event in disk.events()][-2:] == ["decision", "checkpoint"]


def test_sealing_twice_signs_once_and_the_text_of_a_checkpoint_names_the_head(disk: Disk) -> None:
    buffer = LineBuffer(now=lambda: 1.0, host="h", signer=KEY)
    buffer.append_form(FORM, "now", "ID")
    buffer.seal()
    flush(buffer)
    _, checkpoint = disk.events()
    assert checkpoint["text"] == f"head {digest_of(LINE)}@1"
    assert (checkpoint["prev"], checkpoint["key"]) == (digest_of(LINE), KEY.name)


@pytest.fixture
def full_pipe(monkeypatch: pytest.MonkeyPatch) -> tuple[int, int]:
    monkeypatch.setattr(line_store, "_PATIENCE_MS", 20)
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    os.write(writer, bytes(1 << 20))
    return reader, writer


def test_a_reader_that_stands_still_is_an_error_after_a_while(full_pipe: tuple[int, int]) -> None:
    buffer = a_buffer()
    buffer.append_form(FORM, "now", "ID")
    with pytest.raises(AuditError, match="nobody reads the log"):
        buffer.flush_to(lambda _size: full_pipe[1])


def test_a_reader_that_is_slow_is_waited_for(
    full_pipe: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, writer = full_pipe
    real: Callable[[int, memoryview], int] = os.write
    tries: list[int] = []

    def write(descriptor: int, data: memoryview) -> int:
        tries.append(descriptor)
        try:
            return real(descriptor, data)
        except BlockingIOError:
            os.read(reader, 1 << 16)
            raise

    monkeypatch.setattr(os, "write", write)
    buffer = a_buffer()
    buffer.append_form(FORM, "now", "ID")
    buffer.flush_to(lambda _size: writer)
    assert len(tries) == 2
