from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING

import pytest

from sockguard.audit.closed_store import Keeping
from sockguard.audit.event import format_time
from sockguard.audit.key_store import PRIVATE
from sockguard.audit.store import Store
from sockguard.cli.audit_said import login
from sockguard.cli.main import main
from tests.support.audit_events import events_of

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A log of two clients that nobody writes at present."""
    store = Store.open(tmp_path / "audit", now=time.time, keeping=Keeping(600, 60_000))
    for number, client in enumerate(("ci", "web", "ci"), start=1):
        store.append(
            {
                "time": format_time(number),
                "id": f"{number:026d}",
                "kind": "decision",
                "client": client,
                "decision": "deny",
                "reason": "body",
                "text": "x" * 300,
            }
        )
        store.flush()
    store.close()
    return tmp_path / "audit"


def audit(verb: str, folder: Path, *words: str) -> int:
    sockets = ("--socket-dir", str(folder.parent / "sockets")) if verb == "ack" else ()
    return main(["audit", verb, "--dir", str(folder), *sockets, *words])


def seqs(folder: Path, capfd: pytest.CaptureFixture[str], *words: str) -> list[int]:
    capfd.readouterr()
    assert audit("query", folder, "--json", *words) == 0
    return [json.loads(line)["seq"] for line in capfd.readouterr().out.splitlines()]


def test_what_is_acknowledged_is_no_longer_new(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert seqs(folder, capfd, "since:review") == [1, 2, 3]
    assert audit("ack", folder, "--by", "anna", "--note", "all known") == 0
    assert "anna has reviewed the events up to seq 3 (event " in capfd.readouterr().out
    assert seqs(folder, capfd, "since:review") == []
    event = events_of(folder)[-1]
    assert {name: event.get(name) for name in ("kind", "by", "note", "up_to", "filter")} == {
        "kind": "acknowledged",
        "by": "anna",
        "note": "all known",
        "up_to": 3,
        "filter": None,
    }
    assert str(event["caller"]).startswith(f"uid={os.getuid()} gid={os.getgid()} pid=")


def test_a_filter_acknowledges_what_it_matches(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert audit("ack", folder, "client:ci", "since:review") == 0
    assert seqs(folder, capfd, "since:review") == [2]
    assert events_of(folder)[-1]["filter"] == "client:ci"


def test_a_number_says_how_far(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert audit("ack", folder, "--up-to", "2") == 0
    assert seqs(folder, capfd, "since:review") == [3]


def test_a_group_of_the_summary_is_a_filter(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert audit("summary", folder, "--json") == 0
    groups = {one["client"]: one["group"] for one in json.loads(capfd.readouterr().out)["refusals"]}
    assert audit("ack", folder, f"group:{groups['web']}", "--json") == 0
    assert json.loads(capfd.readouterr().out)["seq"] == 4
    assert seqs(folder, capfd, "since:review") == [1, 3]


def test_it_begins_no_segment_and_removes_none(folder: Path) -> None:
    before = sorted(path.name for path in folder.glob("audit-*.jsonl"))
    assert len(before) == 3
    assert audit("ack", folder) == 0
    assert sorted(path.name for path in folder.glob("audit-*.jsonl")) == before


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--up-to", "4"), 1, "the log has no event 4: its last is 3"),
        (("--note", "x" * 2049), 1, "the note is longer than 2048 bytes"),
        (("clint:ci",), 2, "did you mean client?"),
        (("open:yes",), 2, "open changes by itself"),
    ],
)
def test_what_cannot_be_acknowledged_is_said_and_nothing_written(
    folder: Path,
    capfd: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    code: int,
    said: str,
) -> None:
    assert audit("ack", folder, *words) == code
    assert said in capfd.readouterr().err
    assert len(events_of(folder)) == 3


def test_a_log_that_a_server_writes_elsewhere_is_not_written_to(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    store = Store.open(folder, now=time.time)
    try:
        assert audit("ack", folder) == 1
    finally:
        store.close()
    assert "name its --socket-dir" in capfd.readouterr().err
    assert len(events_of(folder)) == 3


def test_a_log_of_another_user_is_not_written_to(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    os.chown(folder, 65532, 65532)
    assert audit("ack", folder) == 1
    assert f"{folder} belongs to uid 65532" in capfd.readouterr().err
    assert len(events_of(folder)) == 3


def test_who_reviews_is_named_behind_sudo_and_without_a_name() -> None:
    assert login({"SUDO_USER": "anna"}, 0) == "anna"
    assert login({}, 0) == "root"
    assert login({}, 4_000_000) == "uid 4000000"


def verified(folder: Path, capfd: pytest.CaptureFixture[str]) -> dict[str, object]:
    capfd.readouterr()
    code = main(["audit", "verify", "--dir", str(folder), "--json"])
    told: dict[str, object] = json.loads(capfd.readouterr().out)
    assert told["good"] is (code == 0)
    return told


def test_the_chain_goes_on_and_the_next_server_signs(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder, key = tmp_path / "audit", tmp_path / "elsewhere.key"
    store = Store.open(folder, now=time.time, key=key)
    store.append({"kind": "stop"})
    store.close()
    assert audit("ack", folder, "--by", "anna") == 0
    told = verified(folder, capfd)
    assert (told["good"], told["last"], told["signed"]) == (True, 3, 2)
    assert not (folder / PRIVATE).exists()
    Store.open(folder, now=time.time, key=key).close()
    told = verified(folder, capfd)
    assert (told["good"], told["last"], told["signed"]) == (True, 4, 4)


def test_an_acknowledgment_tells_of_a_torn_line_before_it_as_a_server_would(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "audit"
    store = Store.open(folder, now=time.time, key=folder / PRIVATE)
    store.append({"kind": "start"})
    store.close()
    (path,) = folder.glob("audit-*.jsonl")
    with path.open("ab") as file:
        file.write(b'{"v":1,"seq":4,"ki')
    assert audit("ack", folder, "--by", "anna") == 0
    assert [event["kind"] for event in map(json.loads, path.read_bytes().splitlines()[-2:])] == [
        "gap",
        "acknowledged",
    ]
    told = verified(folder, capfd)
    assert (told["good"], told["torn"], told["lost"]) == (True, 1, 1)
