from __future__ import annotations

import gzip
import json
import shutil
import time
from typing import TYPE_CHECKING

import pytest

from sockguard.audit.closed_store import Keeping
from sockguard.audit.key_store import PRIVATE, PUBLIC
from sockguard.audit.segment_store import segments
from sockguard.audit.store import Store
from sockguard.cli.main import main
from tests.support.audit_events import HOSTILE_TEXTS, lines_of

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

OLD = b'{"v":1,"seq":1,"kind":"start"}\n{"v":1,"seq":2,"kind":"stop"}\n'
CURRENT = "audit-000000000000001-20260101T000000Z.jsonl"


def write(folder: Path, *, keeping: Keeping | None = None, count: int = 5) -> None:
    store = Store.open(
        folder, now=time.time, keeping=keeping or Keeping(), key=folder.parent / PRIVATE
    )
    for number in range(count):
        store.append({"kind": "decision", "status": number, "text": HOSTILE_TEXTS[1]})
        store.flush()
    store.append({"kind": "stop"})
    store.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of a log: the segments and the public key, nothing else."""
    write(tmp_path / "audit")
    (tmp_path / "audit" / "audit.lock").unlink()
    return (tmp_path / "audit").rename(tmp_path / "copy")


def run(folder: Path, *words: str) -> int:
    return main(["audit", "verify", "--dir", str(folder), *words])


def document(capfd: pytest.CaptureFixture[str]) -> dict[str, Any]:
    told = json.loads(capfd.readouterr().out)
    assert isinstance(told, dict)
    return told


def segment_of(folder: Path) -> Path:
    (path,) = folder.glob("*.jsonl")
    return path


def change(folder: Path, old: bytes, new: bytes) -> None:
    path = segment_of(folder)
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new, 1))


def test_a_copy_with_its_public_key_is_good_and_says_what_it_cannot_show(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    names = {path.name for path in folder.iterdir()}
    assert names == {PUBLIC, segment_of(folder).name}
    assert run(folder) == 0
    page = capfd.readouterr().out
    assert "8 lines, seq 1 to 8, are as written\nsigned up to seq 8 by 2 checkpoints\n" in page
    assert "not seen: events at the end may have been cut off" in page
    assert "not seen: the key is the one in the folder" in page
    assert "not seen: what root on the host" in page
    assert {path.name for path in folder.iterdir()} == names


def test_with_a_key_and_a_head_from_elsewhere_there_is_little_left_that_is_not_seen(
    folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    key = shutil.copy(folder / PUBLIC, tmp_path / "trusted.pub")
    (folder / PUBLIC).unlink()
    assert run(folder, "--public-key", str(key), "--json") == 0
    told = document(capfd)
    head = f"{told['head']}@{told['last']}"
    assert run(folder, "--public-key", str(key), "--head", head.upper(), "--json") == 0
    told = document(capfd)
    assert (told["good"], told["finding"], told["signed"]) == (True, None, 8)
    assert [sentence[:17] for sentence in told["unseen"]] == ["what root on the "]


def test_the_first_wrong_line_is_named_with_its_kind(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    change(folder, b'"status":2', b'"status":9')
    assert run(folder) == 1
    page = capfd.readouterr().out
    name = segment_of(folder).name
    assert page.startswith(f"{name} line 4: edited (seq 4): this is not what was written\n")
    assert "all up to seq 2 is signed and sound" in page
    assert run(folder, "--json") == 1
    told = document(capfd)
    finding = {"fault": "edited", "file": name, "line": 4, "seq": 4}
    assert told["good"] is False
    assert told["finding"] | finding == told["finding"]


def test_a_cut_end_is_found_by_a_head_that_was_collected(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    checkpoint = json.loads(lines_of(folder)[-1])
    head = checkpoint["text"].removeprefix("head ")
    path = segment_of(folder)
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-3]))
    assert run(folder) == 0
    assert run(folder, "--head", head) == 1
    assert "cut (seq 7): the log ends here" in capfd.readouterr().out


def test_a_key_of_somebody_else_vouches_for_nothing(
    folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / PRIVATE).unlink()
    write(tmp_path / "other")
    assert run(folder, "--public-key", str(tmp_path / "other" / PUBLIC)) == 1
    assert "not signed by the key that is trusted" in capfd.readouterr().out


def test_a_log_of_two_keys_needs_both(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    audit = tmp_path / "audit"
    write(audit)
    first = shutil.copy(audit / PUBLIC, tmp_path / "first.pub")
    (tmp_path / PRIVATE).unlink()
    write(audit)
    assert run(audit) == 0
    assert run(audit, "--public-key", str(first)) == 1
    capfd.readouterr()


def test_packed_segments_and_those_that_went_are_told(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    audit = tmp_path / "audit"
    write(audit, keeping=Keeping(4096, 16384, packed=True), count=200)
    assert run(audit) == 0
    assert "told: the events before seq " in capfd.readouterr().out


def test_a_packed_segment_that_is_damaged_is_a_finding(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    audit = tmp_path / "audit"
    write(audit, keeping=Keeping(4096, 1 << 20), count=60)
    first = segments(audit)[0].path
    packed = first.with_name(f"{first.name}.gz")
    whole = gzip.compress(first.read_bytes())
    first.unlink()
    for damaged in (whole[:-1], whole[: len(whole) // 2], whole[:-20] + bytes(12) + whole[-8:]):
        packed.write_bytes(damaged)
        assert run(audit) == 1
        assert f"{packed.name} line " in capfd.readouterr().out
    packed.write_bytes(whole)
    assert run(audit) == 0


def test_a_log_from_before_is_told_as_such(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / CURRENT).write_bytes(OLD)
    assert run(tmp_path) == 1
    assert "unsealed (seq 1): no line carries the hash" in capfd.readouterr().out
    write(tmp_path)
    assert run(tmp_path) == 0
    assert "the 2 lines from before the log was sealed may be anything" in capfd.readouterr().out


def test_what_is_asked_wrongly_is_no_verdict(
    folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    digest = "ab" * 32
    with pytest.raises(SystemExit) as caught:
        run(folder, "--head", "beef@1")
    assert caught.value.code == 2
    assert run(folder, "--head", f"{digest}@1", "--head", f"{digest[::-1]}@1") == 2
    assert run(folder, "--public-key", str(tmp_path / "nowhere")) == 2
    (folder / PUBLIC).unlink()
    assert run(folder) == 2
    assert "name the public key with --public-key" in capfd.readouterr().err


def test_a_folder_without_a_log_is_never_good(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path) == 1
    assert "there are no events" in capfd.readouterr().out
    assert run(tmp_path / "nowhere") == 1
    assert "cannot be read" in capfd.readouterr().err
