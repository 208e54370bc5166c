from __future__ import annotations

import itertools
import random

import pytest

from sockguard.wire.multiplexed import RAW, Multiplexed


def frame(stream: int, data: bytes) -> bytes:
    return bytes([stream, 0, 0, 0]) + len(data).to_bytes(4, "big") + data


def fed(data: bytes, *cuts: int) -> dict[int, bytes]:
    """What comes of the bytes, cut in these places, by stream."""
    multiplexed, found = Multiplexed(), dict[int, bytes]()
    places = [0, *sorted(cuts), len(data)]
    pieces = [data[a:b] for a, b in itertools.pairwise(places)]
    for made in (*map(multiplexed.feed, pieces), multiplexed.finish()):
        for stream, piece in made:
            assert piece
            found[stream] = found.get(stream, b"") + piece
    return found


SENT = frame(1, b"out\n") + frame(2, b"err\n") + frame(1, b"") + frame(1, b"more") + frame(3, b"!")


@pytest.mark.parametrize("cut", range(len(SENT) + 1))
def test_frames_may_be_cut_anywhere(cut: int) -> None:
    assert fed(SENT, cut) == {1: b"out\nmore", 2: b"err\n", 3: b"!"}


def test_frames_may_come_byte_by_byte() -> None:
    assert fed(SENT, *range(1, len(SENT))) == {1: b"out\nmore", 2: b"err\n", 3: b"!"}


def test_a_program_that_prints_what_looks_like_a_header_hides_nothing() -> None:
    lie = frame(2, b"x" * 100)[:8] + b"rm -rf /\n"
    sent = frame(1, lie) + frame(1, b"after")
    for cut in range(len(sent)):
        assert fed(sent, cut) == {1: lie + b"after"}


@pytest.mark.parametrize(
    "begin", [b"\x04\0\0\0\0\0\0\1", b"\1\1\0\0\0\0\0\1", b"\1\0\0\1", b"hello"]
)
def test_what_is_no_frame_is_kept_as_it_came(begin: bytes) -> None:
    sent = frame(1, b"good") + begin + frame(2, b"never taken apart again")
    for cut in range(len(sent)):
        assert fed(sent, cut) == {RAW: b"good" + begin + frame(2, b"never taken apart again")}


def test_a_header_that_never_became_whole_is_kept() -> None:
    assert fed(frame(2, b"err") + b"\1\0\0\0\0") == {2: b"err", RAW: b"\1\0\0\0\0"}


def test_no_byte_is_ever_lost() -> None:
    chance = random.Random(7)
    for _ in range(200):
        data = bytes(chance.choice((0, 0, 0, 1, 2, 3, 5, 65)) for _ in range(60))
        cuts = sorted(chance.sample(range(61), 3))
        whole = fed(data)
        assert fed(data, *cuts) == whole
        assert sum(map(len, whole.values())) <= len(data)
