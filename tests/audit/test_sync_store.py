from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import pytest

from sockguard.audit.sync_store import SyncedFile

if TYPE_CHECKING:
    from pathlib import Path


def a_file(folder: Path, name: str) -> int:
    return os.open(folder / name, os.O_CREAT | os.O_WRONLY)


class Disk:
    """Remembers by path what was synced, and can be made to wait."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.synced: list[str] = []
        self.may_go_on = threading.Event()
        self.may_go_on.set()
        self.began = threading.Event()
        monkeypatch.setattr(os, "fdatasync", self.fdatasync)

    def fdatasync(self, descriptor: int) -> None:
        self.began.set()
        assert self.may_go_on.wait(10)
        self.synced.append(os.path.basename(os.readlink(f"/proc/self/fd/{descriptor}")))  # noqa: PTH115, PTH119


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


def test_what_was_written_is_synced_once(tmp_path: Path, disk: Disk) -> None:
    file = SyncedFile(tmp_path, a_file(tmp_path, "a"))
    file.sync()
    file.sync()
    file.wrote()
    file.sync()
    file.close()
    assert disk.synced == ["a", "a"]


def test_files_that_were_replaced_are_synced_first_and_closed(tmp_path: Path, disk: Disk) -> None:
    first = a_file(tmp_path, "a")
    file = SyncedFile(tmp_path, first)
    file.replace(a_file(tmp_path, "b"))
    file.replace(a_file(tmp_path, "c"))
    file.sync()
    assert disk.synced == ["a", "b", "c"]
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(first)
    file.close()


def test_replaced_files_do_not_pile_up(tmp_path: Path, disk: Disk) -> None:
    file = SyncedFile(tmp_path, a_file(tmp_path, "0"))
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    for number in range(1, 40):
        file.replace(a_file(tmp_path, str(number)))
    assert len(os.listdir("/proc/self/fd")) < before + 12  # noqa: PTH208
    file.sync()
    file.close()
    assert {str(number) for number in range(40)} == set(disk.synced)


def test_a_second_sync_does_not_return_before_the_first_is_done(tmp_path: Path, disk: Disk) -> None:
    file = SyncedFile(tmp_path, a_file(tmp_path, "a"))
    disk.may_go_on.clear()
    first = threading.Thread(target=file.sync)
    second = threading.Thread(target=file.sync)
    first.start()
    assert disk.began.wait(10)
    second.start()
    second.join(0.05)
    assert second.is_alive()
    disk.may_go_on.set()
    first.join(10)
    second.join(10)
    file.close()
    assert disk.synced == ["a"]


def test_the_writer_goes_on_while_the_disk_works(tmp_path: Path, disk: Disk) -> None:
    file = SyncedFile(tmp_path, a_file(tmp_path, "a"))
    disk.may_go_on.clear()
    thread = threading.Thread(target=file.sync)
    thread.start()
    assert disk.began.wait(10)
    file.wrote()
    file.replace(a_file(tmp_path, "b"))
    disk.may_go_on.set()
    thread.join(10)
    file.sync()
    file.close()
    assert disk.synced == ["a", "a", "b"]
