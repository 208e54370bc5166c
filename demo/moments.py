"""Points in time as the Engine writes and reads them.

Must never be asked for what lies ahead: a duration always means so long ago.
"""

from __future__ import annotations

import re
import time
from datetime import datetime

from demo.call import EngineError

NEVER = "0001-01-01T00:00:00Z"
DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:ns|us|ms|h|m|s))+")
PART = re.compile(r"(\d+(?:\.\d+)?)(ns|us|ms|h|m|s)")
SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}


def moment(seconds: float) -> str:
    """RFC 3339 in UTC with nanoseconds; Go's zero time for 0."""
    if not seconds:
        return NEVER
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    return f"{whole}.{int(seconds % 1 * 1e9):09d}Z"


def read_moment(text: str) -> float | None:
    """Seconds since the epoch from `1700000000.5`, RFC 3339 or `1h30m` ago; None for nothing."""
    if not text:
        return None
    if DURATION.fullmatch(text):
        past = sum(float(number) * SECONDS[unit] for number, unit in PART.findall(text))
        return time.time() - past
    try:
        return float(text)
    except ValueError:
        return _from_rfc_3339(text)


def _from_rfc_3339(text: str) -> float:
    # Python reads microseconds at most, the Engine writes nanoseconds.
    short = re.sub(r"(\.\d{6})\d+", r"\1", text)
    try:
        return datetime.fromisoformat(short).timestamp()
    except ValueError as error:
        raise EngineError(400, f"failed to parse value as time or duration: {text!r}") from error
