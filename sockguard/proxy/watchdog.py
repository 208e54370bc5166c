"""Looks after the Engine while nobody else hears from it, and tells when it goes and comes back.

Must never ask anything but a ping and what the Engine says of itself, nor tell the same twice.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from sockguard.audit.event import Kind
from sockguard.audit.sink import AuditError
from sockguard.errors import Refusal
from sockguard.proxy.own_log import note

if TYPE_CHECKING:
    from sockguard.proxy.gate import Gate


class Watchdog:
    """Pings the Engine unless requests were answered since the last look."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._completed = 0
        self._told = ""

    async def watch(self) -> None:
        """Look again and again; never returns."""
        while True:
            await self.look()
            await asyncio.sleep(self._gate.settings.timeouts.watch_engine)

    async def look(self) -> None:
        """See whether the Engine answers, and record a change."""
        engine, completed = self._gate.engine, self._gate.recorder.tally.completed
        if completed == self._completed:
            await engine.ping()
        else:
            engine.fault = ""
        self._completed = completed
        if not engine.fault and engine.facts is None:
            with suppress(Refusal):  # it may be another Engine since it was gone
                await engine.learn()
        if bool(engine.fault) != bool(self._told):
            self._tell(engine.fault)
        self._told = engine.fault

    def _tell(self, fault: str) -> None:
        kind = Kind.ENGINE_DOWN if fault else Kind.ENGINE_BACK
        try:
            self._gate.recorder.happened(kind, fault or "the Engine answers again")
        except AuditError as error:
            note(f"{fault or kind}; {error}")
