"""Follow the TLS folder while serving, and end what came with a certificate that holds no more.

Must never keep quiet about files that it cannot use: a revocation may be among them.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from sockguard.audit.event import Kind
from sockguard.errors import SockguardError
from sockguard.proxy.own_log import note, note_crash

if TYPE_CHECKING:
    from collections.abc import Hashable

    from sockguard.proxy.gate import Gate
    from sockguard.proxy.tls_files import TlsFiles


class CertificateWatch:
    """Looks at the files every second; those that changed and read well are used at once."""

    def __init__(self, gate: Gate, files: TlsFiles) -> None:
        self._gate = gate
        self._files = files
        self._failed: Hashable = None  # how the files looked when they did not read well
        self._told: Hashable = None

    async def run(self) -> None:
        """Follow the files; never returns."""
        while True:
            await asyncio.sleep(self._gate.settings.timeouts.look)
            try:
                await self.look()
            except Exception as error:  # noqa: BLE001 - unwatched, no revocation would count
                note_crash()
                self._gate.tls_fault = f"cannot be followed: {error!r}; see sockguard's own log"

    async def look(self) -> None:
        """Read what has changed, and end what holds no more."""
        seen = await asyncio.to_thread(self._files.look)
        if seen != self._files.looked:
            await self._read(seen)
        self._end_what_holds_no_more()

    async def _read(self, seen: Hashable) -> None:
        try:
            await asyncio.to_thread(self._files.load)
        except SockguardError as error:
            self._reject(seen, error)
            return
        self._gate.tls_fault = ""
        folder = self._files.folder.folder
        self._tell(Kind.CERTIFICATES_LOADED, f"using the changed files in {folder}")

    def _reject(self, seen: Hashable, error: SockguardError) -> None:
        """Say so once files that do not read well have looked the same twice: none is written."""
        if seen == self._failed and seen != self._told:
            self._told = seen
            self._gate.tls_fault = f"rejected: {error}; using those from before"
            self._tell(Kind.CERTIFICATES_REJECTED, f"certificates {self._gate.tls_fault}")
        self._failed = seen

    def _tell(self, kind: Kind, text: str) -> None:
        try:
            self._gate.recorder.happened(kind, text)
        except SockguardError as failure:
            note(str(failure))

    def _end_what_holds_no_more(self) -> None:
        for connection in list(self._gate.connections):
            certificate = connection.caller.certificate
            if certificate is not None and (why := self._files.objection(certificate)):
                connection.disown(why)
