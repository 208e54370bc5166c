"""What is known of a session before it is recorded: its terminal, its size and its title.

Must never take a session for one with a terminal because nobody tells.
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING

from sockguard.audit.asciicast import HEIGHT, WIDTH, header
from sockguard.engine.facts import Need
from sockguard.errors import Refusal
from sockguard.policy.recorded import STARTS
from sockguard.proxy.recording import tells_form

if TYPE_CHECKING:
    from collections.abc import Callable

    from sockguard.engine.facts import Thing
    from sockguard.proxy.facts import Enquiry
    from sockguard.proxy.memo import Judged


async def tty_of(judged: Judged, made: Thing | None, enquiry: Callable[[], Enquiry]) -> bool | None:
    """Tell whether there is a terminal, where it will count; None where nobody tells."""
    if tells_form(judged.out):
        return None
    document = judged.decision.document
    if isinstance(document, dict) and document.get("Tty") is True:
        return True  # what starts an exec says it anew, and that is what the Engine goes by
    kind = "exec" if judged.request.operation.name == STARTS else "container"
    need = Need(kind, judged.request.names[0])
    with suppress(Refusal):
        found = made or (await enquiry().find({need}))[need]
        return found.tty if found else None
    return None


def head_of(judged: Judged) -> bytes:
    """Return the first line of its file: size, time and title."""
    width, height = WIDTH, HEIGHT
    match judged.decision.document:
        case {"ConsoleSize": [int(rows), int(columns)]} if rows > 0 and columns > 0:
            width, height = columns, rows
    request = judged.request
    title = f"{judged.client.name} {request.operation.name} {' '.join(request.names)}"
    return header(width=width, height=height, timestamp=int(time.time()), title=title)


def client_of(title: str) -> str:
    """Return the client in a title that `head_of` has written, "" for what is none."""
    return title.partition(" ")[0]
