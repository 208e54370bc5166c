"""A plain document takes a short way; whichever way it goes, it means the same."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sockguard.errors import Malformed
from sockguard.wire.document import MAX_DEPTH, decode
from sockguard.wire.plain_document import read_plain
from tests.corpus.json_tricks import ACCEPTED, REFUSED

if TYPE_CHECKING:
    from sockguard.wire.document import Value

TOO_LONG = " " * 20_000
"""Blanks say nothing, and lead by the long way."""

pieces = st.sampled_from([
    *("{", "}", "[", "]", ",", ":", '"', '"a"', '"b":', '"a":', "1", "-0.5e+3", "01", "1.", "-"),
    *("true", "null", "nul", " ", "\n", "\t", "\x00", "\x0b", "\xa0", "\ufeff", "\u0661", "1e999"),
    *("x", "{}", "[]", "NaN", "-Infinity", "9" * 40, "9" * 41, "1e1000", "\u2028", "'", "/"),
])  # fmt: skip


def by_the_long_way(text: str) -> Value:
    return decode((text + TOO_LONG).encode())


def same(ours: object, theirs: object) -> bool:
    """Whether both are equal, in type, in the order of keys and in the spelling of numbers too."""
    return repr(ours) == repr(theirs)


@given(st.lists(pieces, max_size=14).map("".join))
@settings(max_examples=1000)
def test_what_the_short_way_reads_means_the_same_by_the_long_one(text: str) -> None:
    plain = read_plain(text)
    if plain is not None:
        assert same(plain.value, by_the_long_way(text))


@pytest.mark.parametrize("name", REFUSED)
def test_a_document_without_a_single_meaning_is_refused_both_ways(name: str) -> None:
    try:
        text = REFUSED[name].decode()
    except UnicodeDecodeError:
        return
    assert read_plain(text) is None
    with pytest.raises(Malformed):
        by_the_long_way(text)


@pytest.mark.parametrize("name", ACCEPTED)
def test_a_document_with_one_meaning_has_it_both_ways(name: str) -> None:
    text = ACCEPTED[name][0].decode()
    plain = read_plain(text)
    assert same(ACCEPTED[name][1], by_the_long_way(text))
    assert plain is None or same(plain.value, ACCEPTED[name][1])


def test_what_the_docker_command_sends_takes_the_short_way() -> None:
    body: dict[str, Any] = {"Image": "nginx", "Env": None, "HostConfig": {"CapDrop": ["ALL"]}}
    plain = read_plain(json.dumps(body))
    assert plain is not None
    assert plain.value == body


@pytest.mark.parametrize(
    "text",
    [
        '"\\u0041"',
        '{"a\\"": 1}',
        f'"{"x" * 20_000}"',
        "[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1),
        "[" + "{}," * MAX_DEPTH + "{}]",
    ],
    ids=["escape", "escape in a key", "long", "nested too deep", "many objects"],
)
def test_what_is_not_plain_beyond_doubt_takes_the_long_way(text: str) -> None:
    assert read_plain(text) is None


def test_the_spelling_of_a_number_survives_the_short_way() -> None:
    plain = read_plain("[1.10, -0.0, 1e5, 7]")
    assert plain is not None
    assert same(plain.value, [Decimal("1.10"), Decimal("-0.0"), Decimal("1E+5"), 7])
