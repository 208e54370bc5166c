"""A chart of the traffic in SVG: processor time for each request, server by server.

Must never need more than the figures: no library, no fonts, no script.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from bench.contenders import KEPT, REFERENCE
from bench.measure import ratio

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bench.measure import Outcome

_COLOURS = {
    "sockguard": "#0b6e4f",
    REFERENCE: "#8d99ae",
    KEPT: "#b8c1d1",
    "nginx, pass-through": "#e0b15a",
    "bare upstream": "#d5d5d5",
}
_WIDTH = 760
_LEFT = 230
_PER_RATIO = 70
"""Pixels for the processor time that the reference takes."""
_BAR = 13
_GAP = 10
_TOP = 62


def chart(outcomes: Mapping[str, Mapping[int, Outcome]]) -> str:
    """Draw a group of bars for each scenario and number of connections."""
    groups = [
        (f"{title}, {connections} at once", outcome)
        for title, by_connections in outcomes.items()
        for connections, outcome in by_connections.items()
    ]
    heights = [len(outcome) * _BAR + _GAP for _, outcome in groups]
    height = _TOP + sum(heights)
    body: list[str] = []
    top = _TOP
    for (title, outcome), taken in zip(groups, heights, strict=True):
        body += _group(title, outcome, top)
        top += taken
    view = f'viewBox="0 0 {_WIDTH} {height}" font-family="sans-serif" font-size="11"'
    title = f"Processor time for a request; 1 is what it takes with {REFERENCE}"
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {view}>',
        f'<rect width="{_WIDTH}" height="{height}" fill="#fff"/>',
        f'<text x="10" y="18" font-size="13">{title}</text>',
    ]
    return "\n".join([*head, *_legend(), *body, "</svg>", ""])


def _legend() -> Iterator[str]:
    left = 10
    for name, colour in _COLOURS.items():
        yield f'<rect x="{left}" y="32" width="10" height="10" fill="{colour}"/>'
        yield f'<text x="{left + 14}" y="41">{escape(name)}</text>'
        left += 32 + 6 * len(name)


def _group(title: str, outcome: Outcome, top: int) -> Iterator[str]:
    middle = top + len(outcome) * _BAR / 2 + 4
    yield f'<text x="{_LEFT - 8}" y="{middle:g}" text-anchor="end">{escape(title)}</text>'
    for place, (name, each) in enumerate(outcome.items()):
        times = ratio(each.cpus, outcome[REFERENCE].cpus)
        long, above = min(times * _PER_RATIO, _WIDTH - _LEFT - 40), top + place * _BAR
        yield (
            f'<rect x="{_LEFT}" y="{above}" width="{long:.1f}" height="{_BAR - 2}"'
            f' fill="{_COLOURS[name]}"/>'
        )
        yield f'<text x="{_LEFT + long + 4:.1f}" y="{above + _BAR - 3}">{times:.2f}</text>'
