"""Events that came since somebody looked, each by itself.

Must never show an outcome whose request the filter does not match.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sockguard.review.find_store import Places
from sockguard.review.marks import Reviewed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sockguard.review.filters import Filter
    from sockguard.review.find_store import Event, Finder


def new_events(finder: Finder, wanted: Filter, last: int) -> Iterator[Event]:
    """Yield what stands behind this place, in the order of the log, where its request matches."""
    kept = Places()
    for row in finder.since(last).rows():
        request = finder.request(*row)
        if request is not None and wanted.matches(request) and _is_wanted(request, wanted):
            kept.add(*row)
    return finder.events(kept, after=last)


def _is_wanted(request: Event, wanted: Filter) -> bool:
    """Tell whether it is to be shown if only what nobody has reviewed is: that is all new ones."""
    return not (wanted.unreviewed and Reviewed().covers(request))
