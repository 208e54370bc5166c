"""What is counted of each exporter, as it is shown to who watches.

Must never name what a client sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from sockguard.export.exporter import Exporter

EXPORTED: tuple[tuple[str, str, Callable[[Exporter], float]], ...] = (
    ("backlog", "Events that wait to be exported.", lambda one: one.waiting),
    ("up", "1 while the destination takes events, else 0.", lambda one: not one.fault),
    ("delivered_total", "Events that the destination took.", lambda one: one.delivered),
    ("dropped_total", "Events that are in the log only.", lambda one: one.dropped),
    ("cut_total", "Events that were cut to fit a datagram.", lambda one: one.cut),
    ("failures_total", "Times that sending failed.", lambda one: one.failures),
)
"""Name, help and number of each."""
