"""The index gives what the log gives, however it came to be, and whatever happened to the files."""

from __future__ import annotations

import gzip
import json
import os
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.history import write_history
from sockguard.audit.closed_store import Keeping
from sockguard.audit.event import Kind, format_time
from sockguard.audit.read_store import events
from sockguard.audit.sink import AuditError
from sockguard.audit.store import Store
from sockguard.review.filters import Filter, parse_filter
from sockguard.review.find_store import Finder
from sockguard.review.index_store import FILE, index_path, opened_index
from sockguard.review.marks import Reviewed
from tests.support.audit_events import HOSTILE_TEXTS
from tests.support.tree import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sockguard.review.find_store import Event

EVERYTHING = Filter()
NO_NOTE = pytest.fail
"""Nothing here is large enough to be told of."""


def found(folder: Path, text: str = "", **environ: str) -> list[Event]:
    """The joined requests that a filter matches."""
    with opened_index(folder, environ, NO_NOTE) as (database, log):
        finder = Finder(database, log)
        return list(finder.requests(finder.find(parse_filter(text, 0.0), finder.reviewed())))


def joined_by_hand(folder: Path) -> list[Event]:
    """The same from the log alone: a second opinion, which has no index."""
    requests: list[Event] = []
    waiting: dict[str, Event] = {}
    for event in events(folder):
        key = str(event.get("id", ""))
        if event.get("kind") == "outcome" and key in waiting:
            names = ("status", "bytes_in", "bytes_out", "ms", "ended")
            waiting.pop(key).update({name: event[name] for name in names if name in event})
            continue
        requests.append(event)
        if event.get("kind") == "decision" and key:
            waiting.setdefault(key, event)
    return requests


def segments_of(folder: Path) -> list[Path]:
    return sorted(folder.glob("audit-*.jsonl"))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(tmp_path, now=time.time, keeping=Keeping(4096, 16384))
    yield opened
    opened.close()


def decide(store: Store, number: int, **fields: object) -> None:
    store.append(
        {"time": format_time(number), "id": f"{number:026d}", "kind": "decision", "client": "ci"}
        | {"decision": "allow", "operation": "containers.logs", "read_only": True, **fields}
    )


def end(store: Store, number: int, status: int = 200) -> None:
    store.append({"id": f"{number:026d}", "kind": "outcome", "status": status, "ended": "complete"})


def fill_segments(store: Store, first: int, last: int) -> None:
    """Requests of which each ends when the next but two has begun, in several segments."""
    for number in range(first, last):
        decide(store, number, target=f"web-{number % 7}", text="x" * (number % 50))
        if number >= first + 3:
            end(store, number - 3)
        store.flush()


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("history")
    write_history(folder, 3000, seed=7)
    return folder


def test_all_that_the_log_has_is_found_joined_and_in_order(history: Path) -> None:
    assert found(history) == joined_by_hand(history)


@pytest.mark.parametrize(
    "text",
    [
        "client:ci",
        "client:c*,monitor -reason:rate_limited",
        "decision:deny",
        "refused:yes write:yes",
        "-refused:yes -write:yes",
        "operation:containers.* -operation:*.list",
        "target:traefik-*",
        "-target:*",
        "status:4*",
        "-status:2*",
        "ended:refused",
        "id:*7",
        "caller:*pid=1*",
        "user_agent:*28.1*",
        "detail:HostConfig.*",
        "grant:policy.yaml*",
        "kind:start",
        "portainer-3",
        '-"MAY" -privileged',
        "since:2026-05-28T20:30 until:2026-05-28T20:35",
    ],
)
def test_the_index_means_what_the_filter_says(history: Path, text: str) -> None:
    wanted = parse_filter(text, 0.0)
    expected = [event for event in joined_by_hand(history) if wanted.matches(event)]
    assert expected
    assert found(history, text) == expected


@pytest.mark.parametrize("text", ["id:{}", "id:{},{}", 'id:"{}",nothing', "-id:{}", "id:*{}"])
def test_an_id_is_found_whole_or_in_part(history: Path, text: str) -> None:
    ids = [str(event["id"]) for event in joined_by_hand(history)]
    asked = text.format(ids[7], ids[-1])
    wanted = parse_filter(asked, 0.0)
    expected = [event for event in joined_by_hand(history) if wanted.matches(event)]
    assert expected
    assert found(history, asked) == expected


def test_a_group_is_found_by_its_name(history: Path) -> None:
    with opened_index(history, {}, NO_NOTE) as (database, log):
        shapes = Finder(database, log).shapes()
    groups = {shape["group"] for shape in shapes.values()} - {""}
    assert len(groups) == 5
    for group in groups:
        alike = {
            (e["client"], e["operation"], e["reason"]) for e in found(history, f"group:{group}")
        }
        assert len(alike) == 1


def test_it_follows_a_log_that_grows_and_makes_room(store: Store, tmp_path: Path) -> None:
    for first in range(1, 200, 20):
        fill_segments(store, first, first + 20)
        assert found(tmp_path) == joined_by_hand(tmp_path)
    assert any(event["kind"] == Kind.GAP for event in found(tmp_path))


