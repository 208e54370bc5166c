from __future__ import annotations

import json
import os
import resource
import signal
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from sockguard.audit.chain import NO_HASH, digest_of
from sockguard.audit.closed_store import Keeping
from sockguard.audit.event import encode
from sockguard.audit.sink import AuditError
from sockguard.audit.store import LOOK_EVERY, Store
from tests.support.audit_events import events_of, lines_of, missing_numbers, told_missing
from tests.support.tree import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sockguard.audit.sink import Sink

KIB = 1024
KEPT = Keeping()
SIZES = Keeping(4 * KIB, 16 * KIB)


def opened(folder: Path, keeping: Keeping = KEPT) -> Store:
    return Store.open(folder, now=time.time, host="h", keeping=keeping)


def write(store: Sink, count: int, *, text: str = "x" * 100) -> None:
    for _ in range(count):
        store.append({"kind": "start", "text": text})
        store.flush()


def files_of(folder: Path) -> list[Path]:
    return sorted(folder.glob("audit-*.jsonl"))


def test_the_folder_and_its_files_are_the_owners_alone(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "audit"
    opened(folder).close()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert len(files_of(folder)) == 1


def test_events_reach_the_file_with_the_flush_and_go_on_where_they_ended(tmp_path: Path) -> None:
    store = opened(tmp_path)
    store.append({"kind": "start"})
    assert lines_of(tmp_path) == []
    store.flush()
    assert lines_of(tmp_path) == [encode({"seq": 1, "kind": "start", "prev": NO_HASH})]
    store.append({"kind": "stop"})
    store.close()
    store = opened(tmp_path)
    assert store.seq == 2
    write(store, 1)
    store.close()
    assert [event["seq"] for event in events_of(tmp_path)] == [1, 2, 3]
    assert len(files_of(tmp_path)) == 1


@pytest.mark.parametrize(
    ("remnant", "lost"),
    [(b'{"v":1,"seq":4,"kind":"st', 1), (b"{", 1), (b"\0" * 3000, 1)],
    ids=["half a line", "one byte", "zeros after a power failure"],
)
def test_a_torn_last_line_stays_as_evidence_and_is_told(
    tmp_path: Path, remnant: bytes, lost: int
) -> None:
    store = opened(tmp_path)
    write(store, 3)
    store.close()
    (path,) = files_of(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole + remnant)
    opened(tmp_path).close()
    after = path.read_bytes()
    assert after.startswith(whole + remnant + b"\n")
    gap = json.loads(after[len(whole + remnant) + 1 :])
    assert (gap["kind"], gap["seq"], gap["count"], gap["host"]) == ("gap", 5, lost, "h")
    assert gap["torn"] == digest_of(remnant + b"\n")
    assert "seq 4 is torn" in gap["text"]
    opened(tmp_path).close()
    assert path.read_bytes() == after


def test_a_last_line_that_lacks_its_newline_only_is_not_lost(tmp_path: Path) -> None:
    store = opened(tmp_path)
    write(store, 3)
    store.close()
    (path,) = files_of(tmp_path)
    path.write_bytes(path.read_bytes()[:-1])
    store = opened(tmp_path)
    write(store, 1)
    store.close()
    assert [event["seq"] for event in events_of(tmp_path)] == [1, 2, 3, 4]


def test_numbers_go_on_behind_remnants_and_empty_segments(tmp_path: Path) -> None:
    (tmp_path / "audit-000000000000100-20260101T000000Z.jsonl").write_bytes(b'{"v":1,"se\n\n')
    store = opened(tmp_path)
    assert store.seq == 102
    store.close()
    (tmp_path / "audit-000000000000500-20260101T000000Z.jsonl").write_bytes(b"")
    store = opened(tmp_path)
    assert store.seq == 500
    store.close()
    told = [(event["seq"], event["count"]) for event in map(json.loads, lines_of(tmp_path)[2:])]
    assert told == [(102, 2), (500, 397)]


def run_writer(folder: Path, segment_bytes: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.support.audit_writer", str(folder), str(segment_bytes)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
    )


def last_number(output: bytes) -> int:
    return int(output[: output.rindex(b"\n")].split(b"\n")[-1])


@pytest.mark.parametrize("segment_bytes", [1 << 20, 64 * KIB], ids=["one file", "rotating"])
def test_what_was_flushed_survives_kill_nine(tmp_path: Path, segment_bytes: int) -> None:
    flushed: list[tuple[int, int]] = []
    for wait in (0.02, 0.05, 0.11, 0.17):
        before = flushed[-1][1] if flushed else 0
        with run_writer(tmp_path, segment_bytes) as writer:
            assert writer.stdout
            head = writer.stdout.readline()
            time.sleep(wait)
            writer.send_signal(signal.SIGKILL)
            flushed.append((before + 1, last_number(head + writer.stdout.read())))
    opened(tmp_path).close()
    lines = lines_of(tmp_path)
    assert all(line.endswith(b"\n") for line in lines)
    found = [json.loads(line) for line in lines if line.endswith(b"}\n")]
    assert missing_numbers(found) == told_missing(found)
    numbers = {event["seq"] for event in found if event["kind"] in ("decision", "checkpoint")}
    for first, last in flushed:
        gaps = {event["seq"] for event in found if event["kind"] == "gap"}
        torn = {number - 1 for number in gaps}
        assert set(range(first, last + 1)) <= numbers | gaps | torn


def test_a_second_process_is_told_who_writes_here(tmp_path: Path) -> None:
    with run_writer(tmp_path, 1 << 20) as writer:
        assert writer.stdout
        writer.stdout.readline()
        with pytest.raises(AuditError, match=rf"in use by another sockguard \(pid {writer.pid}\)"):
            opened(tmp_path)
        writer.kill()
        writer.stdout.read()
    opened(tmp_path).close()


def test_a_second_store_in_one_process_is_refused_too(tmp_path: Path) -> None:
    store = opened(tmp_path)
    with pytest.raises(AuditError, match=f"pid {os.getpid()}"):
        opened(tmp_path)
    store.close()
    opened(tmp_path).close()


def test_segments_stay_under_their_size_and_are_named_by_their_first_number(tmp_path: Path) -> None:
    store = opened(tmp_path, Keeping(4 * KIB, 1 << 20))
    write(store, 200)
    store.close()
    found = files_of(tmp_path)
    assert len(found) > 5
    for path in found:
        assert path.stat().st_size <= 4 * KIB
        first = json.loads(path.read_bytes().partition(b"\n")[0])["seq"]
        assert path.name.startswith(f"audit-{first:015d}-")
    assert [event["seq"] for event in events_of(tmp_path)] == list(range(1, 201))


def test_at_the_cap_the_oldest_goes_and_every_number_is_accounted_for(tmp_path: Path) -> None:
    store = opened(tmp_path, SIZES)
    went = 0
    for _ in range(400):
        before = {path.name: path for path in files_of(tmp_path)}
        sizes = {name: path.read_bytes().count(b"\n") for name, path in before.items()}
        write(store, 1)
        gone = before.keys() - {path.name for path in files_of(tmp_path)}
        went += sum(sizes[name] for name in gone)
        assert sum(path.stat().st_size for path in files_of(tmp_path)) <= SIZES.total_bytes
    store.close()
    found = events_of(tmp_path)
    assert found[0]["seq"] == went + 1
    assert missing_numbers(found) == went > 0
    last_gap = [event for event in found if event["kind"] == "gap"][-1]
    assert f"to {went} made room" in str(last_gap["text"])


def test_a_lower_cap_is_kept_from_the_start(tmp_path: Path) -> None:
    store = opened(tmp_path, Keeping(4 * KIB, 64 * KIB))
    write(store, 300)
    store.close()
    opened(tmp_path, SIZES).close()
    assert sum(path.stat().st_size for path in files_of(tmp_path)) <= SIZES.total_bytes
    found = events_of(tmp_path)
    assert missing_numbers(found) == told_missing(found) > 0


def test_a_batch_larger_than_a_segment_gets_one_of_its_own(tmp_path: Path) -> None:
    store = opened(tmp_path, Keeping(4 * KIB, 64 * KIB))
    write(store, 1)
    for _ in range(100):
        store.append({"kind": "start", "text": "x" * 100})
    store.flush()
    write(store, 1)
    store.close()
    assert [path.read_bytes().count(b"\n") for path in files_of(tmp_path)] == [1, 100, 1]


def test_a_cap_below_two_segments_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AuditError, match="room for two segments"):
        opened(tmp_path, Keeping(KIB, 2 * KIB - 1))


