from __future__ import annotations

import pytest

from sockguard.history.past import HIDDEN
from sockguard.history.values import ANY, MOST_VALUES, common_beginning, constraint_for


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ([True], True),
        (["a", "a"], "a"),
        (["a", "b", "a"], ["a", "b"]),
        (["any"], {"equals": "any"}),
        ([["a"], ["b", "c"]], {"one_of": [["a"], ["b", "c"]]}),
        ([{"a": 1}], {"one_of": [{"a": 1}]}),
        ([1, True], [1, True]),
        ([frozenset({"b", "a"})], {"one_of": [["a", "b"]]}),
        (list(range(MOST_VALUES)), list(range(MOST_VALUES))),
    ],
)
def test_values_that_were_seen_become_a_list_of_them(
    values: list[object], constraint: object
) -> None:
    found, note = constraint_for(values)
    assert repr(found) == repr(constraint)
    assert not note


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ([f"A={HIDDEN}"], "hides"),
        ([{"a": [HIDDEN]}], "hides"),
        (list(range(MOST_VALUES + 1)), "different values"),
        ([], "empty"),
    ],
)
def test_where_no_list_can_be_written_any_says_why(values: list[object], word: str) -> None:
    found, note = constraint_for(values)
    assert found == ANY
    assert word in note


@pytest.mark.parametrize(
    ("names", "beginning"),
    [
        (["shop-web-1", "shop-web-2", "shop-db"], "shop-"),
        (["shop-web", "shop-db"], ""),
        (["web", "db", "cache"], ""),
        (["ab-1", "ab-2", "ab-3"], "ab-"),
        (["a-1", "a-2", "a-3"], ""),
        (["web1", "web2", "web3"], ""),
        (["x-a", "x-a", "x-a"], ""),
    ],
)
def test_names_have_a_common_beginning_up_to_a_mark_between_words(
    names: list[str], beginning: str
) -> None:
    assert common_beginning(names) == beginning
