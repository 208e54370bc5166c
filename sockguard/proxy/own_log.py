"""sockguard's own log, standard error: what no event tells, or could not.

Must never pass on a character that a terminal would act on, nor fail whoever has something to say.
"""

from __future__ import annotations

import sys
import traceback
from contextlib import suppress

from sockguard.audit.text import printable


def note(text: str) -> None:
    """Write one line of the program's own, at once."""
    put_error(f"sockguard: {printable(text)}")


def note_crash() -> None:
    """Write where the exception that is being handled comes from, which nobody foresaw."""
    put_error("\n".join(map(printable, traceback.format_exc().splitlines())))


def put_error(printed: str) -> None:
    """Write what is printable already, as a line of its own."""
    # One write: events come on standard output from another thread, mostly to the same file.
    with suppress(OSError):
        sys.stderr.write(f"{printed}\n")
        sys.stderr.flush()
