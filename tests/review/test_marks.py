from __future__ import annotations

from sockguard.review.marks import Reviewed, reviewed_by


def ack(seq: int, up_to: object, of: str = "") -> dict[str, object]:
    return {"kind": "acknowledged", "seq": seq, "up_to": up_to, "filter": of}


def test_without_an_acknowledgment_nothing_is_reviewed() -> None:
    assert reviewed_by([]) == Reviewed()
    assert not Reviewed().covers({"kind": "decision", "seq": 1})


def test_the_highest_number_counts_and_the_last_event_is_told() -> None:
    found = reviewed_by([ack(10, 9), ack(12, 5)])
    assert found.up_to == 9
    assert found.last == ack(12, 5)


def test_a_filter_covers_what_it_matches_and_no_more() -> None:
    found = reviewed_by([ack(10, 4), ack(20, 15, "client:ci")])
    assert found.covers({"seq": 4, "client": "web"})
    assert not found.covers({"seq": 5, "client": "web"})
    assert found.covers({"seq": 15, "client": "ci"})
    assert not found.covers({"seq": 16, "client": "ci"})


def test_a_filter_that_a_later_review_of_all_covers_is_forgotten() -> None:
    assert reviewed_by([ack(10, 5, "client:ci"), ack(20, 15)]).marks == ()


def test_an_acknowledgment_that_cannot_be_read_covers_nothing() -> None:
    broken = [ack(10, 10), ack(10, "9"), ack(10, True), ack(10, 5, "no:such")]
    assert reviewed_by(broken) == Reviewed()


def test_an_acknowledgment_needs_no_review_itself() -> None:
    assert Reviewed().covers(ack(10, 9))
