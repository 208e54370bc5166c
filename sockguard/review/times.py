"""Moments as people write them, as the text that events of then have.

Must never read a clock: the caller says what time it is.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from sockguard.audit.event import format_time

_AGO = re.compile(r"([0-9]{1,6})([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
FORMS = "write 15m, 3h or 2d, or one as in 2026-03-01T09:30"


def moment(text: str, now: float) -> str:
    """Read a time (UTC unless it says otherwise), or how long before `now` it was.

    ValueError says what is wrong with it.
    """
    ago = _AGO.fullmatch(text)
    if ago:
        return format_time(max(0.0, now - int(ago[1]) * _SECONDS[ago[2]]))
    try:
        found = datetime.fromisoformat(text)
        seconds = (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise ValueError(f"{text!r} is no time: {FORMS}") from None
    return format_time(max(0.0, seconds))
