from __future__ import annotations

import pytest

from sockguard.audit.recording_store import Kept
from sockguard.proxy.recording_room import FILE_BYTES, FULL, MOST_REMOVED, OPEN, Room

MOST = 100 * FILE_BYTES


class Removing:
    """Notes what goes, unless the log cannot be written."""

    def __init__(self) -> None:
        self.gone: list[str] = []
        self.tells = True

    def __call__(self, recording: Kept, why: str) -> bool:
        assert why
        if self.tells:
            self.gone.append(recording.session)
        return self.tells


@pytest.fixture
def removing() -> Removing:
    return Removing()


@pytest.fixture
def room(removing: Removing) -> Room:
    return Room(removing)


def keep(room: Room, client: str, count: int, size: int = 0, start: int = 0) -> None:
    """Keep so many, each with a file of its own besides its size."""
    for number in range(start, start + count):
        room.keep(client, Kept(f"{client}{number}", size, float(number), closed=True))


def test_who_has_most_makes_room_for_all(room: Room, removing: Removing) -> None:
    keep(room, "quiet", 10)
    keep(room, "noisy", 90)
    for _ in range(20):
        assert room.take("noisy", FILE_BYTES, MOST) == ""
    assert removing.gone == [f"noisy{number}" for number in range(20)]


def test_the_first_of_two_loses_only_what_it_has_more_of(room: Room, removing: Removing) -> None:
    keep(room, "old", 100)
    for number in range(200):
        assert room.take("new", FILE_BYTES, MOST) == ""
        room.leave("new", FILE_BYTES)
        keep(room, "new", 1, start=number)
    assert sum(name.startswith("old") for name in removing.gone) in (50, 51)


def test_those_of_nobody_go_like_those_of_a_client(room: Room, removing: Removing) -> None:
    keep(room, "", 100)
    assert room.take("any", FILE_BYTES, MOST) == ""
    assert removing.gone == ["0"]


def test_open_sessions_leave_room_for_the_next_client(room: Room) -> None:
    assert [taken(room, client) for client in "abc"] == [50, 25, 12]
    assert room.take("a", 1, MOST) == OPEN
    assert room.take("d", FILE_BYTES, MOST) == ""


def taken(room: Room, client: str) -> int:
    """How many files of its own a client can open, one after the other."""
    count = 0
    while not room.take(client, FILE_BYTES, MOST):
        count += 1
    return count


def test_what_cannot_be_told_does_not_go(room: Room, removing: Removing) -> None:
    keep(room, "a", 100)
    removing.tells = False
    assert room.take("b", FILE_BYTES, MOST) == FULL
    removing.tells = True
    assert room.take("b", FILE_BYTES, MOST) == ""


def test_what_is_too_old_goes_whoever_has_it(room: Room, removing: Removing) -> None:
    keep(room, "a", 3)
    keep(room, "b", 3, start=1)
    room.let_go_before(2.0, "was old")
    assert sorted(removing.gone) == ["a0", "a1", "b1"]


def test_not_all_goes_at_once(room: Room, removing: Removing) -> None:
    keep(room, "a", 3 * MOST_REMOVED)
    room.let_go_before(1e9, "was old")
    assert len(removing.gone) == MOST_REMOVED
    assert not room.fits(0, 0)
    assert len(removing.gone) == 2 * MOST_REMOVED


def test_all_that_was_taken_comes_back(room: Room) -> None:
    assert room.take("a", MOST // 2, MOST) == ""
    room.leave("a", MOST // 2)
    assert room.take("a", MOST // 2, MOST) == ""
