from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sockguard.audit.event import Kind, encode
from sockguard.export.severity import OF_DECISION, OF_KIND, Severity, severity_of
from sockguard.export.syslog import Origin, frame_of, message_of
from sockguard.policy.question import Effect
from tests.support.exporting import a_line
from tests.support.syslog_receivers import read_message, split_frames, split_lines

ORIGIN = Origin(facility=16, host="here", process=42)
HOSTILE = (
    'a"]b',
    "a]\n<1>1 - evil",
    "\\",
    '\\"',
    "\x1b[2J",
    "\ud800",
    "ü]",
    "\x7f",
    "x" * 9000,
    "]",
)


def test_a_message_has_the_header_of_the_standard() -> None:
    message, cut = message_of(a_line(7), ORIGIN)

    assert not cut
    assert (
        message
        == (
            b"<134>1 2026-11-26T13:33:44.941624Z h sockguard 42 decision "
            b'[sockguard@32473 seq="7" id="01M8C0ZSKD8P0KHP0000000007" client="ci"'
            b' operation="containers.list" decision="allow"] '
        )
        + a_line(7)[:-1]
    )


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("name", ["client", "operation", "decision", "id", "kind", "host", "time"])
def test_no_text_forges_a_header_structured_data_or_a_frame(name: str, text: str) -> None:
    line = a_line(1, **{name: text})
    message, _ = message_of(line, ORIGIN)
    read = read_message(message)

    assert message.isascii()
    assert message.decode().isprintable()
    assert read.text + b"\n" == line
    assert set(read.data) == {"seq", "id", "client", "operation", "decision"}
    assert (read.facility, read.app) == (16, "sockguard")
    assert split_frames(frame_of(message, "counted") * 2) == ([message, message], b"")
    assert split_lines(frame_of(message, "lines") * 2) == ([message, message], b"")


@settings(max_examples=50)
@given(st.text(max_size=30), st.text(max_size=30))
def test_whatever_a_client_sent_comes_out_as_the_line_it_went_in(path: str, agent: str) -> None:
    line = encode(
        {"seq": 1, "kind": "decision", "client": agent, "path": path, "user_agent": agent}
    )
    assert read_message(message_of(line, ORIGIN)[0]).text + b"\n" == line


def test_what_is_missing_is_a_dash() -> None:
    message, _ = message_of(b'{"v":1}\n', Origin(4, "", 1))
    assert message.startswith(b"<36>1 - - sockguard 1 - [sockguard@32473] {")


@pytest.mark.parametrize("most", [480, 481, 500, 1000])
def test_what_is_cut_says_so_and_is_as_long_as_it_may(most: int) -> None:
    line = a_line(1, text="x" * 5000)
    message, cut = message_of(line, ORIGIN, most)

    assert (cut, len(message)) == (True, most)
    assert read_message(message).data["cut"] == str(len(line) - 1)
    assert read_message(message).text.endswith(b"...")


def test_each_kind_and_decision_has_a_severity() -> None:
    assert set(Kind) <= OF_KIND.keys()
    assert OF_DECISION.keys() == set(Effect)


@pytest.mark.parametrize(
    ("fields", "severity"),
    [
        ({"kind": "decision", "decision": "allow"}, Severity.INFO),
        ({"kind": "decision", "decision": "deny"}, Severity.WARNING),
        ({"kind": "decision", "decision": "deny", "reason": "audit_failed"}, Severity.ERROR),
        ({"kind": "gap"}, Severity.ERROR),
        ({"kind": "what comes later"}, Severity.WARNING),
    ],
)
def test_what_was_refused_or_lost_is_graver(fields: dict[str, str], severity: Severity) -> None:
    assert severity_of(fields) is severity
    assert json.dumps(fields)
