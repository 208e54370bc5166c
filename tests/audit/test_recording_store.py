from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from sockguard.audit.asciicast import header
from sockguard.audit.recording_store import FOLDER, create, kept, measure, remove, title_of

if TYPE_CHECKING:
    from pathlib import Path

SESSION = "01M8C0ZSMJY0QM85JTNAJQFFTR"


def test_a_file_has_another_name_until_it_is_closed(tmp_path: Path) -> None:
    file = create(tmp_path, SESSION)
    file.write(b"hello")
    ((one,), strange) = kept(tmp_path)
    assert (one.closed, one.file, one.name) == (False, f"{SESSION}.cast.open", f"{SESSION}.cast")
    assert file.settle().sha256 == sha256(b"hello").hexdigest() == file.left().sha256
    file.keep()
    ((one,), strange) = kept(tmp_path)
    assert (one.closed, one.file, one.size, strange) == (True, f"{SESSION}.cast", 5, [])
    assert measure(tmp_path, one.file).size == 5
    remove(tmp_path, SESSION)
    assert kept(tmp_path) == ([], [])


def test_a_file_that_somebody_else_wrote_to_is_not_settled(tmp_path: Path) -> None:
    file = create(tmp_path, SESSION)
    file.write(b"hello")
    with (tmp_path / FOLDER / f"{SESSION}.cast.open").open("ab") as other:
        other.write(b"!")
    with pytest.raises(OSError, match="somebody else wrote to it"):
        file.settle()
    assert file.left().sha256 == sha256(b"hello!").hexdigest()
    file.discard()


def test_a_file_that_is_gone_is_not_written(tmp_path: Path) -> None:
    file = create(tmp_path, SESSION)
    (tmp_path / FOLDER / f"{SESSION}.cast.open").unlink()
    with pytest.raises(FileNotFoundError, match="somebody removed it"):
        file.write(b"hello")
    with pytest.raises(FileNotFoundError):
        file.settle()
    file.let_go()


def test_nothing_that_lies_there_is_opened_to_be_written(tmp_path: Path) -> None:
    (tmp_path / FOLDER).mkdir()
    target = tmp_path / "target"
    target.write_text("mine")
    (tmp_path / FOLDER / f"{SESSION}.cast.open").symlink_to(target)
    with pytest.raises(FileExistsError):
        create(tmp_path, SESSION)
    assert target.read_text() == "mine"
    ((), strange) = kept(tmp_path)
    assert strange == [f"{SESSION}.cast.open"]


def test_a_folder_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "audit").mkdir()
    (tmp_path / "audit" / FOLDER).symlink_to(tmp_path)
    with pytest.raises(OSError, match=r"Not a directory|symbolic"):
        create(tmp_path / "audit", SESSION)


@pytest.mark.parametrize(
    ("written", "title"),
    [
        (
            header(width=8, height=4, timestamp=0, title="ci exec.start") + b"[]\n",
            "ci exec.start",
        ),
        (b'{"version": 2}\n', ""),
        (b'{"title": 5}\n', ""),
        (b"[1]\n", ""),
        (b"", ""),
        (b"[" * 5000, ""),
    ],
)
def test_the_title_is_read_from_the_first_line(tmp_path: Path, written: bytes, title: str) -> None:
    file = create(tmp_path, SESSION)
    file.write(written)
    file.keep()
    assert title_of(tmp_path, SESSION) == title


def test_of_a_file_that_is_gone_there_is_no_title(tmp_path: Path) -> None:
    assert title_of(tmp_path, SESSION) == ""
