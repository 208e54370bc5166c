from __future__ import annotations

import json
import time
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from sockguard.audit.asciicast import SHOWN, TYPED, Asciicast, header
from sockguard.audit.event import format_time
from sockguard.audit.key_store import PRIVATE
from sockguard.audit.recording_store import FOLDER, close_left, create
from sockguard.audit.store import Store
from sockguard.cli.main import main
from tests.support.audit_events import events_of

if TYPE_CHECKING:
    from pathlib import Path

SESSION = "01M8C0ZSMJY0QM85JTNAJQFFTR"
OTHER = "01M8C0ZSPN4QCJD5WMSADMNA0D"


def record(folder: Path, session: str) -> bytes:
    """A recording as the server writes it, without its event."""
    cast = Asciicast()
    data = b"".join(
        (
            header(width=80, height=24, timestamp=0, title="x"),
            cast.add(0.1, SHOWN, 1, b"\x1b]0;owned\x07$ "),
            cast.add(0.2, TYPED, 0, b"secret\r"),
            cast.add(0.3, SHOWN, 1, b"\x1b[32mgreen\x1b[0m\r\n"),
        )
    )
    file = create(folder, session)
    file.write(data)
    file.keep()
    return data


def write(folder: Path, *events: dict[str, object]) -> None:
    store = Store.open(folder, now=time.time, key=folder.parent / PRIVATE)
    for number, event in enumerate(events, start=1):
        store.append({"time": format_time(number), **event})
    store.close()


