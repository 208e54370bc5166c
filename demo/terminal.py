"""The line discipline of a simulated terminal: echo, line editing, control characters.

Must never buffer more than one line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from demo.streams import STDOUT

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

INTERRUPT, END, ERASE = 0x03, 0x04, 0x7F
ENDS = b"\r\n"


class Terminal:
    """Typed bytes in, finished lines out; what is typed is echoed."""

    INTERRUPT = b"\x03"

    def __init__(self, echo: Callable[[int, bytes], Awaitable[None]]) -> None:
        self._echo = echo
        self._line = bytearray()

    async def type(self, data: bytes) -> list[bytes]:
        """The lines that these bytes finish; b"" for end of input."""
        finished: list[bytes] = []
        shown = bytearray()
        for byte in data:
            if byte in ENDS:
                shown += b"\r\n"
                finished.append(self._take() + b"\n")
            elif byte == END:
                finished.append(self._take())
            elif byte == INTERRUPT:
                shown += b"^C"
                finished.append(self.INTERRUPT)
            elif byte == ERASE:
                shown += b"\b \b" if self._line else b""
                del self._line[-1:]
            else:
                shown.append(byte)
                self._line.append(byte)
        await self._echo(STDOUT, bytes(shown))
        return finished

    def _take(self) -> bytes:
        line = bytes(self._line)
        self._line.clear()
        return line
