"""Whatever is done to a small log, at every place of it, is found and called by its name."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from sockguard.audit.breaks import Fault, Line
from sockguard.audit.chain import CHECKPOINT_EVERY, digest_of, link_of, whole
from sockguard.audit.event import encode
from sockguard.audit.key_store import PRIVATE, PUBLIC, read_public
from sockguard.audit.seal import holds, new_key, read_key
from sockguard.audit.store import Store
from sockguard.audit.verify import Report, verify
from tests.support.audit_events import lines_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from sockguard.audit.seal import PublicKeys

NO_HEADS: Mapping[int, str] = {}
REMNANT = b'{"v":1,"seq":7,"kind":"st'
FLIPS = (0x01, 0x20, 0x80)
TORN, GAP, LAST = 6, 7, 12
"""Places in the log below: what was cut off, the event that tells of it, the last line."""


class Log:
    """A small log: two runs of a writer, the first of which was killed within a line."""

    def __init__(self, folder: Path) -> None:
        store = Store.open(folder, now=time.time, key=folder / PRIVATE)
        for number in range(5):
            store.append({"kind": "decision", "status": number})
        store.flush()
        (path,) = folder.glob("*.jsonl")
        store.close()
        whole_lines = path.read_bytes().splitlines(keepends=True)[:6]
        path.write_bytes(b"".join(whole_lines) + REMNANT)
        store = Store.open(folder, now=time.time, key=folder / PRIVATE)
        for number in range(2):
            store.append({"kind": "decision", "status": number})
        store.flush()
        store.append({"kind": "stop"})
        store.close()
        self.keys = read_public(folder / PUBLIC)
        self.lines = lines_of(folder)


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Log:
    return Log(tmp_path_factory.mktemp("log"))


def check(lines: Sequence[bytes], keys: PublicKeys, heads: Mapping[int, str] = NO_HEADS) -> Report:
    numbered = [Line("f", number, data) for number, data in enumerate(lines, start=1)]
    return verify(numbered, lambda *signed: holds(keys, *signed), heads)


def found(lines: Sequence[bytes], log: Log) -> tuple[Fault, int] | None:
    """What was done, and at which place of the list."""
    finding = check(lines, log.keys).finding
    return (finding.fault, finding.line - 1) if finding else None


def rewritten(lines: Sequence[bytes]) -> list[bytes]:
    """The same lines with all hashes made anew, as far as that goes without the key."""
    chained: list[bytes] = []
    prev = "0" * 64
    for line in lines:
        link = link_of(whole(line))
        data = line.replace(link.prev.encode(), prev.encode()) if link else line
        prev = digest_of(data) if link else prev
        chained.append(data)
    return chained


def test_what_the_writer_left_is_good(log: Log) -> None:
    report = check(log.lines, log.keys)
    assert report.finding is None
    assert [log.lines[place][:40] for place in (TORN,)] == [REMNANT + b"\n"]
    assert b'"kind":"gap"' in log.lines[GAP]
    assert len(log.lines) == LAST + 1
    assert (report.lines, report.first, report.last, report.signed) == (LAST, 1, 13, 13)
    assert (report.lost, report.torn, report.unchained, report.removed_to) == (1, 1, 0, 0)
    assert report.head == digest_of(log.lines[-1])


@pytest.mark.parametrize("flip", FLIPS)
def test_a_changed_byte_is_found_in_its_line(log: Log, flip: int) -> None:
    for place, line in enumerate(log.lines):
        for at in range(len(line)):
            data = bytearray(line)
            data[at] ^= flip
            changed = b"".join([*log.lines[:place], bytes(data), *log.lines[place + 1 :]])
            finding = found(changed.splitlines(keepends=True), log)
            last_byte = (place, at) == (LAST, len(line) - 1)
            if place in (TORN, GAP):
                assert finding is not None
            else:
                assert finding == (Fault.CUT if last_byte else Fault.EDITED, place), (place, at)


def test_a_byte_that_is_taken_out_or_put_in_is_found(log: Log) -> None:
    content = b"".join(log.lines)
    for at in range(len(content) - 1):  # the last is the newline of the last line
        assert found((content[:at] + content[at + 1 :]).splitlines(keepends=True), log), at
        put_in = content[:at] + b"\n" + content[at:]
        assert found(put_in.splitlines(keepends=True), log), at


def test_a_dropped_line_is_found(log: Log) -> None:
    for place in range(LAST):
        finding = found([*log.lines[:place], *log.lines[place + 1 :]], log)
        assert finding is not None
        assert finding == (Fault.EDITED, TORN) if place == GAP else (Fault.REMOVED, place)


def test_dropped_lines_in_a_row_are_found(log: Log) -> None:
    for start in range(LAST):
        for end in range(start + 1, LAST):
            assert found([*log.lines[:start], *log.lines[end:]], log), (start, end)


def test_swapped_lines_are_found(log: Log) -> None:
    for one in range(LAST + 1):
        for other in range(one + 1, LAST + 1):
            lines = list(log.lines)
            lines[one], lines[other] = lines[other], lines[one]
            finding = found(lines, log)
            assert finding is not None
            if {one, other}.isdisjoint({TORN, GAP}):
                assert finding == (Fault.REORDERED, one), (one, other)


def test_a_line_that_is_there_twice_is_found(log: Log) -> None:
    for place, line in enumerate(log.lines):
        for at in range(LAST + 2):
            finding = found([*log.lines[:at], line, *log.lines[at:]], log)
            assert finding is not None
            if place not in (TORN, GAP) and at not in (TORN, GAP):
                wrong = place + 1 if at == place else at
                assert finding == (Fault.INSERTED, wrong), (place, at)


@pytest.mark.parametrize("forged", [b"\n", b"garbage\n", b'{"v":1,"seq":3,"kind":"start"}\n'])
def test_a_line_that_does_not_hang_together_with_others_is_found(log: Log, forged: bytes) -> None:
    for at in range(LAST + 2):
        finding = found([*log.lines[:at], forged, *log.lines[at:]], log)
        assert finding is not None
        if at not in (TORN, GAP, LAST + 1) and b"seq" not in forged:
            assert finding == (Fault.INSERTED, at)


def test_a_line_that_names_the_one_before_it_is_found(log: Log) -> None:
    for at in range(LAST + 1):
        if at in (TORN, GAP):
            continue
        prev, seq = ("0" * 64, 1) if at == 0 else (digest_of(log.lines[at - 1]), number_at(log, at))
        forged = encode({"seq": seq, "kind": "decision", "prev": prev})
        finding = found([*log.lines[:at], forged, *log.lines[at:]], log)
        assert finding == (Fault.INSERTED, at)


def number_at(log: Log, place: int) -> int:
    link = link_of(log.lines[place])
    assert link
    return link.seq


def test_a_chain_that_was_made_anew_fails_at_its_next_signature(log: Log) -> None:
    signed = [place for place, line in enumerate(log.lines) if b'"sig":' in line]
    for place in range(LAST):
        if place in (TORN, *signed):
            continue
        lines = list(log.lines)
        lines[place] = lines[place].replace(b'"v":1', b'"v":1', 1).replace(b'","', b'2","', 1)
        finding = found(rewritten(lines), log)
        assert finding == (Fault.EDITED, min(one for one in signed if one > place))


def test_a_signature_of_somebody_else_is_none(log: Log) -> None:
    other = read_key(new_key())
    finding = check(log.lines, {other.name: log.keys[next(iter(log.keys))]}).finding
    assert finding is not None
    assert (finding.fault, finding.line) == (Fault.EDITED, 2)


def test_every_cut_is_found_by_a_head_that_is_known(log: Log) -> None:
    content = b"".join(log.lines)
    head = {13: digest_of(log.lines[-1])}
    assert check(log.lines, log.keys, head).finding is None
    for size in range(len(content) - 1):
        finding = check(content[:size].splitlines(keepends=True), log.keys, head).finding
        assert finding is not None
        if size > len(log.lines[0]):
            assert finding.fault in (Fault.CUT, Fault.EDITED, Fault.UNSEALED)


def test_a_cut_between_two_lines_is_not_seen_without_a_head(log: Log) -> None:
    report = check(log.lines[:LAST], log.keys)
    assert report.finding is None
    assert (report.last, report.signed) == (12, 9)


def test_a_known_head_vouches_for_its_line(log: Log) -> None:
    heads = {number_at(log, at): digest_of(log.lines[at]) for at in range(LAST) if at != TORN}
    assert check(log.lines, log.keys, heads).finding is None
    for seq in heads:
        finding = check(log.lines, log.keys, {**heads, seq: "ab" * 32}).finding
        assert finding is not None
        assert (finding.fault, finding.seq) == (Fault.EDITED, seq)


@pytest.mark.parametrize(("seq", "fault"), [(7, Fault.REMOVED), (99, Fault.CUT)])
def test_a_head_without_a_line_is_a_finding(log: Log, seq: int, fault: Fault) -> None:
    finding = check(log.lines, log.keys, {seq: "ab" * 32}).finding
    assert finding is not None
    assert (finding.fault, finding.seq) == (fault, seq)


def test_nothing_at_all_is_a_finding(log: Log) -> None:
    finding = check([], log.keys).finding
    assert finding is not None
    assert finding.text == "there are no events"


OLD = [b'{"v":1,"seq":%d,"kind":"start"}\n' % number for number in range(1, 5)]


def test_a_log_from_before_the_chain_is_told_as_such() -> None:
    report = check(OLD, {})
    assert report.finding is not None
    assert (report.finding.fault, report.unchained, report.lines) == (Fault.UNSEALED, 4, 0)


def test_a_log_that_goes_on_from_before_the_chain_is_good_from_there_on(tmp_path: Path) -> None:
    path = tmp_path / "audit-000000000000001-20260101T000000Z.jsonl"
    path.write_bytes(b"".join(OLD))
    store = Store.open(tmp_path, now=time.time, key=tmp_path / PRIVATE)
    store.append({"kind": "start"})
    store.close()
    keys, lines = read_public(tmp_path / PUBLIC), lines_of(tmp_path)
    report = check(lines, keys)
    assert (report.finding, report.unchained, report.first, report.signed) == (None, 4, 5, 6)
    last_old = check([*lines[:3], lines[3].replace(b"start", b"stopp"), *lines[4:]], keys)
    assert last_old.finding is not None
    assert (last_old.finding.fault, last_old.finding.line) == (Fault.EDITED, 4)
    without = check(lines[4:], keys)
    assert without.finding is not None
    assert without.finding.fault is Fault.REMOVED


def test_a_line_that_lost_its_hash_does_not_pass_for_one_from_before(log: Log) -> None:
    for place in range(LAST + 1):
        if place == TORN:
            continue
        stripped = log.lines[place].rpartition(b',"prev":')[0] + b"}\n"
        assert found([*log.lines[:place], stripped, *log.lines[place + 1 :]], log), place
        all_before = [line.rpartition(b',"prev":')[0] + b"}\n" for line in log.lines[: place + 1]]
        assert found([*all_before, *log.lines[place + 1 :]], log), place


@pytest.mark.parametrize(("count", "good"), [(CHECKPOINT_EVERY, True), (1200, False)])
def test_a_log_without_checkpoints_is_not_taken_for_good(count: int, good: bool) -> None:
    prev = "0" * 64
    lines = []
    for seq in range(1, count + 1):
        lines.append(encode({"seq": seq, "kind": "decision", "prev": prev}))
        prev = digest_of(lines[-1])
    finding = check(lines, {}).finding
    assert finding is not None
    assert finding.fault is Fault.UNSEALED
    assert (finding.line == count) is good
