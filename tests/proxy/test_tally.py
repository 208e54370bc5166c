from __future__ import annotations

import pytest

from sockguard.errors import Malformed, Reason, Refusal
from sockguard.proxy.tally import BOUNDS, Tally


def test_a_request_is_counted_when_it_is_decided_and_measured_when_it_has_ended() -> None:
    tally = Tally()

    first = tally.decided("ci", "system.ping", "allow")
    assert tally.decided("ci", "system.ping", "allow") is first
    first.add(0.001, 1, 10)
    first.add(1000.0, 2, 20)

    assert (first.requests, first.bytes_in, first.bytes_out) == (2, 3, 30)
    assert first.buckets == [1, *[0] * (len(BOUNDS) - 1), 1]


def test_a_refusal_is_counted_with_its_reason() -> None:
    tally = Tally()
    tally.refused("", "", Malformed("no HTTP"))

    assert tally.cells["", "", "deny"].requests == 1
    assert tally.refusals == {("", "malformed"): 1}
    assert tally.upstream_errors == {}


@pytest.mark.parametrize(
    ("status", "ended", "error"),
    [
        (200, "complete", None),
        (502, "complete", None),
        (200, "client_gone", None),
        (413, "refused", None),
        (503, "refused", None),
        (200, "engine_gone", "gone"),
        (502, "engine_gone", "gone"),
        (504, "timeout", "silent"),
        (502, "refused", "garbage"),
    ],
)
def test_an_end_tells_whether_the_engine_was_at_fault(
    status: int, ended: str, error: str | None
) -> None:
    tally = Tally()
    tally.ended(status, ended)

    assert tally.upstream_errors == ({} if error is None else {error: 1})
    assert tally.completed == (ended == "complete")


@pytest.mark.parametrize(("status", "error"), [(502, "gone"), (504, "silent")])
def test_an_engine_that_cannot_be_asked_before_the_verdict_counts(status: int, error: str) -> None:
    tally = Tally()
    tally.refused("ci", "system.ping", Refusal(Reason.UPSTREAM, "away", status=status))

    assert tally.upstream_errors == {error: 1}
