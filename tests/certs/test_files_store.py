from __future__ import annotations

import os
import stat
import threading
from typing import TYPE_CHECKING

import pytest

from sockguard.certs.fault import CertificateError
from sockguard.certs.files_store import alone_in, make_folder, read_file, replace, write_new

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def open_umask() -> Iterator[None]:
    old = os.umask(0)
    yield
    os.umask(old)


@pytest.mark.usefixtures("open_umask")
def test_a_key_is_for_its_owner_alone_from_the_first_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    born = []
    real = os.open

    def watched(path: Path, flags: int, given: int = 0o777) -> int:
        descriptor = real(path, flags, given)
        born.append(stat.S_IMODE(os.fstat(descriptor).st_mode))
        return descriptor

    monkeypatch.setattr(os, "open", watched)
    write_new(tmp_path, {"key.pem": b"1", "ca-key.pem": b"1"})
    replace(tmp_path, {"key.pem": b"2"})
    monkeypatch.undo()

    files = [one for one in born if one != mode(tmp_path)]
    assert files == [0o600] * 3
    assert [mode(tmp_path / name) for name in ("key.pem", "ca-key.pem")] == [0o600] * 2


@pytest.mark.usefixtures("open_umask")
def test_a_folder_is_for_its_owner_and_one_that_is_there_stays(tmp_path: Path) -> None:
    make_folder(tmp_path / "a/b")
    (tmp_path / "c").mkdir(mode=0o755)
    make_folder(tmp_path / "c")
    assert (mode(tmp_path / "a/b"), mode(tmp_path / "c")) == (0o700, 0o755)


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    write_new(tmp_path, {"cert.pem": b"old"})
    with pytest.raises(CertificateError, match=r"cert\.pem: is there already"):
        write_new(tmp_path, {"cert.pem": b"new"})
    assert (tmp_path / "cert.pem").read_bytes() == b"old"


def test_what_is_replaced_is_a_new_file_of_the_same_owner_and_mode(tmp_path: Path) -> None:
    owner = (1234, 5678) if os.geteuid() == 0 else (os.geteuid(), os.getegid())
    key = tmp_path / "key.pem"
    key.write_bytes(b"old")
    key.chmod(0o640)
    os.chown(key, *owner)
    with key.open("rb") as reader:
        replace(tmp_path, {"key.pem": b"new", "cert.pem": b"new"})
        assert reader.read() == b"old"
    found = key.stat()
    assert (key.read_bytes(), mode(key), found.st_uid, found.st_gid) == (b"new", 0o640, *owner)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cert.pem", "key.pem"]


def test_a_key_that_was_open_to_others_is_not_so_when_it_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_bytes(b"old")
    (tmp_path / "key.pem").chmod(0o666)
    replace(tmp_path, {"key.pem": b"new"})
    assert mode(tmp_path / "key.pem") == 0o640


def test_where_one_file_cannot_be_written_none_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_bytes(b"old")
    with pytest.raises(CertificateError, match=r"lost/cert\.pem: cannot be written"):
        replace(tmp_path, {"key.pem": b"new", "lost/cert.pem": b"new"})
    assert [path.name for path in tmp_path.iterdir()] == ["key.pem"]
    assert (tmp_path / "key.pem").read_bytes() == b"old"


def test_what_is_no_file_is_not_read_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "key.pem")
    for path in (tmp_path, tmp_path / "key.pem"):
        with pytest.raises(CertificateError, match="is no file"):
            read_file(path)


def test_a_file_of_no_sensible_size_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "crl.pem").open("wb") as file:
        file.truncate(64 * 1024**2)
    with pytest.raises(CertificateError, match="has 67108864 bytes"):
        read_file(tmp_path / "crl.pem")


def test_one_change_waits_for_the_other(tmp_path: Path) -> None:
    order = []

    def second() -> None:
        with alone_in(tmp_path):
            order.append("second")

    thread = threading.Thread(target=second)
    with alone_in(tmp_path):
        thread.start()
        thread.join(0.1)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]
