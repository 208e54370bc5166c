"""Lines of the log as messages of RFC 5424, and as frames in a stream.

Must never change a line: it is the MSG, byte for byte, but where a datagram is too small for it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sockguard.export.severity import severity_of

if TYPE_CHECKING:
    from collections.abc import Mapping

_SD_ID = "sockguard@32473"  # the number that RFC 5612 sets aside for those that have none
_NAMED = ("seq", "id", "client", "operation", "decision")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")  # RFC 5424, section 6.2.3
_NIL = "-"
_PRINTABLE = range(0x21, 0x7F)
_HOST_LONGEST, _KIND_LONGEST = 255, 32
_VALUE_LONGEST = 256
_FACTOR = 8
CUT_MARK = b"..."


@dataclass(frozen=True, slots=True)
class Origin:
    """What is the same of all messages; `facility` is its number, `host` this host's name."""

    facility: int
    host: str
    process: int


def message_of(line: bytes, origin: Origin, most: int = 0) -> tuple[bytes, bool]:
    """Return the message of a line of the log, and whether it was cut.

    `most` is how many bytes it may have, 0 for no bound. A message that was cut says so: its
    structured data has in `cut` the length that the line has.
    """
    event = _event_of(line)
    body = line.removesuffix(b"\n")
    whole = _head(event, origin) + body
    if not most or len(whole) <= most:
        return whole, False
    head = _head({**event, "cut": len(body)}, origin)
    room = max(0, most - len(head) - len(CUT_MARK))
    return (head + body[:room] + CUT_MARK)[:most], True


def frame_of(message: bytes, framing: str) -> bytes:
    """Return a message as it stands in a stream: counted, or as one of its lines.

    A message has no newline: a line of the log is ASCII, and its own is left out.
    """
    if framing == "lines":
        return message + b"\n"
    return b"%d %b" % (len(message), message)


def _event_of(line: bytes) -> Mapping[str, object]:
    event = json.loads(line)
    if not isinstance(event, dict):
        raise TypeError("a line of the log is an object")
    return event


def _head(event: Mapping[str, object], origin: Origin) -> bytes:
    priority = origin.facility * _FACTOR + severity_of(event)
    time = str(event.get("time", ""))
    words = (
        f"<{priority}>1",
        time if _TIME.fullmatch(time) else _NIL,
        _word(event.get("host") or origin.host, _HOST_LONGEST),
        "sockguard",
        str(origin.process),
        _word(event.get("kind", ""), _KIND_LONGEST),
        _structured(event),
        "",
    )
    return " ".join(words).encode("ascii")


def _word(value: object, longest: int) -> str:
    """Return a text as PRINTUSASCII without blanks, or the dash for none."""
    return "".join(c for c in str(value) if ord(c) in _PRINTABLE)[:longest] or _NIL


def _structured(event: Mapping[str, object]) -> str:
    found = "".join(
        f' {name}="{_escaped(str(value))}"'
        for name in (*_NAMED, "cut")
        if (value := event.get(name)) not in (None, "")
    )
    return f"[{_SD_ID}{found}]"


def _escaped(value: str) -> str:
    r"""Write a value as section 6.3.3 wants it: `"`, `\` and `]` behind a backslash.

    Whatever is no printable ASCII is spelt out, so that none of it can end a message.
    """
    if value.isascii() and value.isprintable():
        plain = value[:_VALUE_LONGEST]
    else:
        plain = json.dumps(value[:_VALUE_LONGEST])[1:-1].replace("\x7f", "\\u007f")
    return plain.replace("\\", "\\\\").replace('"', '\\"').replace("]", "\\]")
