"""Wait for what happens in another thread or process."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def wait_until(true: Callable[[], object], what: str, seconds: float = 5.0) -> None:
    """Return once it holds; fail after so many seconds, naming what was waited for."""
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, f"waited {seconds:g} s for {what}"
        time.sleep(0.01)