@given(
    st.lists(
        st.tuples(st.sampled_from("dos"), st.integers(0, 25), st.sampled_from(HOSTILE_TEXTS)),
        max_size=25,
    ),
    st.sets(st.integers(0, 25)),
)
@settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_in_pieces_or_at_once_it_comes_to_the_same(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int, str]], looks: set[int]
) -> None:
    folder = tmp_path_factory.mktemp("steps")
    store = Store.open(folder, now=time.time, keeping=Keeping(30_000, 60_000))
    for at, (what, number, text) in enumerate(steps):
        if what == "d":
            decide(store, at, text=text, target=text, user_agent=text, detail=text)
        elif what == "o":
            end(store, number)
        else:
            store.append({"kind": "start", "text": text})
        store.flush()
        if at in looks:
            assert found(folder) == joined_by_hand(folder)
    store.close()
    (folder / FILE).unlink(missing_ok=True)
    assert found(folder) == joined_by_hand(folder)


def rewrite_in_place(path: Path) -> None:
    text = path.read_bytes()
    path.write_bytes(text.replace(b'"client":"ci"', b'"client":"me"', 3))


def put_another_in_its_place(path: Path) -> None:
    other = path.with_name("other")
    other.write_bytes(path.read_bytes().replace(b'"client":"ci"', b'"client":"me"', 3))
    other.replace(path)


def cut_it_off(path: Path) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[: len(lines) // 2]))


def break_a_line(path: Path) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:3], b"\x00\xff{\n", *lines[4:]]))


def remove(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize("which", [0, 1, -1])
@pytest.mark.parametrize(
    "damage", [rewrite_in_place, put_another_in_its_place, cut_it_off, break_a_line, remove]
)
def test_a_log_that_says_something_else_now_is_read_again(
    store: Store, tmp_path: Path, damage: type, which: int
) -> None:
    fill_segments(store, 1, 60)
    before = found(tmp_path)
    assert len(segments_of(tmp_path)) >= 3
    damage(segments_of(tmp_path)[which])
    after = found(tmp_path)
    assert after != before
    assert after == joined_by_hand(tmp_path)


def test_a_segment_that_came_back_is_read_in_its_place(store: Store, tmp_path: Path) -> None:
    fill_segments(store, 1, 60)
    path = segments_of(tmp_path)[0]
    text = path.read_bytes()
    path.unlink()
    assert len(found(tmp_path)) < 59
    path.write_bytes(text)
    assert found(tmp_path) == joined_by_hand(tmp_path)


def test_a_line_that_is_being_written_is_left_until_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "audit-000000000000001-20260101T000000Z.jsonl"
    path.write_bytes(b'{"seq":1,"kind":"start"}\n{"seq":2,')
    assert [event["seq"] for event in found(tmp_path)] == [1]
    with path.open("ab") as file:
        file.write(b'"kind":"stop"}\n')
    assert [event["seq"] for event in found(tmp_path)] == [1, 2]


def test_a_remnant_before_another_segment_is_shown(tmp_path: Path) -> None:
    first = tmp_path / "audit-000000000000001-20260101T000000Z.jsonl"
    first.write_bytes(b'{"seq":1,"kind":"start"}\n{"seq":2,')
    found(tmp_path)
    later = tmp_path / "audit-000000000000003-20260102T000000Z.jsonl"
    later.write_bytes(b'{"seq":3,"kind":"start"}\n')
    assert [event["kind"] for event in found(tmp_path)] == ["start", "unreadable", "start"]
    assert [event["text"] for event in found(tmp_path, "kind:unreadable")] == ['{"seq":2,']


def test_a_segment_that_was_packed_is_the_same_segment(store: Store, tmp_path: Path) -> None:
    fill_segments(store, 1, 60)
    before = found(tmp_path)
    seen: list[str] = []

    def looked(statement: str) -> None:
        seen.append(statement)

    path = segments_of(tmp_path)[0]
    packed = path.with_name(path.name + ".gz")
    packed.write_bytes(gzip.compress(path.read_bytes()))
    with opened_index(tmp_path, {}, NO_NOTE) as (database, log):
        finder = Finder(database, log)
        path.unlink()
        # Listed under its old name, it is read under the new one.
        assert list(finder.requests(finder.find(EVERYTHING, Reviewed()))) == before
        database.set_trace_callback(looked)
    assert not any("DELETE" in statement for statement in seen)


def test_what_is_shown_stands_in_the_log_and_not_in_the_index(store: Store, tmp_path: Path) -> None:
    decide(store, 1)
    decide(store, 2)
    store.flush()
    with opened_index(tmp_path, {}, NO_NOTE) as (database, log):
        finder = Finder(database, log)
        places = finder.find(EVERYTHING, Reviewed())
        (path,) = segments_of(tmp_path)
        path.write_bytes(path.read_bytes().replace(b'"seq":1,', b'"seq":9,'))
        with pytest.raises(AuditError, match="not what it was a moment ago"):
            list(finder.requests(places))
    assert [event["seq"] for event in found(tmp_path)] == [9, 2]


def change(path: Path, sql: str) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute(sql)
        database.commit()


def asked(path: Path, sql: str) -> object:
    with closing(sqlite3.connect(path)) as database:
        return database.execute(sql).fetchone()[0]


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b"this is no database" * 500),
        lambda path: path.write_bytes(path.read_bytes()[:5000]),
        lambda path: path.write_bytes(b""),
        lambda path: change(path, "PRAGMA user_version = 99"),
        lambda path: change(path, "DROP TABLE shapes"),
    ],
)
def test_a_broken_index_is_made_anew(store: Store, tmp_path: Path, damage: type) -> None:
    fill_segments(store, 1, 20)
    before = found(tmp_path)
    damage(tmp_path / FILE)
    assert found(tmp_path) == before
    assert asked(tmp_path / FILE, "PRAGMA integrity_check") == "ok"


