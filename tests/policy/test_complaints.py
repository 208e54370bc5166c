from __future__ import annotations

import pytest

from sockguard.policy.complaints import Complaint, PolicyError, did_you_mean


@pytest.mark.parametrize(
    ("word", "known", "hint"),
    [
        ("alow", ["allow", "roles"], " (did you mean allow?)"),
        ("containers/list", ["containers.list"], " (did you mean containers.list?)"),
        ("zzz", ["allow"], ""),
        ("zzz", [], ""),
    ],
)
def test_the_nearest_known_word_is_offered(word: str, known: list[str], hint: str) -> None:
    assert did_you_mean(word, known) == hint


def test_an_error_tells_each_complaint_once_and_in_order_of_lines() -> None:
    late, early = Complaint("a.yaml", 9, "late"), Complaint("a.yaml", 2, "early")
    whole = Complaint("a.yaml", 0, "is too large")
    error = PolicyError([late, early, late, whole])
    assert str(error) == "a.yaml: is too large\na.yaml:2: early\na.yaml:9: late"
    assert error.complaints == (whole, early, late)
