"""A recorded session over time: scenes, and the asciinema file (version 2) of them.

Must never change a text: only when it appears and where a line is too long.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from recording.session import Step

WIDTH, HEIGHT = 100, 26
PROMPT = "$ "
TYPING, ANSWERING, READING, A_LINE = 0.035, 0.4, 1.5, 0.25
"""Seconds: for a key, until the answer comes, and to read it, with more for each line."""
CLEAR = "\x1b[2J\x1b[H"


class Scene(NamedTuple):
    """One command on an empty screen; seconds since the start."""

    begins: float
    answers: float
    ends: float
    typed: tuple[str, ...]
    answer: tuple[str, ...]


def scenes(steps: Iterable[Step]) -> Iterator[Scene]:
    """Yield the steps, one after the other."""
    now = 0.0
    for command, output in steps:
        typed, answer = wrapped(PROMPT + command), wrapped(output)
        answers = now + len(command) * TYPING + ANSWERING
        ends = answers + READING + len(answer) * A_LINE
        yield Scene(now, answers, ends, typed, answer[: HEIGHT - len(typed)])
        now = ends


def wrapped(text: str) -> tuple[str, ...]:
    """Break lines as a terminal does that is WIDTH wide."""
    return tuple(
        line[at : at + WIDTH]
        for line in text.splitlines()
        for at in range(0, max(len(line), 1), WIDTH)
    )


def cast(shown: Iterable[Scene]) -> str:
    """Write the file: a header, then a line for each change of the screen."""
    header = {"version": 2, "width": WIDTH, "height": HEIGHT, "title": "sockguard"}
    lines = [json.dumps(header)]
    for scene in shown:
        lines.append(_line(scene.begins, CLEAR + PROMPT))
        keys = "\r\n".join(scene.typed).removeprefix(PROMPT)
        lines += [_line(scene.begins + at * TYPING, key) for at, key in enumerate(keys, start=1)]
        lines.append(_line(scene.answers, "\r\n" + "\r\n".join(scene.answer) + "\r\n"))
    lines.append(_line(scene.ends, PROMPT))
    return "\n".join(lines) + "\n"


def _line(seconds: float, text: str) -> str:
    return json.dumps([round(seconds, 3), "o", text])
