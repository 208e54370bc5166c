from __future__ import annotations

import json
import math
import struct
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sockguard.errors import Malformed
from sockguard.wire.elements import document_steps, list_steps, wrapped_steps
from tests.corpus.json_tricks import REFUSED

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

texts = st.text(max_size=8)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=12,
)
elements = st.dictionaries(texts, values, max_size=4)


def finish(steps: Generator[None, None, bytes]) -> tuple[bytes, int]:
    pauses = 0
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return bytes(end.value), pauses
        pauses += 1


def as_it_is(element: object) -> object:
    return element


def as_list(data: bytes, treat: Callable[[object], object] = as_it_is) -> bytes:
    return finish(list_steps(data, treat))[0]


def as_document(data: bytes, treat: Callable[[object], object] = as_it_is) -> bytes:
    return finish(document_steps(data, treat))[0]


def as_wrapped(data: bytes, treat: Callable[[object], object] = as_it_is) -> bytes:
    return finish(wrapped_steps(data, "Volumes", treat))[0]


@given(st.lists(elements, max_size=4), st.sampled_from([None, 1]), st.booleans())
@settings(max_examples=150)
def test_what_is_not_changed_is_read_back_the_same(
    found: list[dict[str, Any]], indent: int | None, ascii_only: bool
) -> None:
    try:
        data = json.dumps(found, indent=indent, ensure_ascii=ascii_only).encode()
    except UnicodeEncodeError:
        return
    assert json.loads(as_list(data)) == found
    wrapped = b'{"a":[1],"Volumes":' + data + b',"Warnings":null}\n'
    assert json.loads(as_wrapped(wrapped)) == {"a": [1], "Volumes": found, "Warnings": None}


@given(elements)
@settings(max_examples=100)
def test_a_document_is_read_back_the_same(found: dict[str, Any]) -> None:
    assert json.loads(as_document(b" " + json.dumps(found).encode() + b"\r\n")) == found


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_with_a_fraction_stays_the_same_float64(number: float) -> None:
    written = as_document(b'{"n":' + f"{number!r}".encode() + b"}")
    assert struct.pack("d", json.loads(written)["n"]) == struct.pack("d", number)


@pytest.mark.parametrize(
    "number", ["9223372036854775807", "18446744073709551615", "-1", "1e+22", "0.1", "1E5", "5e-324"]
)
def test_numbers_keep_their_value(number: str) -> None:
    read = json.loads(as_list(f'[{{"n": {number}}}]'.encode()))[0]["n"]
    assert read == json.loads(number)
    assert type(read) is type(json.loads(number))


def test_what_is_written_is_compact_and_ascii() -> None:
    data = '[ {"Labels" : {"a" : "\u00e9\u2028"}} ,\n {} ]'.encode()
    assert as_list(data) == b'[{"Labels":{"a":"\\u00e9\\u2028"}},{}]'


@pytest.mark.parametrize(
    ("treat", "written"),
    [
        (lambda e: e if e["n"] > 1 else None, b'[{"n":2},{"n":3}]'),
        (lambda e: e if e["n"] == 2 else None, b'[{"n":2}]'),
        (lambda e: e if e["n"] < 3 else None, b'[{"n":1},{"n":2}]'),
        (lambda _: None, b"[]"),
        (lambda e: {"m": e["n"]}, b'[{"m":1},{"m":2},{"m":3}]'),
    ],
)
def test_elements_are_left_out_or_replaced(treat: Callable[[Any], object], written: bytes) -> None:
    data = b'[{"n":1},{"n":2},{"n":3}]'
    assert as_list(data, treat) == written
    assert as_wrapped(b'{"Volumes":' + data + b"}", treat) == b'{"Volumes":' + written + b"}"


def test_of_a_document_that_is_left_out_nothing_remains() -> None:
    assert as_document(b'{"Type":"container"}', lambda _: None) == b""


@pytest.mark.parametrize("empty", [b"null", b"[]", b" [ ] ", b"null\n"])
def test_an_empty_list_may_be_null(empty: bytes) -> None:
    assert as_list(empty) == empty.replace(b" ", b"").strip()
    assert json.loads(as_wrapped(b'{"Volumes":' + empty + b',"Warnings":null}')) == {
        "Volumes": json.loads(empty),
        "Warnings": None,
    }