@contextmanager
def small_files(limit: int) -> Iterator[None]:
    """Let no file of this process grow beyond `limit` bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_write_that_fails_halfway_is_an_error_and_is_mended(tmp_path: Path) -> None:
    store = opened(tmp_path)
    with small_files(1000), pytest.raises(AuditError, match="File too large"):
        write(store, 50)
    (path,) = files_of(tmp_path)
    assert not path.read_bytes().endswith(b"\n")
    write(store, 3)
    store.close()
    lines = lines_of(tmp_path)
    remnants = [line for line in lines if not line.endswith(b"}\n")]
    found = [json.loads(line) for line in lines if line.endswith(b"}\n")]
    assert len(remnants) == 1
    assert missing_numbers(found) == told_missing(found) == 1
    assert found[-1]["seq"] == store.seq


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("a small disk can be mounted by root only")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_full_disk_costs_what_was_written_meanwhile_and_nothing_else(small_disk: Path) -> None:
    filler = small_disk / "filler"
    filler.write_bytes(bytes(32 * KIB))
    store = opened(small_disk / "audit")
    failures = 0
    for _ in range(300):
        try:
            write(store, 1)
        except AuditError:
            failures += 1
    assert failures > 10
    with pytest.raises(AuditError, match="No space left on device"):
        store.flush()
    filler.unlink()
    write(store, 20)
    store.close()
    found = [json.loads(line) for line in lines_of(small_disk / "audit") if line[-2:] == b"}\n"]
    assert missing_numbers(found) == told_missing(found) > failures
    assert [event["kind"] for event in found].count("gap") == 1
    assert [event["kind"] for event in found].count("start") == 320 - failures


@pytest.fixture
def always_looking(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sockguard.audit.store.LOOK_EVERY", 0.0)


@pytest.mark.usefixtures("always_looking")
def test_a_removed_folder_is_an_error_until_it_is_back(tmp_path: Path) -> None:
    folder = tmp_path / "audit"
    store = opened(folder)
    write(store, 3)
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    for _ in range(2):
        with pytest.raises(AuditError, match="No such file or directory"):
            write(store, 1)
    folder.mkdir()
    write(store, 2)
    with pytest.raises(AuditError, match="in use"):
        opened(folder)
    store.close()
    found = events_of(folder)
    assert [event["kind"] for event in found].count("start") == 2
    assert missing_numbers(found) == told_missing(found)
    assert any("removed the events 1 to 3" in str(event.get("text")) for event in found)


@pytest.mark.usefixtures("always_looking")
def test_a_removed_segment_is_told_and_the_log_goes_on(tmp_path: Path) -> None:
    store = opened(tmp_path, SIZES)
    write(store, 40)
    files_of(tmp_path)[-1].unlink()
    write(store, 1)
    store.close()
    found = events_of(tmp_path)
    assert missing_numbers(found) == told_missing(found) > 0
    assert [event["kind"] for event in found][-2:] == ["start", "gap"]


def test_what_went_into_a_removed_segment_before_the_next_look_is_told_too(tmp_path: Path) -> None:
    clock = [1.0]
    store = Store.open(tmp_path, now=lambda: clock[0])
    write(store, 3)
    files_of(tmp_path)[-1].unlink()
    write(store, 2)
    clock[0] += LOOK_EVERY
    write(store, 1)
    store.close()
    found = events_of(tmp_path)
    assert missing_numbers(found) == told_missing(found) == 5
    assert [event["kind"] for event in found] == ["start", "gap"]


@pytest.mark.parametrize("what", ["a file", "below a file", "a link to nowhere"])
def test_a_folder_that_cannot_be_written_shows_the_volume_to_add(tmp_path: Path, what: str) -> None:
    folder = tmp_path / "audit"
    if what == "a link to nowhere":
        folder.mkdir()
        (folder / "audit.lock").symlink_to("/nowhere/at/all")
    else:
        (tmp_path / "audit").write_text("")
        folder = folder / "below" if what == "below a file" else folder
    with pytest.raises(AuditError) as caught:
        opened(folder)
    text = str(caught.value)
    assert f"the audit folder {folder} cannot be written" in text
    assert f"\n        volumes:\n          - sockguard-audit:{folder}\n" in text
    assert f"must belong to uid {os.geteuid()}" in text
    assert "`--audit stdout`" in text


def test_a_start_that_fails_lets_go_of_the_folder(tmp_path: Path) -> None:
    link = tmp_path / "audit-000000000000001-20260101T000000Z.jsonl"
    link.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(AuditError, match="cannot be written"):
        opened(tmp_path)
    link.unlink()
    opened(tmp_path).close()


def test_a_folder_of_somebody_else_is_an_error_before_the_first_rotation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(tmp_path).close()
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(AuditError, match="Permission denied"):
        opened(tmp_path)


def test_syncing_in_threads_while_segments_come_and_go(tmp_path: Path) -> None:
    store = opened(tmp_path, SIZES)
    with ThreadPoolExecutor(4) as pool:
        syncs = []
        for _ in range(300):
            write(store, 1)
            syncs.append(pool.submit(store.sync))
        assert [sync.result(timeout=30) for sync in syncs] == [None] * 300
    store.close()
    found = events_of(tmp_path)
    assert found[-1]["seq"] == store.seq


def test_after_a_failed_sync_nothing_counts_as_safe_until_a_new_segment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    store = opened(tmp_path)
    write(store, 1)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fdatasync", broken)
        with pytest.raises(AuditError, match="cannot be synced"):
            store.sync()
    with pytest.raises(AuditError, match="could not be synced before"):
        store.sync()
    write(store, 1)
    store.sync()
    store.close()
    assert len(files_of(tmp_path)) == 2
    assert "a sync failed" in str(events_of(tmp_path)[-1]["text"])


def test_closing_lets_go_even_when_the_last_write_fails(tmp_path: Path) -> None:
    store = opened(tmp_path)
    store.append({"kind": "stop", "text": "x" * 2000})
    with small_files(100), pytest.raises(AuditError):
        store.close()
    opened(tmp_path).close()