def test_a_broken_index_that_others_have_open_is_left_to_them(store: Store, tmp_path: Path) -> None:
    fill_segments(store, 1, 20)
    before = found(tmp_path)
    with opened_index(tmp_path, {}, NO_NOTE) as (database, log):
        change(tmp_path / FILE, "PRAGMA user_version = 99")
        assert found(tmp_path) == before
        finder = Finder(database, log)
        assert list(finder.requests(finder.find(EVERYTHING, Reviewed()))) == before


def test_it_is_kept_in_the_cache_where_the_folder_is_not_ours(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill_segments(store, 1, 20)
    cache = tmp_path / "cache"
    monkeypatch.setattr(os, "geteuid", lambda: tmp_path.stat().st_uid + 1)
    kept = index_path(tmp_path, {"XDG_CACHE_HOME": str(cache)})
    assert kept is not None
    assert kept.parent == cache / "sockguard"
    assert index_path(tmp_path, {"HOME": str(tmp_path)}) == (
        tmp_path / ".cache" / "sockguard" / kept.name
    )
    # The file there belongs to somebody else, as far as this process can tell: it is not used.
    assert found(tmp_path, XDG_CACHE_HOME=str(cache)) == joined_by_hand(tmp_path)
    assert kept.stat().st_size == 0


def test_without_any_place_for_it_the_answer_is_the_same(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill_segments(store, 1, 20)
    monkeypatch.setattr(os, "geteuid", lambda: tmp_path.stat().st_uid + 1)
    assert index_path(tmp_path, {}) is None
    assert index_path(tmp_path, {"HOME": "/proc/nowhere"}) is None
    assert found(tmp_path) == joined_by_hand(tmp_path)
    assert not (tmp_path / FILE).exists()


def test_a_link_in_its_place_is_not_followed(store: Store, tmp_path: Path) -> None:
    fill_segments(store, 1, 5)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(b"precious")
    (tmp_path / FILE).symlink_to(elsewhere)
    assert found(tmp_path) == joined_by_hand(tmp_path)
    assert elsewhere.read_bytes() == b"precious"


def test_the_index_is_for_its_owner_alone(store: Store, tmp_path: Path) -> None:
    decide(store, 1)
    found(tmp_path)
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600


READER = """
import json, sys
from pathlib import Path
from sockguard.review.filters import Filter
from sockguard.review.find_store import Finder
from sockguard.review.index_store import opened_index
with opened_index(Path(sys.argv[1]), {}, print) as (database, log):
    finder = Finder(database, log)
    print(json.dumps(len(list(finder.requests(finder.find(Filter(), finder.reviewed()))))))
"""


def test_several_readers_at_once_make_one_index(tmp_path: Path) -> None:
    write_history(tmp_path, 4000)
    readers = [
        subprocess.Popen(
            [sys.executable, "-c", READER, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE
        )
        for _ in range(4)
    ]
    told = [json.loads(reader.communicate(timeout=120)[0]) for reader in readers]
    assert told == [len(joined_by_hand(tmp_path))] * 4
    assert asked(tmp_path / FILE, "SELECT count(*) FROM entries") == told[0]


def test_a_reader_that_is_killed_leaves_an_index_that_goes_on(tmp_path: Path) -> None:
    write_history(tmp_path, 6000)
    for delay in (0.3, 0.5, 0.8):
        reader = subprocess.Popen(
            [sys.executable, "-c", READER, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE
        )
        time.sleep(delay)
        reader.kill()
        reader.communicate()
    assert found(tmp_path) == joined_by_hand(tmp_path)


def test_texts_that_nothing_uses_any_more_are_forgotten(store: Store, tmp_path: Path) -> None:
    fill_segments(store, 1, 40)
    decide(store, 41, text="soon gone", target="gone", user_agent="gone")
    store.flush()
    assert found(tmp_path, "gone")
    fill_segments(store, 100, 300)
    assert found(tmp_path, "gone") == []
    for table, column in (("texts", "text"), ("targets", "target"), ("shapes", "user_agent")):
        held = f"SELECT count(*) FROM {table} WHERE {column} LIKE '%gone%'"
        assert asked(tmp_path / FILE, held) == 0
