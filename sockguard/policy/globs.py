"""Globs and paths as policies write them: `*`, `**`, and folders that a path lies under.

Must never take time that grows with more than length times pattern: the text is a stranger's.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def compile_glob(pattern: str) -> Callable[[str], bool]:
    """Make a full, case-sensitive match: `*` stops at `/`, `**` does not, nothing else is special.

    Runs all positions of the pattern side by side as the bits of one number, so that no text can
    make it backtrack.
    """
    letters, loops, segment_loops = _read(pattern)
    accepted = 1 << len(letters)
    steps: dict[str, int] = {}
    for position, letter in enumerate(letters):
        steps[letter] = steps.get(letter, 0) | 1 << position

    def matches(text: str) -> bool:
        state = 1
        for letter in text:
            stay = loops if letter == "/" else loops | segment_loops
            state = (state & steps.get(letter, 0)) << 1 | state & stay
            if not state:
                return False
        return bool(state & accepted)

    return matches


def _read(pattern: str) -> tuple[list[str], int, int]:
    """Return the letters, and as bits by position where `**` and where `*` swallow others."""
    letters: list[str] = []
    loops = segment_loops = 0
    parts = pattern.split("*")
    position = 0
    while position < len(parts):
        letters.extend(parts[position])
        if position + 1 == len(parts):
            break
        if parts[position + 1] == "" and position + 2 < len(parts):
            loops |= 1 << len(letters)
            position += 2
        else:
            segment_loops |= 1 << len(letters)
            position += 1
    return letters, loops, segment_loops


def is_clean_folder(path: str) -> bool:
    """Tell whether a policy may name this folder: absolute, without `.`, `..` and `//`."""
    return path.startswith("/") and clean(path) == path and "\0" not in path


def clean(path: str) -> str:
    """Clean an absolute path as Go's path.Clean does: POSIX's special `//` is one slash."""
    return posixpath.normpath("/" + path.lstrip("/"))


def lies_under(path: str, folder: str) -> bool:
    """Tell whether a path, once cleaned, is `folder` or below it at a component border."""
    if not path.startswith("/") or "\0" in path:
        return False
    cleaned = clean(path)
    return cleaned == folder or cleaned.startswith(folder.rstrip("/") + "/")
