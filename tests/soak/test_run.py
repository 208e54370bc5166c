"""The short form of `make soak`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.soak.run import soak

if TYPE_CHECKING:
    from pathlib import Path

SECONDS = 15.0


def test_mixed_traffic_leaves_everything_flat(short_path: Path) -> None:
    found = soak(short_path, SECONDS)

    assert found.problems() == [], found.line()
    assert found.requests > 500
