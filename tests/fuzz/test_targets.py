"""The short form of `make fuzz`: the corpus, and near misses of it, without looking at coverage."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.seeds import CORPUS, corpus, seeds
from tests.fuzz.targets import TARGETS

damages = st.lists(
    st.tuples(st.integers(0, 400), st.integers(0, 4), st.binary(max_size=4)), max_size=4
)
EXAMPLES = 150


def inputs(target: str) -> list[bytes]:
    return [path.read_bytes() for path in sorted((CORPUS / target).iterdir())]


def test_the_corpus_is_what_the_tables_say() -> None:
    assert corpus() == dict(seeds()), "run: python -m tests.fuzz.seeds"
    assert {path.name for path in Path(CORPUS).iterdir()} == TARGETS.keys()


@pytest.mark.parametrize("name", TARGETS)
def test_the_corpus_breaks_no_promise(name: str) -> None:
    for data in inputs(name):
        TARGETS[name](data)


@pytest.mark.parametrize("name", TARGETS)
def test_a_damaged_corpus_breaks_no_promise(name: str) -> None:
    @given(st.sampled_from(inputs(name)), damages)
    @settings(max_examples=EXAMPLES, deadline=None)
    def holds(seed: bytes, damages: list[tuple[int, int, bytes]]) -> None:
        data = bytearray(seed)
        for place, removed, added in damages:
            start = place % (len(data) + 1)
            data[start : start + removed] = added
        TARGETS[name](bytes(data))

    holds()
