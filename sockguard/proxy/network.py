"""Callers of the network: where they arrive, and what is found out of them before they are served.

Must never take a caller for a container that the Engine did not name just now.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from sockguard.errors import Reason, Refusal
from sockguard.identity.listener import Scheme
from sockguard.policy.identify import identify
from sockguard.proxy.calling_containers import CallingContainers
from sockguard.proxy.certificates import CertificateWatch
from sockguard.proxy.handshakes import Handshakes, oldest_of_most, origin_of
from sockguard.proxy.network_listeners import NetworkListeners, TlsDoor
from sockguard.proxy.own_log import note_crash

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Hashable, Mapping

    from sockguard.identity.caller import Caller
    from sockguard.identity.listener import NetworkListener
    from sockguard.proxy.channel import Channel
    from sockguard.proxy.gate import Gate
    from sockguard.proxy.tls_files import TlsFiles

MOST_LOOKUPS = 256
"""Callers of whom it is asked at one time which container they are."""


class Network:
    """The listeners of the network with all that they need, from `start` to `stop`."""

    def __init__(
        self, gate: Gate, accept: Callable[[Channel, Caller], None], files: TlsFiles | None
    ) -> None:
        """`accept(channel, caller)` serves; `files` is None where no listener speaks TLS."""
        self._gate = gate
        self._accept = accept
        self._containers = CallingContainers(gate)
        self._lookups: dict[asyncio.Task[None], Caller] = {}
        self._watches: list[asyncio.Task[None]] = []
        self._certificates = CertificateWatch(gate, files) if files is not None else None
        handshakes = Handshakes(gate.settings.timeouts.handshake)

        def door(listener: NetworkListener) -> TlsDoor | None:
            if listener.scheme is Scheme.TCP or files is None:
                return None
            return TlsDoor(listener, files, handshakes, self._came, self._refused)

        doors = {listener: door(listener) for listener in gate.settings.listen}
        self._listeners = NetworkListeners(doors, self._came)

    async def start(self, passed: Mapping[str, socket.socket]) -> None:
        """Listen everywhere; raises SockguardError, and then nowhere."""
        await self._listeners.start(passed, plain_anywhere=self._gate.settings.plain_on_any_network)
        if self._gate.settings.listen:
            self._watches.append(asyncio.create_task(self._containers.watch()))
        if self._certificates is not None:
            self._watches.append(asyncio.create_task(self._certificates.run()))

    def close(self) -> None:
        """Take no more callers; those who are served go on."""
        self._listeners.close()

    async def stop(self) -> None:
        """End all that watches."""
        for task in (*self._watches, *self._lookups):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    def _came(self, channel: Channel, caller: Caller) -> None:
        if not self._containers.wanted:
            self._accept(channel, caller)
            return
        if len(self._lookups) >= MOST_LOOKUPS:
            self._give_up_one()
        task = asyncio.get_running_loop().create_task(self._find_out(channel, caller))
        self._lookups[task] = caller
        task.add_done_callback(partial(self._found_out, channel))

    def _give_up_one(self) -> None:
        """Make room: whoever calls often from one address keeps out itself alone."""
        task = oldest_of_most({task: _origin(caller) for task, caller in self._lookups.items()})
        caller = self._lookups.pop(task)
        task.cancel()
        why = "too many callers wait to be known by their container, most of this address"
        self._gate.recorder.turned_away(caller, Refusal(Reason.FACT_FAILED, why))

    def _found_out(self, channel: Channel, task: asyncio.Task[None]) -> None:
        self._lookups.pop(task, None)
        if task.cancelled():
            channel.abort()

    async def _find_out(self, channel: Channel, caller: Caller) -> None:
        known = await self._with_container(channel, caller)
        if not channel.lost:
            self._accept(channel, known)

    async def _with_container(self, channel: Channel, caller: Caller) -> Caller:
        if caller.address is None:
            return caller
        try:
            container = await self._containers.at(
                caller.address,
                lambda: channel.eof,
                patient=not self._is_client(caller),
            )
        except Refusal as refusal:
            return replace(caller, unsaid=refusal.message)
        except Exception:  # noqa: BLE001 - whatever goes wrong ends in a refusal
            note_crash()
            return replace(caller, unsaid="an error of sockguard itself, see its own log")
        return replace(caller, container=container)

    def _is_client(self, caller: Caller) -> bool:
        with suppress(Refusal):
            identify(self._gate.policy, caller)
            return True
        return False

    def _refused(self, caller: Caller, why: str) -> None:
        self._gate.recorder.turned_away(caller, Refusal(Reason.TLS, why))


def _origin(caller: Caller) -> Hashable:
    """Return what counts as one caller: an address, apart for each certificate."""
    address = caller.address and origin_of(caller.address)
    return address, caller.certificate and caller.certificate.sha256
