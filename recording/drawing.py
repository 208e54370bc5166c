"""The session as a moving picture that needs no player: SVG with animations in CSS.

Must never load anything from elsewhere: pages show it as an image.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from recording.cast import HEIGHT, TYPING, WIDTH

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from recording.cast import Scene

COLUMN, LINE, MARGIN = 8.4, 19, 16
PLAIN, COMMAND, REFUSED, GROUND = "#d8dee9", "#88c0d0", "#ebcb8b", "#20242c"
REFUSALS = ("docker: Error", "deny ")
LAST = 3.0
"""Seconds for which the last scene stays."""


def svg(shown: Sequence[Scene]) -> str:
    """Draw all scenes above each other, each visible in its time, again and again."""
    width, height = round(WIDTH * COLUMN + 2 * MARGIN), HEIGHT * LINE + 2 * MARGIN
    whole = shown[-1].ends + LAST
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" xml:space="preserve">',
        "<title>docker run --privileged is refused, and the log and the policy say why</title>",
        "<style>",
        "text { font: 14px ui-monospace, Menlo, Consolas, monospace; white-space: pre }",
        *_rules(shown, whole),
        "</style>",
        f'<rect width="100%" height="100%" rx="8" fill="{GROUND}"/>',
    ]
    for number, scene in enumerate(shown):
        lines += _drawn(number, scene)
    return "\n".join([*lines, "</svg>", ""])


def _rules(shown: Sequence[Scene], whole: float) -> Iterator[str]:
    for number, scene in enumerate(shown):
        ends = whole if scene is shown[-1] else scene.ends
        typed = scene.begins + sum(map(len, scene.typed)) * TYPING
        for name, begins in ((f"s{number}", scene.begins), (f"a{number}", scene.answers)):
            yield f".{name} {{ opacity: 0; animation: {name} {whole:.2f}s step-end infinite }}"
            yield f"@keyframes {name} {{ {_stops(begins, ends, whole)} }}"
        yield f".c{number} {{ animation: c{number} {whole:.2f}s linear infinite }}"
        yield (
            f"@keyframes c{number} {{ 0%, {scene.begins / whole:.3%} {{ transform: scaleX(0) }} "
            f"{typed / whole:.3%}, 100% {{ transform: scaleX(1) }} }}"
        )


def _stops(begins: float, ends: float, whole: float) -> str:
    hidden = "0% { opacity: 0 } " if begins else ""
    after = "" if ends >= whole else f" {ends / whole:.3%} {{ opacity: 0 }}"
    return f"{hidden}{begins / whole:.3%} {{ opacity: 1 }}{after}"


def _drawn(number: int, scene: Scene) -> Iterator[str]:
    longest = max(map(len, scene.typed)) * COLUMN
    clip = f'<rect class="c{number}" x="0" y="0" width="{longest + MARGIN:g}" height="999"/>'
    yield f'<g class="s{number}"><clipPath id="p{number}">{clip}</clipPath>'
    yield f'<g clip-path="url(#p{number})">'
    yield from _lines(scene.typed, 0, COMMAND)
    yield f'</g><g class="a{number}">'
    yield from _lines(scene.answer, len(scene.typed), PLAIN)
    yield "</g></g>"


def _lines(texts: Sequence[str], first: int, colour: str) -> Iterator[str]:
    shade, goes_on = colour, False
    for at, text in enumerate(texts, start=first):
        if not goes_on:
            shade = REFUSED if text.startswith(REFUSALS) else colour
        goes_on = len(text) == WIDTH
        if text:
            place = f'x="{MARGIN}" y="{MARGIN + (at + 1) * LINE - 5}" fill="{shade}"'
            length = f'textLength="{len(text) * COLUMN:.1f}" lengthAdjust="spacingAndGlyphs"'
            yield f"<text {place} {length}>{escape(text, quote=False)}</text>"
