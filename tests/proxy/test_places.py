from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sockguard.policy.model import Client, Role, Source
from sockguard.proxy.places import Places

if TYPE_CHECKING:
    from sockguard.proxy.connection import Connection

SOURCE = Source("policy.yaml", 1)


@dataclass(eq=False)
class Peer:
    """As much of a connection as is looked at."""

    idle: bool = False


def clients(*names: str) -> dict[str, Client]:
    return {name: Client(name, Role(name, {}, SOURCE), SOURCE) for name in names}


class Crowd:
    """Places and all that have one, the longest there first."""

    def __init__(self, most: int, *names: str) -> None:
        self.places = Places(most)
        self.places.share_among(clients(*names))
        self.here: list[Peer] = []

    def come(self, client: str, *, idle: bool = False) -> Peer | None:
        """The peer that got in, with or without somebody making room."""
        while not self.places.has_room_for(client, 0):
            connections = cast("list[Connection]", self.here)
            gone = self.places.evict_for(client, connections)
            if gone is None:
                self.places.turn_away(client)
                return None
            connections.remove(gone)
        peer = Peer(idle=idle)
        self.places.take(client, cast("Connection", peer))
        self.here.append(peer)
        return peer

    def go(self, peer: Peer) -> None:
        self.here.remove(peer)
        self.places.leave(cast("Connection", peer))

    def many(self, client: str, count: int, *, idle: bool = False) -> list[Peer]:
        return [peer for _ in range(count) if (peer := self.come(client, idle=idle)) is not None]


def test_half_of_the_places_is_kept_in_equal_parts_for_all_clients() -> None:
    crowd = Crowd(100, "a", "b")

    assert crowd.places.kept == 25
    assert len(crowd.many("a", 200)) == 75
    assert len(crowd.many("b", 200)) == 25
    assert crowd.places.turned_away == {"a": 125, "b": 175}


def test_a_client_alone_has_all_places_and_strangers_have_half() -> None:
    assert len(Crowd(100, "a").many("a", 200)) == 100
    assert len(Crowd(100, "a").many("", 200)) == 50


def test_who_has_no_places_kept_takes_none_from_those_who_have() -> None:
    crowd = Crowd(8, "a", "b")
    crowd.many("", 100, idle=True)
    assert crowd.places.held == {"": 4}
    assert len(crowd.many("a", 100)) == 6
    assert crowd.come("b") is not None
    assert crowd.places.held == {"": 0, "a": 6, "b": 1}


def test_the_longest_idle_of_the_largest_holder_makes_room_first() -> None:
    crowd = Crowd(12, "a", "b", "c")
    small = crowd.come("b", idle=True)
    large = crowd.many("a", 7, idle=True)
    assert len(crowd.here) == 8

    assert crowd.many("c", 4)
    assert small in crowd.here
    assert [peer for peer in large if peer in crowd.here] == large[1:]


def test_nobody_gives_way_to_somebody_with_more_but_each_may_replace_its_own() -> None:
    crowd = Crowd(4, "a", "b", "c", "d", "e")
    a, b = crowd.many("a", 3), crowd.many("b", 1, idle=True)
    assert crowd.come("a") is None
    a[0].idle = True
    assert crowd.come("a") is not None
    assert a[0] not in crowd.here
    assert b[0] in crowd.here


def test_a_place_is_given_back_once() -> None:
    crowd = Crowd(4, "a")
    peer = crowd.come("a")
    assert peer is not None
    crowd.go(peer)
    crowd.places.leave(cast("Connection", peer))

    assert crowd.places.held == {"a": 0}
    assert len(crowd.many("a", 9)) == 4


def test_other_clients_get_their_share_as_places_become_free() -> None:
    crowd = Crowd(8, "a")
    peers = crowd.many("a", 8)
    crowd.places.share_among(clients("a", "b"))
    assert crowd.come("b") is None

    for peer in peers[:3]:
        crowd.go(peer)
    assert crowd.come("a") is not None
    assert crowd.come("a") is None
    assert len(crowd.many("b", 9)) == 2


@pytest.mark.parametrize("count", [5, 100])
def test_with_more_clients_than_places_to_keep_the_first_come_are_served(count: int) -> None:
    crowd = Crowd(8, *map(str, range(count)))
    assert crowd.places.kept == 0
    assert len(crowd.many("1", 20)) == 8


@settings(max_examples=200, deadline=None)
@given(
    most=st.integers(1, 12),
    moves=st.lists(st.tuples(st.sampled_from(["a", "b", "c", ""]), st.integers(0, 2)), max_size=60),
)
def test_whatever_happens_each_client_gets_what_is_kept_for_it(
    most: int, moves: list[tuple[str, int]]
) -> None:
    crowd = Crowd(most, "a", "b", "c")
    for client, move in moves:
        if move < 2:
            crowd.come(client, idle=move == 1)
        elif crowd.here:
            crowd.go(crowd.here[len(crowd.here) // 2])
    for client in ("a", "b", "c"):
        crowd.many(client, crowd.places.kept - crowd.places.held.get(client, 0))
        assert crowd.places.held.get(client, 0) >= crowd.places.kept

    assert sum(crowd.places.held.values()) == len(crowd.here) <= most
