"""A recorded session as lines of an asciicast, the format of asciinema, in its version 2.

Must never write a byte that a terminal would act on: each line is printable ASCII, whatever was
typed or shown.
"""

from __future__ import annotations

import codecs
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# https://docs.asciinema.org/manual/asciicast/v2/
VERSION = 2
TYPED, SHOWN, RESIZED = "i", "o", "r"
WIDTH, HEIGHT = 80, 24
"""The size of a terminal of which nobody told it."""

_LONGEST = 10**9  # seconds

_Decoder = codecs.getincrementaldecoder("utf-8")


class Asciicast:
    """Writes what happens in one session as lines.

    Characters that are cut between two pieces are put together, each direction and stream for
    itself; what is no UTF-8 becomes the character for that.
    """

    __slots__ = ("_decoders",)

    def __init__(self) -> None:
        self._decoders: dict[tuple[str, int], codecs.IncrementalDecoder] = {}

    def add(self, seconds: float, code: str, stream: int, data: bytes) -> bytes:
        """Write bytes that were typed or shown so many seconds after the begin; b"" for none."""
        decoder = self._decoders.get((code, stream))
        if decoder is None:
            decoder = self._decoders[code, stream] = _Decoder("replace")
        return _line(seconds, code, decoder.decode(data))

    def finish(self, seconds: float) -> bytes:
        """Write what was held of characters that never became whole."""
        rest = [
            _line(seconds, code, one.decode(b"", final=True))
            for (code, _), one in self._decoders.items()
        ]
        return b"".join(rest)


def resized(seconds: float, width: int, height: int) -> bytes:
    """Write that the terminal has another size now."""
    return _line(seconds, RESIZED, f"{width}x{height}")


def header(*, width: int, height: int, timestamp: int, title: str) -> bytes:
    """Write the first line."""
    told: dict[str, object] = {"version": VERSION, "width": width, "height": height}
    return _ascii({**told, "timestamp": timestamp, "title": title})


@dataclass(frozen=True, slots=True)
class Moment:
    """One event of a session: seconds after its begin, a code, and its text."""

    seconds: float
    code: str
    text: str


def read_header(line: bytes) -> Mapping[str, object]:
    """Read the first line; ValueError where it is none."""
    told = json.loads(line)
    if not isinstance(told, dict) or told.get("version") != VERSION:
        raise ValueError("this is no asciicast of version 2")
    return told


def read_moment(line: bytes) -> Moment:
    """Read any further line; ValueError where it is none."""
    match json.loads(line):
        case [int() | float() as seconds, str(code), str(text)] if 0 <= seconds < _LONGEST:
            return Moment(float(seconds), code, text)
        case _:
            raise ValueError("this is no event of an asciicast")


def _line(seconds: float, code: str, text: str) -> bytes:
    return _ascii([round(seconds, 6), code, text]) if text else b""


def _ascii(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=True, separators=(", ", ": ")).encode("ascii") + b"\n"
