"""One destination with the events that wait for it, and the thread that sends them.

Must never make the server wait, nor let an event go missing without telling the receiver.
"""

from __future__ import annotations

import json
import random
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sockguard.audit.event import VERSION, format_time
from sockguard.export.backlog import BOUNDS, Backlog
from sockguard.export.sending import Sent, Undelivered, Unwanted
from sockguard.export.severity import EXPORT_GAP

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sockguard.export.backlog import Bounds
    from sockguard.export.sending import Sender
    from sockguard.export.target import Target

STUCK_SECONDS = 10.0
"""When nothing moved for so long, the destination counts as failing."""

_QUIET_SECONDS = 60.0  # at least so long between two sentences that it fails
_LAST_PAUSE = 0.1


@dataclass(frozen=True, slots=True)
class Pauses:
    """How long is waited after a failure, in seconds, doubled each time up to the longest."""

    first: float = 0.5
    longest: float = 30.0


@dataclass(frozen=True, slots=True)
class _Part:
    """Lines that are sent together; `tells` is how many missing events they tell of."""

    lines: Sequence[bytes]
    tells: int = 0


PAUSES = Pauses()


class Exporter:
    """Sends what `offer` is given to one destination, from `start` to `stop`.

    All its numbers may be read from any thread.
    """

    def __init__(  # noqa: PLR0913  # each keyword stands for what a test may want otherwise
        self,
        target: Target,
        sender: Sender,
        note: Callable[[str], None],
        *,
        number: int = 1,
        host: str = "",
        bounds: Bounds = BOUNDS,
        pauses: Pauses = PAUSES,
    ) -> None:
        """`note` tells people one sentence; `number` tells this destination from others."""
        self.target = target
        self.labels = (str(number), str(target.scheme))
        self.fault = ""
        """Why it takes nothing now, "" when it does, or has not been tried."""
        self.delivered = 0
        self.failures = 0
        """How often sending failed."""
        self.cut = 0
        """How many events were cut to fit."""
        self._backlog = Backlog(bounds)
        self._sender = sender
        self._note = note
        self._host = host
        self._pauses = pauses
        self._refused = 0
        self._told_missing = 0
        self._noted, self._noted_at = False, -_QUIET_SECONDS
        self._closing, self._over = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="sg-export", daemon=True)
        self.offer = self._backlog.add

    @property
    def waiting(self) -> int:
        """How many events wait, those on their way included."""
        return self._backlog.waiting

    @property
    def dropped(self) -> int:
        """How many events found no room here, or were thrown away by the destination."""
        return self._backlog.dropped + self._refused

    def condition(self) -> str:
        """Return "ok", or one sentence that begins with `warning: `."""
        if self.fault:
            return f"warning: {self.target} takes no events: {self.fault}; {self._numbers()}"
        if self._backlog.is_long:
            return f"warning: {self.target} is behind; {self._numbers()}"
        return "ok"

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def finish(self) -> None:
        """Say that no more events come, so that what waits is sent now."""
        self._closing.set()
        self._backlog.end()

    def stop(self, seconds: float) -> None:
        """Wait so long for what is left to be sent, and say how much was not."""
        if self._thread.ident is None:
            return
        self._thread.join(max(0.0, seconds))
        self._over.set()
        self._thread.join(_LAST_PAUSE)
        missing = self.waiting + self.dropped - self._told_missing
        if missing:
            why = f": {self.fault}" if self.fault else ""
            self._note(f"{missing} events did not get to {self.target}, the log has them{why}")

    def _numbers(self) -> str:
        return f"{self.waiting} wait, {self.dropped} are in the log only"

    def _run(self) -> None:
        while not self._over.is_set() and (lines := self._backlog.take(self._sender.batch)):
            self._deliver(deque([_Part(lines)]))
        self._sender.close()

    def _deliver(self, parts: deque[_Part]) -> None:
        """Send all parts, however long it takes, unless it is over; then tell what is missing."""
        pause = self._pauses.first
        while parts and not self._over.is_set():
            part = parts.popleft()
            try:
                sent = self._sender.send(part.lines, self._while_stuck)
            except Undelivered as failure:
                rest = self._account(part, failure.sent)
                if rest.lines:
                    parts.appendleft(rest)
                self._fails(str(failure))
                pause = self._wait(pause)
                continue
            except Exception as error:  # noqa: BLE001  # no line may end the thread
                halves = self._divided(part, error)
                parts.extendleft(reversed(halves))
                if not halves:  # it refuses all, perhaps
                    pause = self._wait(pause)
                continue
            pause = self._pauses.first
            self._account(part, sent)
            self._works()
            if not parts:
                parts.extend(self._what_is_missing())

    def _account(self, part: _Part, sent: Sent) -> _Part:
        """Count what was taken; return what is left."""
        taken = part.lines[: sent.taken]
        self.cut += sent.cut
        if part.tells:
            self._told_missing += part.tells if taken else 0
        else:
            self.delivered += len(taken) - sent.refused
            self._refused += sent.refused
            self._backlog.done(taken)
        return _Part(part.lines[sent.taken :], part.tells)

    def _divided(self, part: _Part, error: Exception) -> list[_Part]:
        """Find the line that is not wanted by halves, and leave it out."""
        middle = len(part.lines) // 2
        if middle:
            return [_Part(part.lines[:middle]), _Part(part.lines[middle:])]
        why = str(error) if isinstance(error, Unwanted) else f"{type(error).__name__}: {error}"
        self._account(part, Sent(1, refused=1))
        self._fails(f"it refused an event: {why}")
        return []

    def _what_is_missing(self) -> list[_Part]:
        """Return what tells the receiver how many events it does not get, if there are any."""
        count = self.dropped - self._told_missing
        if not count:
            return []
        event = {
            "v": VERSION,
            "time": format_time(time.time()),
            "kind": EXPORT_GAP,
            "host": self._host,
            "text": f"{count} events were not exported; the log has them",
            "count": count,
        }
        line = json.dumps({name: value for name, value in event.items() if value != ""})
        return [_Part([line.encode("ascii") + b"\n"], count)]

    def _while_stuck(self, seconds: float) -> None:
        if self._over.is_set():
            raise Undelivered(self.fault or "there was no more time")
        if seconds >= STUCK_SECONDS and not self.fault:
            self._fails(f"nothing moved for {STUCK_SECONDS:.0f} s")

    def _wait(self, seconds: float) -> float:
        """Wait a while, so that those who failed together do not come again together.

        Returns how long it is the next time.
        """
        if self._closing.is_set():
            self._over.wait(min(seconds, _LAST_PAUSE))
        else:
            self._closing.wait(seconds * random.uniform(0.5, 1.0))  # noqa: S311  # no secret
        return min(2 * seconds, self._pauses.longest)

    def _fails(self, why: str) -> None:
        self.failures += 1
        self.fault = why
        now = time.monotonic()
        quiet = self._over.is_set() or now - self._noted_at < _QUIET_SECONDS
        if not self._noted and not quiet:
            self._noted, self._noted_at = True, now
            self._note(f"warning: {self.target} takes no events: {why}; the log has them all")

    def _works(self) -> None:
        self.fault = ""
        if self._noted:
            self._noted = False
            self._note(f"{self.target} takes events again; {self._numbers()}")
