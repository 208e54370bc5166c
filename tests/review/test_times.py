from __future__ import annotations

import pytest

from sockguard.review.times import moment


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("90s", "1970-01-11T23:58:30.000000Z"),
        ("15m", "1970-01-11T23:45:00.000000Z"),
        ("2d", "1970-01-10T00:00:00.000000Z"),
        ("999999d", "1970-01-01T00:00:00.000000Z"),
        ("2026-03-01", "2026-03-01T00:00:00.000000Z"),
        ("2026-03-01T09:30", "2026-03-01T09:30:00.000000Z"),
        ("2026-03-01T09:30:00.5+01:00", "2026-03-01T08:30:00.500000Z"),
    ],
)
def test_a_moment_is_written_as_events_write_it(text: str, found: str) -> None:
    assert moment(text, 11 * 86400.0) == found


@pytest.mark.parametrize("text", ["", "yesterday", "2w", "-2d", "²h", "2026-13-01", "d"])
def test_what_is_no_moment_is_an_error_in_words(text: str) -> None:
    with pytest.raises(ValueError, match="is no time: write 15m, 3h or 2d"):
        moment(text, 0.0)
