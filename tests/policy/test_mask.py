from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sockguard.engine.answer import Mask
from sockguard.policy.mask import HIDE, MASK, MASK_BYTES, conceal, holds_mask, holds_mask_steps

if TYPE_CHECKING:
    from collections.abc import Callable

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@pytest.mark.parametrize(
    ("mask", "text", "hidden"),
    [
        (Mask.TEXT, "/srv/data", MASK),
        (Mask.TEXT, "", ""),
        (Mask.ASSIGNMENT, "TOKEN=abc", f"TOKEN={MASK}"),
        (Mask.ASSIGNMENT, "TOKEN=a=b\nc", f"TOKEN={MASK}"),
        (Mask.ASSIGNMENT, "TOKEN=", f"TOKEN={MASK}"),
        (Mask.ASSIGNMENT, "TOKEN", MASK),
        (Mask.ASSIGNMENT, "", ""),
        (Mask.BYTES, "c2VjcmV0", MASK_BYTES),
        (Mask.BYTES, "", ""),
        (Mask.ACTION, "start", "start"),
        (Mask.ACTION, "extract-to-dir", "extract-to-dir"),
        (Mask.ACTION, "exec_die", "exec_die"),
        (Mask.ACTION, "exec_create: sh -c token", f"exec_create: {MASK}"),
        (Mask.ACTION, "exec_start: health_status: healthy", f"exec_start: {MASK}"),
        (Mask.ACTION, "exec_create:token", f"exec_create: {MASK}"),
        (Mask.ACTION, "exec_create token", f"exec_create: {MASK}"),
        (Mask.ACTION, "health_status: healthy", "health_status: healthy"),
        (Mask.ACTION, "health_status: token", f"health_status: {MASK}"),
        (Mask.ACTION, "health_status: healthy\ntoken", f"health_status: {MASK}"),
        (Mask.ACTION, "", ""),
    ],
)
def test_each_kind_of_text_keeps_only_its_name(mask: Mask, text: str, hidden: str) -> None:
    assert HIDE[mask](text) == hidden
    assert HIDE[mask](hidden) == hidden


def test_what_hides_bytes_decodes_to_the_mask() -> None:
    assert base64.b64decode(MASK_BYTES, validate=True).decode() == MASK


def same_shape(left: Any, right: Any) -> bool:
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same_shape(left[k], right[k]) for k in left)
    if isinstance(left, list):
        return len(left) == len(right) and all(map(same_shape, left, right))
    if isinstance(left, float):
        return isinstance(right, int)
    return type(left) is type(right)


@given(values, st.sampled_from(Mask))
@settings(max_examples=150)
def test_a_hidden_value_keeps_its_shape_and_keys_and_tells_nothing(value: Any, mask: Mask) -> None:
    before = json.dumps(value)
    hidden = conceal(value, HIDE[mask])
    assert same_shape(value, hidden)
    assert json.dumps(value) == before
    assert conceal(hidden, HIDE[mask]) == hidden


def test_numbers_and_booleans_become_zero_and_false() -> None:
    value = {"a": [1, 2.5, True, None, "x"], "b": {"c": -1}}
    assert conceal(value, HIDE[Mask.TEXT]) == {"a": [0, 0, False, None, MASK], "b": {"c": 0}}


ENCODERS: tuple[Callable[[bytes], bytes], ...] = (
    base64.b64encode,
    base64.urlsafe_b64encode,
    base64.encodebytes,  # a line end after each 76 characters
)


@given(st.binary(max_size=80), st.binary(max_size=80), st.sampled_from(ENCODERS), st.booleans())
@settings(max_examples=300)
def test_a_mask_in_base64_is_found(
    before: bytes, after: bytes, encoder: Callable[[bytes], bytes], padded: bool
) -> None:
    text = encoder(before + MASK.encode() + after).decode()
    assert holds_mask(text if padded else text.rstrip("=\n"))
    assert holds_mask({"Data": text.replace("\n", "\r\n")})
    assert holds_mask(f"Basic {text}")


@pytest.mark.parametrize(
    "value",
    [
        MASK,
        f"NAME={MASK}",
        f"{MASK}:/data",
        MASK_BYTES,
        {"Env": [f"A={MASK}"]},
        {MASK: 1},
        {"Labels": {f"x{MASK}y": "a"}},
        [[[[{"a": {"b": MASK}}]]]],
        (("name", MASK),),
        " ".join(MASK_BYTES),
    ],
)
def test_a_mask_is_found_wherever_it_stands(value: object) -> None:
    assert holds_mask(value)


@given(values)
@settings(max_examples=150)
def test_what_holds_no_mask_is_not_taken_for_one(value: Any) -> None:
    assert not holds_mask(value)


@pytest.mark.parametrize(
    "value",
    ["sockguard", "sockguard: masked", "sockguard:maske", "Sockguard:Masked", MASK_BYTES[:20], 5],
)
def test_a_part_of_the_mask_is_no_mask(value: object) -> None:
    assert not holds_mask(value)


def test_a_long_value_is_searched_in_many_steps() -> None:
    many = sum(1 for _ in holds_mask_steps([str(number) for number in range(100_000)]))
    long = sum(1 for _ in holds_mask_steps(["x" * 100_000] * 20))
    assert many > 10
    assert long > 3
    assert sum(1 for _ in holds_mask_steps({"Image": "alpine", "Env": ["A=b"] * 40})) == 0
