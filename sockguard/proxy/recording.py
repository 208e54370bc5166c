"""One recorded session: what is typed and shown, on its way to its file.

Must never let a byte pass that it has not taken, nor make the event loop wait for the disk.
"""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from sockguard.audit.asciicast import SHOWN, TYPED, Asciicast, resized
from sockguard.errors import Reason, Refusal
from sockguard.wire.multiplexed import RAW, Multiplexed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sockguard.audit.recording_store import Measure, RecordingFile
    from sockguard.proxy.channel import Channel
    from sockguard.proxy.outgoing import Outgoing
    from sockguard.proxy.worker import Worker
    from sockguard.wire.head import ResponseHead
    from sockguard.wire.multiplexed import Piece

FULL, FAILED = "recording_full", "recording_failed"
"""How a session ended that could not be recorded any further."""

STUCK_SECONDS = 10.0
"""So long one write may take."""

_AT_ONCE = 256 * 1024
_HIGH, _LOW = 4 << 20, 1 << 20  # bytes that wait for the disk: reading stops, and goes on
_MULTIPLEXED = "application/vnd.docker.multiplexed-stream"
_VERSION = re.compile(rb"[A-Z]+ /v1\.([0-9]{1,4})/")
_SAYS_SO_FROM = 42  # the API version from which the answer to an upgrade names the stream's form


@dataclass(frozen=True, slots=True)
class Closed:
    """How a recording ended: what lies there (None: nobody knows), a word, and why, "" if whole."""

    measure: Measure | None
    ended: str
    why: str


