from __future__ import annotations

import shutil
import stat
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from sockguard.audit.key_store import PRIVATE, PUBLIC, open_key, publish, read_public
from sockguard.audit.seal import holds, new_key, read_key
from sockguard.audit.sink import AuditError
from sockguard.audit.store import Store
from tests.support.audit_events import lines_of

if TYPE_CHECKING:
    from pathlib import Path


def test_a_key_is_made_once_for_its_owner_alone_and_its_public_half_beside_it(
    tmp_path: Path,
) -> None:
    key = open_key(tmp_path / PRIVATE, tmp_path)
    again = open_key(tmp_path / PRIVATE, tmp_path)
    assert stat.S_IMODE((tmp_path / PRIVATE).stat().st_mode) == 0o600
    assert key.name == again.name
    assert list(read_public(tmp_path / PUBLIC)) == [key.name]
    assert sorted(path.name for path in tmp_path.iterdir()) == [PRIVATE, PUBLIC]


def test_a_key_elsewhere_leaves_only_its_public_half_in_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "audit"
    folder.mkdir()
    key = open_key(tmp_path / "keys", folder)
    assert [path.name for path in folder.iterdir()] == [PUBLIC]
    assert list(read_public(folder / PUBLIC)) == [key.name]


def test_a_new_key_adds_its_public_half_to_those_before(tmp_path: Path) -> None:
    first = open_key(tmp_path / PRIVATE, tmp_path)
    (tmp_path / PRIVATE).unlink()
    second = open_key(tmp_path / PRIVATE, tmp_path)
    publish(tmp_path, first.public)
    assert list(read_public(tmp_path / PUBLIC)) == [first.name, second.name]


def test_what_a_key_signed_holds_for_its_public_half_and_these_bytes_only(tmp_path: Path) -> None:
    key = open_key(tmp_path / PRIVATE, tmp_path)
    keys, signature = read_public(tmp_path / PUBLIC), bytes.fromhex(key.sign(b"this"))
    assert holds(keys, key.name, signature, b"this")
    assert not holds(keys, key.name, signature, b"that")
    assert not holds(keys, key.name, signature[::-1], b"this")
    assert not holds(keys, "another", signature, b"this")


@pytest.mark.parametrize("mode", [0o604, 0o620, 0o666])
def test_a_key_that_others_may_use_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / PRIVATE
    path.write_bytes(new_key())
    path.chmod(mode)
    with pytest.raises(AuditError, match=f"others may read or change this key .mode {mode:04o}"):
        open_key(path, tmp_path)


def test_a_key_that_its_group_may_read_is_taken_as_secrets_are_mounted_so(tmp_path: Path) -> None:
    path = tmp_path / PRIVATE
    path.write_bytes(new_key())
    path.chmod(0o440)
    assert open_key(path, tmp_path).name


@pytest.mark.parametrize("content", [b"", b"no key", b"-----BEGIN PUBLIC KEY-----\nAAAA\n"])
def test_what_is_no_key_is_an_error_that_names_the_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / PRIVATE
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(AuditError, match=f"{path} is no Ed25519 key"):
        open_key(path, tmp_path)
    with pytest.raises(AuditError, match=f"{path} holds"):
        read_public(path)


def test_a_place_where_no_key_can_be_made_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(AuditError, match="cannot be read or made by uid"):
        open_key(tmp_path / "nowhere" / PRIVATE, tmp_path)
    (tmp_path / "folder").mkdir()
    with pytest.raises(AuditError, match="Is a directory"):
        open_key(tmp_path / "folder", tmp_path)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="there is no openssl here")
def test_a_key_of_openssl_is_taken_and_openssl_reads_ours(tmp_path: Path) -> None:
    path = tmp_path / PRIVATE
    make = ["openssl", "genpkey", "-algorithm", "ED25519", "-out", str(path)]
    subprocess.run(make, check=True, capture_output=True)
    path.chmod(0o600)
    key = open_key(path, tmp_path)
    shown = subprocess.run(
        ["openssl", "pkey", "-in", str(path), "-pubout"], check=True, capture_output=True
    )
    assert shown.stdout == key.public
    assert read_key(path.read_bytes()).name == key.name


def test_in_a_folder_that_was_made_anew_the_public_key_is_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sockguard.audit.store.LOOK_EVERY", 0.0)
    folder = tmp_path / "audit"
    store = Store.open(folder, now=time.time, key=tmp_path / "key")
    store.append({"kind": "start"})
    store.flush()
    shutil.rmtree(folder)
    folder.mkdir()
    store.append({"kind": "stop"})
    store.close()
    assert (folder / PUBLIC).exists()
    assert b'"kind":"checkpoint"' in lines_of(folder)[-1]
