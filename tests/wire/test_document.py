from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sockguard.errors import Malformed
from sockguard.wire.document import MAX_DEPTH, decode, decode_steps, encode, encode_steps
from tests.corpus.json_tricks import ACCEPTED, REFUSED

if TYPE_CHECKING:
    from collections.abc import Generator

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
decimals = st.decimals(allow_nan=False, allow_infinity=False, places=3, max_value=10**20)
scalars = st.none() | st.booleans() | st.integers(-(10**39), 10**39) | decimals | texts
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=25,
)


def pauses_of(steps: Generator[None, None, Any]) -> int:
    return sum(1 for _ in steps)


@pytest.mark.parametrize("name", REFUSED)
def test_a_document_without_a_single_meaning_is_refused(name: str) -> None:
    with pytest.raises(Malformed, match=r"^the JSON document is wrong at byte \d+: ") as refusal:
        decode(REFUSED[name])
    assert refusal.value.status == 400


@pytest.mark.parametrize("name", ACCEPTED)
def test_a_document_with_one_meaning_is_read(name: str) -> None:
    data, value = ACCEPTED[name]
    decoded = decode(data)
    assert decoded == value
    assert type(decoded) is type(value)
    assert decode(encode(decoded)) == value


@pytest.mark.parametrize("name", ACCEPTED)
def test_the_standard_library_reads_the_same(name: str) -> None:
    data, value = ACCEPTED[name]
    assert json.loads(data, parse_float=Decimal) == value


@given(values)
@settings(max_examples=150)
def test_what_is_written_is_read_back(value: Any) -> None:
    assert decode(encode(value)) == value


@given(values, st.booleans(), st.sampled_from([None, 1]))
@settings(max_examples=100)
def test_we_read_what_others_write(value: Any, ascii_only: bool, indent: int | None) -> None:
    plain = json.loads(json.dumps(value, default=str))
    written = json.dumps(plain, ensure_ascii=ascii_only, indent=indent).encode()
    assert decode(written) == plain


@given(values)
@settings(max_examples=100)
def test_others_read_what_we_write(value: Any) -> None:
    assert json.loads(encode(value), parse_float=Decimal) == value


fragments = st.sampled_from([
    b"{", b"}", b"[", b"]", b",", b":", b'"', b'"a"', b'"b":', b'"a":', b"1", b"-0.5e+3", b"0",
    b"true", b"null", b" ", b"\n", b"\\u0061", b"\\ud83d", b"\\ude00", b"\\n", b"\xc3\xa9", b"\xff",
    b"x", b"{}", b"[]", b"NaN",
])  # fmt: skip


@given(st.lists(fragments, max_size=14).map(b"".join))
@settings(max_examples=400)
def test_whatever_we_accept_the_standard_library_reads_alike(data: bytes) -> None:
    try:
        value = decode(data)
    except Malformed:
        return
    assert json.loads(data.decode(), parse_float=Decimal) == value
    assert decode(encode(value)) == value


def test_keys_keep_their_order_and_text_becomes_ascii() -> None:
    value = decode('{"b": [1, "\u00e9"], "a": {"x": null}}'.encode())
    assert encode(value) == b'{"b":[1,"\\u00e9"],"a":{"x":null}}'


@pytest.mark.parametrize("number", ["1.10", "0.001", "-0.0", "1E+5", "100000000000000000000.5"])
def test_the_spelling_of_a_number_survives(number: str) -> None:
    assert encode(decode(number.encode())) == number.encode()


def test_a_number_with_an_exponent_never_turns_into_an_integer() -> None:
    written = encode(decode(b"[1e0]"))
    assert written == b"[1E+0]"
    assert type(json.loads(written)[0]) is float


def test_as_deep_as_allowed_is_read() -> None:
    data = b"[" * MAX_DEPTH + b"]" * MAX_DEPTH
    assert encode(decode(data)) == data


def test_the_offset_counts_bytes() -> None:
    with pytest.raises(Malformed, match="at byte 7: a comma"):
        decode('["\u00e9\u00e9" 1]'.encode())


def test_the_complaint_names_the_key_that_appears_twice() -> None:
    with pytest.raises(Malformed, match="'HostConfig' appears a second time"):
        decode(b'{"HostConfig":{},"HostConfig":{}}')


@pytest.mark.parametrize(
    "value",
    [float("nan"), 1.5, Decimal("NaN"), Decimal("Infinity"), "\ud800", {"\udc00": 1}, b"x", [{1}]],
)
def test_what_json_cannot_say_is_not_written(value: Any) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the kind of error is the contract
        encode(value)


def test_a_long_document_is_read_and_written_in_many_steps() -> None:
    value: Any = [{"Id": str(n), "Labels": {"a": "b"}} for n in range(5000)]
    data = json.dumps(value).encode()
    assert pauses_of(decode_steps(data)) > 20
    assert pauses_of(encode_steps(value)) > 20
    assert decode(data) == value
    assert json.loads(encode(value)) == value


def test_a_long_text_of_escapes_is_read_in_many_steps() -> None:
    data = b'"' + b"\\n" * 20_000 + b"\\ud83d\\ude00" * 1000 + b'"'
    assert pauses_of(decode_steps(data)) > 10
    assert decode(data) == "\n" * 20_000 + "\U0001f600" * 1000


def test_many_short_texts_of_escapes_are_read_in_many_steps() -> None:
    data = json.dumps(["\n" * 400] * 100).encode()
    assert pauses_of(decode_steps(data)) >= 50


def test_a_short_document_is_read_in_one_step() -> None:
    assert pauses_of(decode_steps(b'{"Image":"a\\n"}')) == 0
