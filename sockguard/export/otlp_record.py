"""Lines of the log as log records of OpenTelemetry, before any of its packages is needed.

Must never hold a text that cannot be written as UTF-8.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sockguard.export.severity import Severity, severity_of

if TYPE_CHECKING:
    from collections.abc import Mapping

NUMBER_OF = {Severity.ERROR: 17, Severity.WARNING: 13, Severity.NOTICE: 10, Severity.INFO: 9}
"""OpenTelemetry's numbers (Logs Data Model, appendix B, for syslog)."""

_ELSEWHERE = frozenset({"v", "time", "host", "body", "sig", "prev"})
"""Fields that are no attributes: the record's own, and what only the line needs."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Record:
    """One record; times are in nanoseconds since 1970, 0 where none is known."""

    time: int
    severity: Severity
    name: str
    body: str
    attributes: Mapping[str, str | bool | int | float]


def record_of(line: bytes) -> Record:
    """Return the record of a line; its body is the line without the newline."""
    event = json.loads(line)
    return Record(
        time=_nanoseconds(str(event.get("time", ""))),
        severity=severity_of(event),
        name=f"sockguard.{event.get('kind', 'event')}",
        body=line.removesuffix(b"\n").decode("ascii"),
        attributes={
            f"sockguard.{name}": _plain(value)
            for name, value in event.items()
            if name not in _ELSEWHERE and isinstance(value, str | bool | int | float)
        },
    )


def _plain(value: str | float) -> str | float:
    """Return a value that can be sent: a lone half of a pair is spelt out."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    return value


def _nanoseconds(time: str) -> int:
    try:
        moment = datetime.fromisoformat(time)
    except ValueError:
        return 0
    return (moment.astimezone(UTC) - _EPOCH) // timedelta(microseconds=1) * 1000
