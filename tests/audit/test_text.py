from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sockguard.audit.text import line_of, may_colour, page_of, printable
from tests.support.audit_events import HOSTILE_TEXTS, TEXT_FIELDS, events, texts

REFUSED = {
    "v": 1,
    "seq": 9,
    "time": "2026-01-02T03:04:05.000006Z",
    "id": "01M83P9GQHD7QYHQ28WZPB6YX0",
    "kind": "decision",
    "client": "ci",
    "operation": "containers.create",
    "target": "web",
    "read_only": False,
    "decision": "deny",
    "reason": "body",
    "detail": "HostConfig.Privileged",
    "grant": "policy.yaml:7",
    "text": "containers.create is not allowed for client 'ci'",
    "hint": "- containers.create: {body: any}",
}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain and ünïcode 😀", "plain and ünïcode 😀"),
        ("a\nb\tc\r", "a\\x0ab\\x09c\\x0d"),
        ("\x1b[31m", "\\x1b[31m"),
        ("\x9b31m\x7f\x00", "\\x9b31m\\x7f\\x00"),
        ("\u202eabc\u2066", "\\u202eabc\\u2066"),
        ("\u2028\u2029\u200b\ufeff", "\\u2028\\u2029\\u200b\\ufeff"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
        ("\\x1b", "\\\\x1b"),
        ("", ""),
    ],
)
def test_what_a_terminal_would_act_on_is_spelled_out(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(texts, texts)
def test_shown_texts_are_printable_encodable_and_differ_when_the_texts_do(
    one: str, other: str
) -> None:
    assert printable(one).isprintable()
    printable(one).encode("utf-8")
    assert (printable(one) == printable(other)) == (one == other)


def test_a_refusal_reads_as_one_line() -> None:
    assert line_of(REFUSED) == (
        "2026-01-02T03:04:05.000006Z ci deny containers.create target=web reason=body "
        "detail=HostConfig.Privileged  containers.create is not allowed for client 'ci'"
        "  01M83P9GQHD7QYHQ28WZPB6YX0"
    )


def test_an_outcome_reads_as_how_it_ended() -> None:
    event = {"time": "T", "client": "ci", "kind": "outcome", "operation": "system.ping"}
    numbers = {"status": 200, "bytes_in": 0, "bytes_out": 2, "ms": 1.25, "ended": "complete"}
    assert line_of({**event, **numbers}) == (
        "T ci complete system.ping status=200 ms=1.25 bytes_in=0 bytes_out=2"
    )


def test_a_connection_that_was_refused_says_where_it_came_from() -> None:
    event = {
        "time": "2026-01-02T03:04:05.000006Z",
        "id": "01M83P9GQHD7QYHQ28WZPB6YX0",
        "kind": "connection_refused",
        "caller": "address=192.0.2.7",
        "reason": "tls",
        "text": "certificate revoked",
    }
    assert line_of(event) == (
        '2026-01-02T03:04:05.000006Z - connection_refused - reason=tls caller="address=192.0.2.7"'
        "  certificate revoked  01M83P9GQHD7QYHQ28WZPB6YX0"
    )


def test_other_events_name_their_kind() -> None:
    event = {"time": "T", "kind": "gap", "text": "two went", "count": 2}
    assert line_of(event) == "T - gap - count=2  two went"


@given(events, st.booleans())
def test_an_event_is_one_printable_line_whatever_it_holds(
    event: dict[str, str], colour: bool
) -> None:
    line = line_of(event, colour=colour)
    for escape in ("\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[35m", "\x1b[0m"):
        line = line.replace(escape, "", 1) if colour else line
    assert line.isprintable()


@pytest.mark.parametrize(
    "text", [*HOSTILE_TEXTS, "a b", 'x" deny y', "reason=body", "\x1b[32mallow"]
)
@pytest.mark.parametrize("name", ["target", "detail", "reason", "client", "operation"])
def test_a_value_cannot_look_like_another_column(name: str, text: str) -> None:
    plain = line_of({**REFUSED, name: "x", "text": ""})
    forged = line_of({**REFUSED, name: text, "text": ""})
    assert len(unquoted(forged).split(" ")) == len(plain.split(" "))


def unquoted(line: str) -> str:
    """The line with every quoted word replaced, as a reader of quotes would see it."""
    kept, quoted, skip = [], False, False
    for character in line:
        if skip:
            skip = False
        elif character == "\\":
            skip = True
        elif character == '"':
            quoted = not quoted
        elif not quoted:
            kept.append(character)
    assert not quoted
    return "".join(kept)


@pytest.mark.parametrize(
    ("event", "number"),
    [
        (REFUSED, "31"),
        ({**REFUSED, "decision": "allow"}, "32"),
        ({**REFUSED, "decision": "would_deny"}, "33"),
        ({"kind": "gap"}, "35"),
        ({"kind": "unreadable"}, "35"),
    ],
)
def test_colour_marks_what_happened_and_only_when_asked_for(
    event: dict[str, object], number: str
) -> None:
    assert line_of(event, colour=True).count(f"\x1b[{number}m") == 1
    assert "\x1b" not in line_of(event)


@pytest.mark.parametrize(
    ("environ", "terminal", "may"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
    ],
)
def test_colour_needs_a_terminal_and_nobody_who_minds(
    environ: dict[str, str], terminal: bool, may: bool
) -> None:
    assert may_colour(environ, terminal=terminal) is may


def test_a_page_holds_the_sentence_the_hint_and_every_field() -> None:
    page = page_of([REFUSED, {"kind": "outcome", "status": 403}])
    assert page.startswith(
        "deny  containers.create is not allowed for client 'ci'\n"
        "  to allow it: - containers.create: {body: any}\n"
    )
    for name in REFUSED.keys() - {"text", "hint", "read_only"}:
        assert f"\n  {name:12} {REFUSED[name]}\n" in page
    assert page.endswith("\n\noutcome\n  kind         outcome\n  status       403")


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_a_page_has_a_line_for_each_field_whatever_it_holds(text: str) -> None:
    page = page_of([dict.fromkeys([*TEXT_FIELDS, "fore\nign"], text)])
    lines = page.split("\n")
    assert len(lines) == len(TEXT_FIELDS) + 1
    assert all(line.isprintable() for line in lines)


def test_what_is_no_text_is_shown_as_the_log_has_it() -> None:
    page = page_of([{**REFUSED, "status": None, "read_only": True, "ms": 1.5}])
    assert "  read_only    true\n" in page
    assert "  ms           1.5" in page
    assert "  read_only    false\n" in page_of([REFUSED])
    assert "status       null" in page


def test_a_page_shows_what_was_asked_in_query_and_body() -> None:
    body = {"Image": "nginx", "Labels": {"a": "\x1b[31m\n\u202e"}, "Tty": True, "Init": None}
    body |= {"Env": [], "HostConfig": {"Links": None, "Dns": [""]}, "MacAddress": "", "Size": 0}
    lines = page_of([{**REFUSED, "query": "name=shop&x=\x1b", "body": body}]).splitlines()
    assert "  query        name=shop&x=\\x1b" in lines
    shown = r'"Labels": {"a": "\\u001b[31m\\n\\u202e"}'
    rest = '"HostConfig": {"Dns": [""]}, "Size": 0'
    assert f'  body         {{"Image": "nginx", {shown}, "Tty": true, {rest}}}' in lines
