from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sockguard.audit.ulid import ALPHABET, LENGTH, UlidSource, new_ulid

ZEROS = bytes(10)
ONES = b"\xff" * 10


@pytest.mark.parametrize(
    ("milliseconds", "randomness", "ulid"),
    [
        (0, ZEROS, "0" * 26),
        (2**48 - 1, ONES, "7" + "Z" * 25),
        (1, bytes(9) + b"\x1f", "0000000001000000000000000Z"),
        (1469918176385, ZEROS, "01ARYZ6S410000000000000000"),
    ],
)
def test_a_ulid_is_time_and_randomness_in_crockfords_base32(
    milliseconds: int, randomness: bytes, ulid: str
) -> None:
    assert new_ulid(milliseconds, randomness) == ulid


@pytest.mark.parametrize(
    ("milliseconds", "randomness"),
    [(-1, ZEROS), (2**48, ZEROS), (0, b""), (0, bytes(9)), (0, bytes(11))],
)
def test_what_does_not_fit_is_an_error(milliseconds: int, randomness: bytes) -> None:
    with pytest.raises(ValueError, match="48 bits"):
        new_ulid(milliseconds, randomness)


@given(st.integers(0, 2**48 - 1), st.binary(min_size=10, max_size=10))
def test_a_ulid_can_be_read_back(milliseconds: int, randomness: bytes) -> None:
    value = 0
    for letter in new_ulid(milliseconds, randomness):
        value = value * 32 + ALPHABET.index(letter)
    assert value == milliseconds << 80 | int.from_bytes(randomness, "big")


@given(st.lists(st.floats(0, 10, allow_nan=False), min_size=2, max_size=60))
def test_a_source_grows_whatever_the_clock_does(times: list[float]) -> None:
    clock = iter(times)
    source = UlidSource(lambda: next(clock))
    made = [source() for _ in times]
    assert made == sorted(set(made))
    assert {len(one) for one in made} == {LENGTH}


def test_a_millisecond_that_is_used_up_borrows_from_the_next() -> None:
    source = UlidSource(lambda: 1.0, entropy=lambda size: b"\xff" * size)
    first, second = source(), source()
    assert first == new_ulid(1000, ONES)
    assert second == new_ulid(1001, ONES)


def test_a_source_asks_for_entropy_rarely_and_uses_all_of_it_once() -> None:
    asked: list[int] = []
    clock = iter(range(1, 10_000))

    def entropy(size: int) -> bytes:
        asked.append(size)
        return b"".join(number.to_bytes(15, "big") for number in range(size // 15))

    source = UlidSource(lambda: float(next(clock)), entropy)
    tails = [source()[10:] for _ in range(256)]
    assert len(asked) == 1
    assert len(set(tails)) == 256
