"""The short forms of `make soak` and `make kills`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.soak.kills import kills
from tests.soak.run import soak

if TYPE_CHECKING:
    from pathlib import Path

SECONDS = 8.0


def test_mixed_traffic_leaves_everything_flat(short_path: Path) -> None:
    found = soak(short_path, SECONDS)

    assert found.problems() == [], found.line()
    assert found.requests > 250


def test_killed_at_any_moment_it_has_recorded_what_it_forwarded(short_path: Path) -> None:
    found = kills(short_path, rounds=4, seed=4)

    assert found.problems == [], found.line()
    assert found.writes > 20