class Recording:
    """Takes what flows through a tunnel; whoever may wait calls `flush` now and then."""

    def __init__(
        self,
        file: RecordingFile,
        workers: tuple[Worker, Worker],
        most: int,
        take: Callable[[int], str],
    ) -> None:
        """`take(size)` counts so many more bytes of all recordings, or says why there is no room.

        Of the workers the first writes; the other syncs and removes, for which none must wait.
        """
        self._file = file
        self._writer, self._ender = workers
        self._most = most
        self._take_room = take
        self._cast = Asciicast()
        self._frames: Multiplexed | None = None
        self._began = time.monotonic()
        self._held: list[bytes] = []
        self._waiting = 0  # bytes that are not written yet
        self._writing: asyncio.Future[None] | None = None
        self._since: float | None = None  # when the write that is under way began
        self._unwritable = False
        self._channels: tuple[Channel, ...] = ()
        self._stop: Callable[[str, Refusal], None] = lambda _ended, _why: None
        self.size = 0
        self.tty: bool | None = None
        """Whether there is a terminal, None where that is not known."""
        self.ended = ""
        """The word for how the session had to end, "" while it may go on."""
        self.fault: Refusal | None = None
        self.unseen = False
        """Whether it may have happened though its stream never opened."""

    @property
    def session(self) -> str:
        """The id of the request that it belongs to."""
        return self._file.session

    @property
    def name(self) -> str:
        """The name that the log has for it, "" while there is nothing to be recorded."""
        return self._file.name if self._channels or self.unseen else ""

    def write_head(self, line: bytes) -> None:
        """Write the first line at once. OSError: it cannot be written."""
        self._file.write(line)
        self.size = len(line)

    # --- called while the tunnel is open

    def open(
        self,
        channels: tuple[Channel, Channel],
        stop: Callable[[str, Refusal], None],
        *,
        framed: bool,
    ) -> None:
        """Begin: a tunnel opens between these; `stop` ends it. `framed`: output is multiplexed."""
        self._channels, self._stop = channels, stop
        self._frames = Multiplexed() if framed else None

    def typed(self, data: bytes) -> Refusal | None:
        """Take what the client sends; return why it may not pass, None if it may."""
        return self._take(TYPED, ((RAW, data),))

    def shown(self, data: bytes) -> Refusal | None:
        """Take what the Engine sends, as `typed` does."""
        return self._take(SHOWN, self._frames.feed(data) if self._frames else ((RAW, data),))

    def resized(self, width: int, height: int) -> None:
        """Note that the terminal has another size."""
        if self.fault is None and self._channels:
            self._add(resized(self._seconds(), width, height))

    def flush(self) -> None:
        """Hand what is held to the thread that writes; end the session if that hangs."""
        if self._writing is not None:
            since = self._since
            if self.fault is None and since and time.monotonic() - since > STUCK_SECONDS:
                self._give_up(FAILED, f"the disk took no byte in {STUCK_SECONDS:g} s")
        elif self._held and not self._unwritable:
            data, self._held = b"".join(self._held), []
            self._writing = self._writer.do(partial(self._write, data))
            self._writing.add_done_callback(partial(self._written, len(data)))

    def _write(self, data: bytes) -> None:
        """Write, in the thread that does so."""
        self._since = time.monotonic()
        try:
            self._file.write(data)
        finally:
            self._since = None

    def _take(self, code: str, pieces: Iterable[Piece]) -> Refusal | None:
        seconds = self._seconds()
        for stream, data in pieces:
            if self.fault is None:
                self._add(self._cast.add(seconds, code, stream, data))
        if self._waiting >= _AT_ONCE:
            self.flush()
        if self._waiting > _HIGH:
            self._hold_back(True)
        return self.fault

    def _add(self, line: bytes) -> None:
        size = len(line)
        if self.size + size > self._most:
            self._break(FULL, f"it has {self._most} bytes, which is --recording-max")
        elif why := self._take_room(size):
            self._break(FULL, why)
        else:
            self.size += size
            self._waiting += size
            self._held.append(line)

    def _written(self, size: int, done: asyncio.Future[None]) -> None:
        self._writing = None
        self._waiting -= size
        error = done.exception()
        if error is not None:
            self._unwritable = True
            told = error.strerror if isinstance(error, OSError) else str(error)
            self._give_up(FAILED, f"its file cannot be written: {told}")
            return
        if self._waiting < _LOW:
            self._hold_back(False)
        if self._waiting >= _AT_ONCE:
            self.flush()

    def _break(self, ended: str, why: str) -> None:
        if self.fault is None:
            self.ended = ended
            told = f"the session has to be recorded, and its recording ended: {why}"
            self.fault = Refusal(Reason.AUDIT_FAILED, told)

    def _give_up(self, ended: str, why: str) -> None:
        """End the session although no byte came that could not be taken."""
        self._break(ended, why)
        self._hold_back(False)
        if self.fault is not None:
            self._stop(self.ended, self.fault)

    def _hold_back(self, slow: bool) -> None:
        for channel in self._channels:
            channel.wait_for_record(slow)

    def _seconds(self) -> float:
        return time.monotonic() - self._began

    # --- the end

    async def finish(self, ended: str) -> Closed:
        """Write the rest, and say what lies there; the file stays open. It never raises."""
        self._hold_back(False)
        seconds = self._seconds()
        for stream, data in self._frames.finish() if self._frames else ():
            self._held.append(self._cast.add(seconds, SHOWN, stream, data))
        self._held.append(self._cast.finish(seconds))
        rest, self._held = b"".join(self._held), []  # a tick must not write it once more
        try:
            async with asyncio.timeout(STUCK_SECONDS):
                if not self._unwritable:
                    await self._writer.do(partial(self._file.write, rest))
                    measure = await self._ender.do(self._file.settle)
                    why = self.fault.message if self.fault else ""
                    return Closed(measure, self.ended or ended, why)
        except OSError as error:
            self._break(FAILED, f"its file cannot be written: {error.strerror or error}")
            self.ended = FAILED
        why = self.fault.message if self.fault is not None else "its file cannot be written"
        return Closed(await self._left(), self.ended, why)

    async def _left(self) -> Measure | None:
        try:
            async with asyncio.timeout(STUCK_SECONDS):
                return await self._ender.do(self._file.left)
        except OSError:
            return None

    async def keep(self, *, vouched: bool) -> None:
        """Give the file its name for good if the log vouches for it, and let go.

        OSError: it keeps the name it has.
        """
        await self._ender.do(self._file.keep if vouched else self._file.let_go)

    async def discard(self) -> None:
        """Remove the file: no session began."""
        await self._ender.do(self._file.discard)


def refuse_unseen(head: ResponseHead) -> None:
    """Refuse an answer that is a success and no stream: nothing of it would be recorded."""
    if head.status < 300:  # noqa: PLR2004
        raise Refusal(Reason.UPSTREAM, "the Engine's answer is no stream that can be recorded")


def is_framed(head: ResponseHead, out: Outgoing, *, tty: bool | None) -> bool:
    """Tell whether a tunnel's output is multiplexed; where that is in doubt, it is kept as is."""
    if head.first("content-type").lower() == _MULTIPLEXED:
        return True
    return tty is False and not tells_form(out)


def tells_form(out: Outgoing) -> bool:
    """Tell whether the Engine's answer will name the form of the stream.

    It does so when it upgrades under API 1.42 or later. Otherwise it calls either form raw, and
    what counts is whether there is a terminal.
    """
    found = _VERSION.match(out.head)
    return out.upgrade and found is not None and int(found[1]) >= _SAYS_SO_FROM
