"""What a recording shows, without what a terminal would act on.

Must never pass on an escape sequence but those that colour, move the cursor and erase, nor wait for
the end of one without bound.
"""

from __future__ import annotations

import re

from sockguard.audit.text import printable

# ECMA-48: control sequences (5.4), and control strings (5.6) with what terminals take for an end.
_CONTROL = re.compile(r"\x1b\[([0-?]*)([ -/]*)([@-~])")
_STRING = re.compile(r"\x1b[P\]X^_][^\x07\x1b]*(?:\x07|\x1b\\)")
_SHORT = re.compile(r"\x1b[ -/]*[0-OQ-WYZ\\`-~]")
_BEGUN = re.compile(r"\x1b(?:\[[0-?]*[ -/]*|[P\]X^_][^\x07\x1b]*\x1b?|[ -/]*)?")
_LONGEST = 4096
_HARMLESS = frozenset("mABCDEFGHJKPXdf@")
_PARAMETERS = re.compile(r"[0-9]{0,4}(?:[;:][0-9]{0,4}){0,15}")
_PLAIN = frozenset("\n\t")
_TYPEWRITER = frozenset("\n\t\r\b")


class Shown:
    """Takes what was shown, piece by piece, and gives what may be shown again.

    Sequences are left out, or with `colours` those are kept that colour, move the cursor and erase.
    What else is not printable is spelled out.
    """

    def __init__(self, *, colours: bool) -> None:
        self._colours = colours
        self._kept = _TYPEWRITER if colours else _PLAIN
        self._held = ""

    def feed(self, text: str) -> str:
        """Take the next piece; what may be the begin of a sequence is held back."""
        text, self._held = self._held + text, ""
        found: list[str] = []
        at = 0
        while at < len(text):
            if text[at] != "\x1b":
                end = text.find("\x1b", at)
                end = len(text) if end < 0 else end
                found.append(self._letters(text[at:end], last=end == len(text)))
                at = end
                continue
            end, kept = self._sequence(text, at)
            if end < 0:
                self._held = text[at:] + self._held
                break
            found.append(kept)
            at = end
        return "".join(found)

    def finish(self) -> str:
        """Give what was held back, spelled out."""
        held, self._held = self._held, ""
        return printable(held) if held.strip("\r") else ""

    def _sequence(self, text: str, at: int) -> tuple[int, str]:
        """Return where a sequence ends and what is shown of it; -1 while it has not come whole."""
        control = _CONTROL.match(text, at)
        if control:
            harmless = control[3] in _HARMLESS and not control[2]
            harmless = harmless and _PARAMETERS.fullmatch(control[1]) is not None
            return control.end(), control[0] if harmless and self._colours else ""
        other = _STRING.match(text, at) or _SHORT.match(text, at)
        if other and not text.startswith("\x1b[", at):
            return other.end(), ""
        begun = _BEGUN.match(text, at)
        if begun and begun.end() == len(text) and begun.end() - at < _LONGEST:
            return -1, ""
        return at + 1, printable("\x1b")

    def _letters(self, text: str, *, last: bool) -> str:
        if not self._colours:
            if last and text.endswith("\r"):  # a line feed may follow
                text, self._held = text[:-1], "\r"
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        text = text.replace("\x07", "")
        if text.isprintable() and "\\" not in text:
            return text
        return "".join(one if one in self._kept or one == "\\" else printable(one) for one in text)
