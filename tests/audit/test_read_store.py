from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

from sockguard.audit.closed_store import Keeping
from sockguard.audit.read_store import UNREADABLE, events, find, follow, parse_line
from sockguard.audit.sink import AuditError
from sockguard.audit.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

IDS = ("01AAAAAAAAAAAAAAAAAAAAAAAA", "01AAAAAAAAAAAAAAAAAAAAAAAB", "01BBBBBBBBBBBBBBBBBBBBBBBB")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path, now=time.time, keeping=Keeping(1500, 100_000))


def write(store: Store, *numbers: int) -> None:
    for number in numbers:
        store.append({"kind": "start", "status": number, "text": "x" * 100})
        store.flush()


def last_segment(folder: Path) -> Path:
    return max(folder.glob("audit-*.jsonl"))


def test_events_come_oldest_first_over_all_segments(tmp_path: Path, store: Store) -> None:
    write(store, *range(30))
    assert len(list(tmp_path.glob("*.jsonl"))) > 3
    assert [event["status"] for event in events(tmp_path)] == list(range(30))


def test_a_torn_last_line_is_not_an_event_yet(tmp_path: Path, store: Store) -> None:
    write(store, 1)
    with last_segment(tmp_path).open("ab") as file:
        file.write(b'{"v":1,"seq":2')
    assert [event["seq"] for event in events(tmp_path)] == [1]


def test_what_cannot_be_read_is_shown_not_passed_over(tmp_path: Path, store: Store) -> None:
    write(store, 1)
    last_segment(tmp_path).write_bytes(b"first\n[2]\n" + b"[" * 100_000 + b"\n9\n")
    kinds = [(event["kind"], str(event["text"])[:6]) for event in events(tmp_path)]
    assert kinds == [
        (UNREADABLE, "first"),
        (UNREADABLE, "[2]"),
        (UNREADABLE, "[" * 6),
        (UNREADABLE, "9"),
    ]


def test_the_torn_end_of_an_older_segment_is_shown(tmp_path: Path, store: Store) -> None:
    write(store, 1)
    with last_segment(tmp_path).open("ab") as file:
        file.write(b'{"v":1,"torn')
    write(store, *range(2, 12))
    found = list(events(tmp_path))
    shown = [str(event["text"])[:11] for event in found if event["kind"] == UNREADABLE]
    assert shown == ['{"v":1,"tor']


@pytest.mark.parametrize("line", [b"\xff\n", b"", b"1" * 5000 + b"\n", b'"text"\n', b"nul\x00\n"])
def test_parsing_takes_any_bytes(line: bytes) -> None:
    assert parse_line(line)["kind"] == UNREADABLE


def test_a_missing_folder_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(AuditError, match=r"no audit folder .*nowhere: name it with --dir"):
        list(events(tmp_path / "nowhere"))
    (tmp_path / "file").write_text("")
    with pytest.raises(AuditError, match="cannot be read: Not a directory"):
        list(events(tmp_path / "file"))


def test_a_segment_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "audit-000000000000001-20260101T000000Z.jsonl").mkdir()
    with pytest.raises(AuditError, match=r"0Z\.jsonl cannot be read: Is a directory"):
        list(events(tmp_path))


def test_a_segment_that_went_meanwhile_is_passed(tmp_path: Path, store: Store) -> None:
    write(store, *range(30))
    found = events(tmp_path)
    seen = [next(found)["status"]]
    old = sorted(tmp_path.glob("audit-*.jsonl"))
    gone = [json.loads(line)["status"] for line in old[1].read_bytes().splitlines()]
    old[1].unlink()
    seen += [event["status"] for event in found]
    assert seen == [number for number in range(30) if number not in gone]


def test_an_empty_folder_has_no_events(tmp_path: Path) -> None:
    assert list(events(tmp_path)) == []


def scripted(*steps: Callable[[], object]) -> Callable[[], bool]:
    """A `wait` that does one step each time it is called, and ends when there is none left."""
    left = iter(steps)

    def wait() -> bool:
        step = next(left, None)
        if step is None:
            return False
        step()
        return True

    return wait


def test_following_sees_what_comes_also_in_later_segments(tmp_path: Path, store: Store) -> None:
    write(store, 0)
    wait = scripted(
        lambda: write(store, 1),
        lambda: None,
        lambda: write(store, *range(2, 40)),
        lambda: write(store, 40),
    )
    assert [event["status"] for event in follow(tmp_path, wait)] == list(range(41))


def test_following_waits_for_the_rest_of_a_line(tmp_path: Path, store: Store) -> None:
    write(store, 0)
    path = last_segment(tmp_path)

    def add(data: bytes) -> None:
        with path.open("ab") as file:
            file.write(data)

    wait = scripted(lambda: add(b'{"v":1,"stat'), lambda: None, lambda: add(b'us":5}\n'))
    assert [event["status"] for event in follow(tmp_path, wait)] == [0, 5]


def test_following_an_empty_folder_waits_for_the_first_event(tmp_path: Path) -> None:
    def begin() -> None:
        write(Store.open(tmp_path, now=time.time), 7)

    assert [event["status"] for event in follow(tmp_path, scripted(begin))] == [7]


def test_following_goes_on_when_the_oldest_makes_room(tmp_path: Path) -> None:
    store = Store.open(tmp_path, now=time.time, keeping=Keeping(2000, 6000))
    write(store, 0)
    steps = [
        lambda first=first: write(store, *range(first, first + 6)) for first in range(1, 60, 6)
    ]
    seen = [event["status"] for event in follow(tmp_path, scripted(*steps)) if "status" in event]
    assert seen == list(range(61))


def test_once_told_to_end_a_follower_does_not_ask_again(tmp_path: Path, store: Store) -> None:
    asked: list[int] = []

    def wait() -> bool:
        asked.append(1)
        return False

    write(store, 1)
    assert len(list(follow(tmp_path, wait))) == 1
    assert len(asked) == 1


@pytest.fixture
def recorded(tmp_path: Path, store: Store) -> Path:
    for number in IDS:
        store.append({"id": number, "kind": "decision", "text": f'about "id":"{IDS[0]}"'})
    store.append({"id": IDS[2], "kind": "outcome"})
    store.flush()
    return tmp_path


@pytest.mark.parametrize(
    ("prefix", "kinds"),
    [
        (IDS[0], ["decision"]),
        (IDS[2], ["decision", "outcome"]),
        ("01B", ["decision", "outcome"]),
        ("01bbb", ["decision", "outcome"]),
        ("01C", []),
    ],
)
def test_an_id_or_a_unique_beginning_finds_its_events(
    recorded: Path, prefix: str, kinds: list[str]
) -> None:
    assert [event["kind"] for event in find(recorded, prefix)] == kinds


def test_a_beginning_of_several_ids_is_an_error_that_names_them(recorded: Path) -> None:
    with pytest.raises(AuditError, match=f"several events begin so: {IDS[0]}, {IDS[1]}$"):
        find(recorded, "01A")


@pytest.mark.parametrize("prefix", ["", "01I", "../x", '"', IDS[0] + "0", "\x1b[31m"])
def test_what_cannot_be_an_id_is_an_error(recorded: Path, prefix: str) -> None:
    with pytest.raises(AuditError, match="not the beginning of an event id") as caught:
        find(recorded, prefix)
    assert str(caught.value).isprintable()


def test_a_text_that_quotes_an_id_is_not_found_for_it(recorded: Path) -> None:
    assert len(find(recorded, IDS[0])) == 1
    assert json.dumps(find(recorded, IDS[1])).count(IDS[0]) == 1
