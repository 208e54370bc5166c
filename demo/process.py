"""A simulated process: a command with stdin, output, signals and an exit code.

Must never start anything on the machine.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from demo.programs import PROGRAMS, service
from demo.streams import STDERR, STDOUT, Output, Pipe
from demo.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from demo.files import Tree

KILL = 9
SIGNALS = {
    "HUP": 1,
    "INT": 2,
    "QUIT": 3,
    "KILL": 9,
    "USR1": 10,
    "USR2": 12,
    "TERM": 15,
    "WINCH": 28,
}
HARMLESS = frozenset({1, 10, 12, 28})


@dataclass(slots=True)
class Process:
    """A command that runs in the event loop; its programs are those of `programs`."""

    argv: list[str]
    env: Mapping[str, str]
    files: Tree
    output: Output = field(default_factory=Output)
    stdin: Pipe = field(default_factory=Pipe)
    tty: bool = False
    size: tuple[int, int] = (24, 80)
    tick: float = 1.0
    pid: int = 0
    exit_code: int | None = None
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    _terminal: Terminal | None = None
    _task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to run."""
        self._terminal = Terminal(self.output.emit) if self.tty else None
        self._task = asyncio.create_task(self._run())

    async def out(self, data: bytes) -> None:
        """Write to stdout."""
        await self._emit(STDOUT, data)

    async def err(self, data: bytes) -> None:
        """Write to stderr, which is stdout on a terminal."""
        await self._emit(STDOUT if self.tty else STDERR, data)

    async def type(self, data: bytes) -> None:
        """Bytes for stdin from whoever is attached; a terminal edits and echoes them."""
        if self._terminal is None:
            await self.stdin.put(data)
            return
        for line in await self._terminal.type(data):
            if line == Terminal.INTERRUPT:
                self.signal(SIGNALS["INT"])
            elif line:
                await self.stdin.put(line)
            else:
                await self.stdin.close()

    def signal(self, number: int) -> None:
        """End the process unless the signal is one that services take as a hint."""
        if self._task and number not in HARMLESS and self.exit_code is None:
            self.exit_code = 128 + number
            self._task.cancel()

    async def _emit(self, stream: int, data: bytes) -> None:
        await self.output.emit(stream, data.replace(b"\n", b"\r\n") if self.tty else data)

    async def _run(self) -> None:
        name = self.argv[0].rpartition("/")[2] if self.argv else ""
        try:
            code = await PROGRAMS.get(name, service)(self, self.argv[1:])
            self.exit_code = code if self.exit_code is None else self.exit_code
        except asyncio.CancelledError:
            self.exit_code = 128 + KILL if self.exit_code is None else self.exit_code
        finally:
            self.stdin.abandon()
            self.ended.set()
        await self.output.finish()


def signal_number(text: str) -> int | None:
    """`9`, `KILL` and `SIGKILL` -> 9; None when there is no such signal."""
    if re.fullmatch(r"[0-9]{1,2}", text):
        return int(text)
    return SIGNALS.get(text.upper().removeprefix("SIG"))
