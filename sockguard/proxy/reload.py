"""Another policy while serving: swap it as one reference, close what it no longer allows.

Must never serve a policy that did not load whole, nor one whose sockets cannot all be opened.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sockguard.audit.event import Kind, format_time
from sockguard.errors import SockguardError
from sockguard.policy.changes import describe_changes
from sockguard.policy.complaints import PolicyError
from sockguard.proxy.own_log import note, note_crash

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from sockguard.policy.model import Policy
    from sockguard.proxy.gate import Gate
    from sockguard.proxy.server import Server

_MOST_TRIES = 5
_LONGEST_PAUSE = 30
"""In units of how often the files are looked at, between two tries of what may pass by itself."""
_AT_ONCE = 50
"""Connections asked between two turns of the loop: a verdict takes about 20 microseconds."""


@dataclass(frozen=True, slots=True)
class PolicyFiles:
    """Where the policy comes from. Both functions are called in a thread.

    `look()` tells two states of the files apart without reading them.
    """

    load: Callable[[], Policy]
    look: Callable[[], Hashable]
    watch: bool


class Reloader:
    """Loads the policy again when asked to and, if it watches, when its files have changed."""

    def __init__(
        self, gate: Gate, server: Server, files: PolicyFiles, loaded: Callable[[Policy], None]
    ) -> None:
        """`loaded(policy)` is called once a new one is served."""
        self._gate = gate
        self._server = server
        self._load = files.load
        self._look = files.look
        self._loaded = loaded
        self._first_pause = self._pause = gate.settings.timeouts.look
        self._seconds = self._first_pause if files.watch else None
        self._again: asyncio.TimerHandle | None = None
        self._is_again = False
        self._asked = asyncio.Event()
        self._tried: Hashable = None
        self._seen: Hashable = None

    def ask(self) -> None:
        """Load at the next turn of the loop."""
        self._asked.set()

    async def run(self, served: Hashable) -> None:
        """Follow the files from `served` on, which is how they looked when they were loaded."""
        self._tried = self._seen = served
        while True:
            if await self._was_asked() or await self._has_settled():
                await self.reload()

    async def reload(self) -> None:
        """Load and serve the policy; one that cannot be served is recorded and changes nothing.

        It is tried again where the policy itself is not what is wrong: the disk may be full.
        """
        is_again, self._is_again = self._is_again, False
        if self._again is not None:
            self._again.cancel()
        try:
            policy = await self._load_settled()
            await self._server.serve_policy(policy, lambda: self._record(policy))
        except PolicyError as error:
            self._reject(error, is_again=False)
            self._pause = self._first_pause
        except (SockguardError, OSError) as error:
            self._reject(error, is_again=is_again)
            self._try_later()
        except Exception as error:  # noqa: BLE001 - whatever goes wrong, the old policy holds
            note_crash()
            self._reject(error, is_again=False)
        else:
            self._pause = self._first_pause
            await end_what_is_not_allowed(self._gate)
            self._loaded(policy)

    async def _was_asked(self) -> bool:
        try:
            async with asyncio.timeout(self._seconds):
                await self._asked.wait()
        except TimeoutError:
            return False
        self._asked.clear()
        return True

    async def _has_settled(self) -> bool:
        """Tell whether the files changed and have looked the same twice since."""
        now = await asyncio.to_thread(self._look)
        settled = now == self._seen and now != self._tried
        self._seen = now
        return settled

    async def _load_settled(self) -> Policy:
        """Load what nobody wrote to meanwhile."""
        for _ in range(_MOST_TRIES):
            self._tried = await asyncio.to_thread(self._look)
            try:
                policy = await asyncio.to_thread(self._load)
            finally:
                self._seen = await asyncio.to_thread(self._look)
            if self._seen == self._tried:
                return policy
        raise SockguardError("the policy's files change while they are read; try again")

    def _record(self, policy: Policy) -> None:
        text = f"serving another policy: {describe_changes(self._gate.policy, policy)}"
        self._gate.recorder.happened(Kind.POLICY_LOADED, text, policy=policy.sha256)

    def _try_later(self) -> None:
        self._again = asyncio.get_running_loop().call_later(self._pause, self._try_again)
        self._pause = min(2 * self._pause, _LONGEST_PAUSE * self._first_pause)

    def _try_again(self) -> None:
        self._is_again = True
        self.ask()

    def _reject(self, error: Exception, *, is_again: bool) -> None:
        """Record it, unless it is what was recorded of the try before."""
        gate = self._gate
        since = format_time(gate.policy_since)
        before = gate.policy_fault
        gate.policy_fault = f"rejected: {_first_of(error)}; serving the one of {since}"
        if is_again and gate.policy_fault == before:
            return
        try:
            gate.recorder.happened(Kind.POLICY_REJECTED, f"policy {gate.policy_fault}")
        except SockguardError as failure:
            note(str(failure))


def _first_of(error: Exception) -> str:
    """Return the first complaint and how many there are."""
    if not isinstance(error, PolicyError):
        return str(error).split("\n", 1)[0] or type(error).__name__
    first, *others = error.complaints
    return f"{first} (and {len(others)} more)" if others else str(first)


async def end_what_is_not_allowed(gate: Gate) -> None:
    """Hold every connection against the policy of now, a few at a time."""
    for number, connection in enumerate(list(gate.connections), 1):
        if connection in gate.connections:
            connection.policy_changed()
        if number % _AT_ONCE == 0:
            await asyncio.sleep(0)
