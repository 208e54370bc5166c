from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sockguard.audit.event import (
    ASKED_FIELDS,
    CALLER_FIELDS,
    DOCUMENTS,
    FIELDS,
    TEXT_BYTES,
    Kind,
    asked_of,
    cut,
    decision_form,
    encode,
    ended_as,
    form_line,
    format_time,
    outcome_form,
    who_of,
)
from tests.support.audit_events import HOSTILE_TEXTS, events, numbers, texts

ID = "01M83P9GQHD7QYHQ28WZPB6YX0"
WORDS = ("operation", "method", "path", "api_version", "target")
VERDICT = ("reason", "detail", "grant", "text", "hint")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "1970-01-01T00:00:00.000000Z"),
        (0.5, "1970-01-01T00:00:00.500000Z"),
        (1_700_000_000.000001, "2023-11-14T22:13:20.000001Z"),
        (1_700_000_000.9999999, "2023-11-14T22:13:21.000000Z"),
    ],
)
def test_time_is_rfc_3339_in_utc_with_microseconds(seconds: float, text: str) -> None:
    assert format_time(seconds) == text


@given(st.integers(0, 4_000_000_000 * 10**6))
def test_time_agrees_with_the_standard_library(micros: int) -> None:
    expected = datetime.fromtimestamp(micros // 10**6, UTC).replace(microsecond=micros % 10**6)
    told = datetime.fromisoformat(format_time(micros / 10**6))
    assert abs((told - expected).total_seconds()) <= 1e-6


def test_fields_are_written_in_order_whatever_order_they_are_given_in() -> None:
    event = dict.fromkeys(reversed(FIELDS), "x") | {"seq": 7, "body": "{}"}
    assert tuple(json.loads(encode(event))) == FIELDS


def test_what_has_no_value_is_left_out_and_zero_is_a_value() -> None:
    event = {"target": "", "status": None, "read_only": False, "bytes_in": 0, "ms": 0.0}
    assert encode(event) == b'{"v":1,"read_only":false,"bytes_in":0,"ms":0.000}\n'


@given(events)
def test_a_line_is_one_line_of_printable_ascii_that_says_what_was_meant(
    event: dict[str, str],
) -> None:
    line = encode(event)
    assert line.endswith(b"}\n")
    assert all(0x20 <= byte < 0x7F for byte in line[:-1])
    told = json.loads(line)
    assert told == {"v": 1} | {name: cut(text) for name, text in event.items() if text}


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
@pytest.mark.parametrize("name", ["path", "target", "user_agent", "detail"])
def test_no_text_forges_a_line(name: str, text: str) -> None:
    line = encode({"decision": "deny", name: text})
    assert line.count(b"\n") == 1
    assert json.loads(line)["decision"] == "deny"
    assert list(json.loads(line)) == [field for field in FIELDS if field in ("v", "decision", name)]


@pytest.mark.parametrize(
    "event",
    [
        {"password": "x"},
        {"text": b"bytes"},
        {"text": ["x"]},
        {"detail": {"a": 1}},
        {"ms": float("nan")},
        {"ms": float("inf")},
        {"caller": object()},
    ],
)
def test_what_is_no_field_or_no_plain_value_is_an_error(event: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="audit field"):
        encode(event)


@given(st.text(st.characters(), max_size=3000) | st.sampled_from(HOSTILE_TEXTS))
@example("a" * TEXT_BYTES)
@example("a" * (TEXT_BYTES + 1))
@example("😀" * (TEXT_BYTES // 4))
@example("a" + "😀" * (TEXT_BYTES // 4))
@example("\ud800" * 700)
def test_a_long_text_is_cut_between_characters_and_marked(text: str) -> None:
    short = cut(text)
    size = len(text.encode("utf-8", "surrogatepass"))
    assert len(short.encode("utf-8", "surrogatepass")) <= TEXT_BYTES
    if size <= TEXT_BYTES:
        assert short == text
    else:
        assert short[-1] == "…"
        assert text.startswith(short[:-1])
        assert len(short.encode("utf-8", "surrogatepass")) > TEXT_BYTES - 4


callers = st.dictionaries(st.sampled_from(CALLER_FIELDS), texts, max_size=6)
asked = st.dictionaries(
    st.sampled_from([name for name in ASKED_FIELDS if name not in DOCUMENTS]), texts, max_size=10
) | st.just({"path": "/x", "body": '{"Image":"100%"}'})


@given(callers, asked, st.floats(1, 4e9))
def test_the_parts_of_a_decision_make_the_line_that_encode_makes(
    caller: dict[str, str], fields: dict[str, str], seconds: float
) -> None:
    form = decision_form(who_of(caller), asked_of(fields))
    line = form_line(7, format_time(seconds), ID, form, "", "00ff")

    event = {
        "seq": 7,
        "time": format_time(seconds),
        "id": ID,
        "kind": Kind.DECISION,
        "prev": "00ff",
    }
    assert line == encode({**caller, **fields, **event})


@given(callers, numbers, numbers, st.floats(0, 1e9), st.sampled_from(["", "Config.Env", "a b[]"]))
def test_the_parts_of_an_outcome_make_the_line_that_encode_makes(
    caller: dict[str, str], bytes_in: int, bytes_out: int, ms: float, masked: str
) -> None:
    outcome = {
        "operation": "containers.list",
        "status": 200,
        "bytes_in": bytes_in,
        "bytes_out": bytes_out,
        "ms": ms / 1000 * 1000,
        "masked": masked,
        "ended": "complete",
        "policy": "ab" * 32,
    }
    form = outcome_form(who_of(caller), operation="containers.list", policy="ab" * 32)
    told = ended_as(200, bytes_in, bytes_out, ms / 1000, "complete", masked)
    line = form_line(7, format_time(1.5), ID, form, told, "00ff")

    event = {"seq": 7, "time": format_time(1.5), "id": ID, "kind": Kind.OUTCOME, "prev": "00ff"}
    assert line == encode({**caller, **outcome, **event})


def test_a_document_is_written_as_it_is() -> None:
    assert encode({"body": '{"Image":"nginx"}'}) == b'{"v":1,"body":{"Image":"nginx"}}\n'


@pytest.mark.parametrize("text", ["{\n}", '{"a":"\u00e9"}', "{}\x1b[0m", '"\u2028"'])
def test_no_document_ends_a_line_or_reaches_a_terminal(text: str) -> None:
    with pytest.raises(ValueError, match="one short line of ASCII"):
        encode({"body": text})


def test_each_part_takes_only_what_belongs_to_it() -> None:
    with pytest.raises(ValueError, match="path"):
        who_of({"client": "ci", "path": "/x"})
    with pytest.raises(ValueError, match="client"):
        asked_of({"client": "ci", "path": "/x"})
