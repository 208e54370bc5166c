from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sockguard.audit.event import format_time
from sockguard.review.fields import FIELDS, group_of
from sockguard.review.filters import Condition, Filter, FilterError, Value, Word, parse_filter

NOW = 1_780_000_000.0
EVENT = {
    "seq": 7,
    "time": format_time(NOW - 3600),
    "id": "01M83P9GQHD7QYHQ28WZPB6YAA",
    "kind": "decision",
    "client": "ci",
    "operation": "containers.create",
    "target": "Web-1",
    "read_only": False,
    "decision": "deny",
    "reason": "body",
    "detail": "HostConfig.Privileged",
    "status": 403,
    "text": "containers.create is not allowed for client 'ci'",
}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "client:ci",
        "client:ci,web",
        "client:c*",
        "client:*",
        "-client:web",
        "operation:containers.*",
        "write:yes refused:yes -open:yes",
        "status:4*",
        "detail:HostConfig.*",
        'detail:"HostConfig.Privileged"',
        "since:2h",
        "since:2h until:30m",
        "since:2026-01-01T00:00",
        "since:review",
        "web",
        '"NOT ALLOWED"',
        "-nginx",
        f"group:{group_of(EVENT)}",
        "  client:ci   decision:deny  ",
    ],
)
def test_a_filter_matches(text: str) -> None:
    assert parse_filter(text, NOW).matches(EVENT)


@pytest.mark.parametrize(
    "text",
    [
        "client:web",
        "-client:ci",
        "client:i",
        "-client:*",
        "role:*",
        'client:"c*"',
        "write:no",
        "refused:no",
        "status:5*",
        "since:30m",
        "until:2h",
        "nginx",
        "-web",
        "client:ci decision:allow",
    ],
)
def test_a_filter_does_not_match(text: str) -> None:
    assert not parse_filter(text, NOW).matches(EVENT)


def test_what_has_no_time_is_of_all_times() -> None:
    assert parse_filter("since:1h until:30m", NOW).matches({"kind": "unreadable"})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("clent:ci", "no such field: clent (did you mean client?); there are client, role,"),
        ("nginx:latest", 'words in quotes, as in "nginx:latest"'),
        (":x", "no such field: ;"),
        ("client:", "client: has an empty value"),
        ("client:a,,b", "has an empty value"),
        ("client:a,", "has an empty value"),
        ("decision:denied", "no such decision: denied (did you mean deny?); there are allow,"),
        ("operation:container.*", "no such operation: container.*"),
        ("write:maybe", "there are yes, no"),
        ("client:a client:b", "several values are written client:a,b"),
        ("since:1h since:2h", "since is given twice"),
        ("since:soon", "since:review is what is new"),
        ("until:review", "'review' is no time"),
        ("-since:1h", "until it"),
        ('"open', "a quotation mark is left open"),
        ('client:"a', "a quotation mark is left open"),
        ('""', "nothing between"),
    ],
)
def test_what_cannot_be_meant_says_what_can(text: str, said: str) -> None:
    with pytest.raises(FilterError) as caught:
        parse_filter(text, NOW)
    assert said in str(caught.value)


def test_a_client_that_is_named_by_a_flag_is_meant_letter_by_letter() -> None:
    assert not Filter().having("client", "c*").matches(EVENT)
    assert not Filter().having("client", "").matches({"kind": "start"})


texts = st.text(st.characters(codec="ascii", exclude_characters='"'), min_size=1, max_size=8)
open_fields = [name for name, field in FIELDS.items() if not field.known]
values = st.builds(Value, texts, st.just(True))
conditions = st.builds(
    Condition, st.sampled_from(open_fields), st.tuples(values) | st.tuples(values, values),
    st.just(True),
)  # fmt: skip
filters = st.builds(
    Filter,
    st.lists(conditions, max_size=3).map(tuple),
    st.lists(st.builds(Word, texts, st.booleans()), max_size=2).map(tuple),
    st.sampled_from(["", format_time(1.0)]),
    st.sampled_from(["", format_time(2.0)]),
    st.booleans(),
)


@given(filters)
def test_a_filter_that_is_written_down_reads_as_the_same(one: Filter) -> None:
    assert parse_filter(str(one), NOW) == one


@given(st.text(max_size=30))
def test_no_text_does_anything_but_parse_or_say_why_not(text: str) -> None:
    with suppress(FilterError):
        parsed = parse_filter(text, NOW)
        assert parse_filter(str(parsed), NOW) == parsed