@pytest.mark.parametrize(
    "data",
    [
        b"", b" ", b"{}", b'{"a":1}', b"[", b"[{}", b"[{},]", b"[,{}]", b"[{}{}]", b"[{}]]",
        b"[{}] x", b"[{}]\0", b"nullx", b"null null", b"[1]", b'["a"]', b"[null]", b"[[]]",
        b"[{}:{}]", b"true", b'"a"', b"\xef\xbb\xbf[]", b'[{"a":NaN}]', b'[{"a":-Infinity}]',
        b'[{"a":1e999}]', b'[{"a":"\xff"}]', b'[{"a":1,"a":1}]', b'[{"b":{"a":1,"\\u0061":2}}]',
        b'[{"a":01}]', b"[{'a':1}]", b'[{"a":1}/**/]', b'[{"a":"\n"}]', "[{}]".encode("utf-16"),
    ],
)  # fmt: skip
def test_what_is_no_list_of_objects_is_refused(data: bytes) -> None:
    with pytest.raises(Malformed, match=r"^the answer "):
        as_list(data)
    with pytest.raises(Malformed):
        as_wrapped(b'{"Volumes":' + data + b"}")


@pytest.mark.parametrize("data", [b"", b"null", b"[]", b"[{}]", b'"a"', b"{}{}", b"{", b'{"a"}'])
def test_what_is_no_object_is_refused_where_one_is_due(data: bytes) -> None:
    with pytest.raises(Malformed):
        as_document(data)


@pytest.mark.parametrize(
    "data",
    [
        b"null", b"[]", b"{}", b'{"Warnings":[]}', b'{"Volumes":{}}', b'{"Volumes":[1]}',
        b'{"Volumes":[],"Volumes":[]}', b'{"Warnings":1,"Warnings":2,"Volumes":[]}',
        b'{"Volumes":[]', b'{"Volumes":[],}', b'{"Volumes" []}', b'{1:2,"Volumes":[]}',
        b'{"Volumes":[]}}', b'{"volumes":[{"a":1}],"Volumes":[]}', b'{"VOLUMES":[]}',
        '{"Volume\u017f":[],"Volumes":[]}'.encode(),
    ],
)  # fmt: skip
def test_what_has_no_list_in_the_named_field_is_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        as_wrapped(data)


READ_ALIKE = {
    *(name for name in REFUSED if "surrogate" in name and name != "surrogate in UTF-8"),
    "half a pair in a key",
    "too many digits",
    "too many decimals",
    "too many digits for a point to go between",
    "exponent below all once written with one digit",
    "65 arrays",
    "65 objects",
}
"""What is refused of clients, whose documents the Engine decodes; of the Engine's own answers it
passes, because it is written as it was read or as the same float64."""


@pytest.mark.parametrize("name", REFUSED)
def test_of_documents_that_readers_disagree_about_only_these_pass(name: str) -> None:
    data = b'[{"a":' + REFUSED[name] + b"}]"
    if name in READ_ALIKE:
        assert json.loads(as_list(data)) == json.loads(data)
    else:
        with pytest.raises(Malformed):
            as_list(data)


@pytest.mark.parametrize("depth", [2_000, 100_000])
def test_a_document_too_deep_to_be_read_is_refused(depth: int) -> None:
    data = b'[{"a":' + b"[" * depth + b"]" * depth + b"}]"
    with pytest.raises(Malformed, match="nested too deeply"):
        as_list(data)


def test_a_treatment_that_runs_too_deep_is_a_refusal() -> None:
    def treat(element: object) -> object:
        return treat(element)

    with pytest.raises(Malformed, match="nested too deeply"):
        as_list(b"[{}]", treat)


def test_an_integer_with_thousands_of_digits_is_refused() -> None:
    with pytest.raises(Malformed):
        as_list(b'[{"a":' + b"1" * 5000 + b"}]")


def test_a_refusal_quotes_nothing_of_the_answer() -> None:
    for data in (b'[{"s3cr3t":1,"s3cr3t":2}]', b'[{"a":"s3cr3t"x}]', b'["s3cr3t"]', b"[s3cr3t]"):
        with pytest.raises(Malformed) as refusal:
            as_list(data)
        assert "s3cr3t" not in refusal.value.message


def test_there_is_a_pause_after_each_element() -> None:
    data = json.dumps([{"Id": str(n)} for n in range(50)]).encode()
    assert finish(list_steps(data, as_it_is))[1] == 50
    wrapped = b'{"Volumes":' + data + b"}"
    assert finish(wrapped_steps(wrapped, "Volumes", as_it_is))[1] == 50


def test_a_number_that_overflows_after_the_treatment_is_refused() -> None:
    with pytest.raises(Malformed, match="float64"):
        as_list(b"[{}]", lambda _: {"a": math.inf})