def closed(data: bytes, session: str = SESSION) -> dict[str, object]:
    return {
        "id": session,
        "kind": "recording_closed",
        "text": "recorded",
        "ended": "complete",
        "recording": f"{session}.cast",
        "recording_sha256": sha256(data).hexdigest(),
        "bytes": len(data),
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A log with one recorded session, which nobody writes at present."""
    folder = tmp_path / "audit"
    folder.mkdir()
    data = record(folder, SESSION)
    decision: dict[str, object] = {
        "id": SESSION,
        "kind": "decision",
        "decision": "allow",
        "text": "x",
    }
    write(folder, decision, closed(data))
    return folder


def play(folder: Path, *words: str) -> int:
    where = ("--dir", str(folder), "--socket-dir", str(folder / "none"))
    return main(["audit", "play", *where, *words])


def verify(folder: Path, *words: str) -> int:
    return main(["audit", "verify", "--dir", str(folder), *words])


def test_it_is_shown_without_what_commands_a_terminal(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert play(folder, SESSION[:20]) == 0
    assert capfd.readouterr().out == "$ green\n"
    assert play(folder, SESSION, "--input") == 0
    assert capfd.readouterr().out == "$ [secret\\x0d]green\n"
    assert play(folder, SESSION, "--raw", "--speed", "100") == 0
    assert capfd.readouterr().out == "\x1b]0;owned\x07$ \x1b[32mgreen\x1b[0m\r\n\x1b[0m\n"


def test_who_opened_it_is_in_the_log(folder: Path) -> None:
    assert play(folder, SESSION) == 0
    event = events_of(folder)[-1]
    assert event["kind"] == "recording_opened"
    assert event["recording"] == f"{SESSION}.cast"
    assert event["id"] == SESSION
    assert event["by"]
    assert str(event["caller"]).startswith("uid=")
    assert verify(folder) == 0


def test_nothing_is_shown_when_the_log_cannot_tell(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    store = Store.open(folder, now=time.time)  # a server that does not answer
    try:
        assert play(folder, SESSION) != 0
    finally:
        store.close()
    told = capfd.readouterr()
    assert told.out == ""
    assert "does not answer" in told.err


def test_what_was_changed_is_not_shown_unless_asked_for(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = folder / FOLDER / f"{SESSION}.cast"
    path.write_bytes(path.read_bytes().replace(b"green", b"clean"))
    assert play(folder, SESSION) != 0
    told = capfd.readouterr()
    assert told.out == ""
    assert "is not what was recorded" in told.err
    assert events_of(folder)[-1]["kind"] != "recording_opened"
    assert play(folder, SESSION, "--changed-too") == 0
    assert capfd.readouterr().out == "$ clean\n"
    assert "although it is not what was recorded" in str(events_of(folder)[-1]["text"])


def test_a_recording_that_is_a_link_is_not_followed(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = folder / FOLDER / f"{SESSION}.cast"
    elsewhere = path.rename(folder / "elsewhere")
    path.symlink_to(elsewhere)
    assert play(folder, SESSION) != 0
    assert capfd.readouterr().out == ""
    assert verify(folder) == 1


@pytest.mark.parametrize("words", [["ZZZ"], ["no id"], [OTHER]])
def test_what_has_no_recording_is_said_so(folder: Path, words: list[str]) -> None:
    assert play(folder, *words) != 0


@pytest.mark.parametrize("speed", ["0", "-1", "nan", "inf", "x"])
def test_a_speed_is_a_number(folder: Path, speed: str) -> None:
    with pytest.raises(SystemExit):
        play(folder, SESSION, "--speed", speed)


def test_show_says_how_to_play_it(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "show", "--dir", str(folder), SESSION]) == 0
    assert f"to see it: sockguard audit play {SESSION}" in capfd.readouterr().out


# --- whether recordings are what was written ---------------------------------------------------


def report(folder: Path, capfd: pytest.CaptureFixture[str], *words: str) -> dict[str, object]:
    verify(folder, "--json", *words)
    told: dict[str, object] = json.loads(capfd.readouterr().out)
    return told


def test_a_recording_that_is_what_the_log_says_is_counted(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert report(folder, capfd)["recordings"] == 1
    assert verify(folder) == 0
    assert "1 recordings are what was typed and shown" in capfd.readouterr().out


def finding(folder: Path, capfd: pytest.CaptureFixture[str]) -> tuple[object, object]:
    told = report(folder, capfd)["finding"]
    assert isinstance(told, dict)
    return told["fault"], told["file"]


def test_an_edited_recording_is_found(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = folder / FOLDER / f"{SESSION}.cast"
    path.write_bytes(path.read_bytes() + b"\n")
    assert finding(folder, capfd) == ("edited", f"recordings/{SESSION}.cast")


def test_a_removed_recording_is_found(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (folder / FOLDER / f"{SESSION}.cast").unlink()
    assert finding(folder, capfd) == ("removed", f"recordings/{SESSION}.cast")
    told = report(folder, capfd, "--without-recordings")
    assert (told["good"], told["recordings"]) == (True, 0)
    assert "the recordings: only the log was looked at" in str(told["unseen"])


@pytest.mark.parametrize("kind", ["outcome", "recording_closed"])
def test_a_removed_recording_of_which_the_log_has_no_hash_is_found(
    folder: Path, capfd: pytest.CaptureFixture[str], kind: str
) -> None:
    write(folder, {"id": OTHER, "kind": kind, "ended": "killed", "recording": f"{OTHER}.cast"})
    assert finding(folder, capfd) == ("removed", f"recordings/{OTHER}.cast")


@pytest.mark.parametrize("name", [f"{OTHER}.cast", "notes.txt", f"{OTHER}.cast.bak"])
def test_an_inserted_recording_is_found(
    folder: Path, capfd: pytest.CaptureFixture[str], name: str
) -> None:
    (folder / FOLDER / name).write_bytes(b"{}")
    assert finding(folder, capfd) == ("inserted", f"recordings/{name}")


def test_one_that_went_as_the_log_tells_is_missed_by_nobody(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (folder / FOLDER / f"{SESSION}.cast").unlink()
    name = f"{SESSION}.cast"
    write(folder, {"id": SESSION, "kind": "recording_removed", "text": "x", "recording": name})
    assert report(folder, capfd)["good"] is True


def test_one_that_is_not_closed_is_not_called_good(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    create(folder, OTHER).let_go()
    told = report(folder, capfd)
    assert (told["good"], told["recordings"]) == (True, 1)
    assert "1 recordings are still being written, or their server was killed" in str(told["unseen"])
    close_left(folder, OTHER)
    assert finding(folder, capfd) == ("inserted", f"recordings/{OTHER}.cast")
