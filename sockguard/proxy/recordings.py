"""The recordings of one server: which sessions have one, their room, and what the log tells.

Must never let a session begin that has to be recorded and cannot be, nor remove a recording before
the log tells of it.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from sockguard.audit.closed_store import DAY_SECONDS
from sockguard.audit.event import Kind
from sockguard.audit.recording_store import (
    Kept,
    close_left,
    create,
    kept,
    measure,
    remove,
    title_of,
)
from sockguard.audit.sink import AuditError
from sockguard.errors import Reason, Refusal
from sockguard.policy.question import Effect
from sockguard.policy.recorded import DETACHED, STARTS, is_detached, is_recorded_exec
from sockguard.proxy.recording import Recording
from sockguard.proxy.recording_form import client_of, head_of, tty_of
from sockguard.proxy.recording_room import FILE_BYTES, Room
from sockguard.proxy.worker import Worker

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from sockguard.engine.facts import Thing
    from sockguard.proxy.account import Account
    from sockguard.proxy.facts import Enquiry
    from sockguard.proxy.gate import Gate
    from sockguard.proxy.memo import Judged
    from sockguard.proxy.recording import Closed
    from sockguard.settings import Settings

KILLED = "killed"
"""How a session ended whose server was gone before it could say so."""

_UNSEEN = frozenset({"client_gone", "timeout", "reload", "disowned", "shutdown"})
"""How a request ended that the Engine may have carried out though no stream opened."""

_LAST_SECONDS = 2.0
_AGAIN_SECONDS = 1.0
_RESIZES = "exec.resize"


class Recordings:
    """All recordings that lie in the audit folder, those that are being written among them."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._worker, self._ender = Worker("recordings"), Worker("recordings-end")
        self._open: dict[str, Recording] = {}
        self._execs: dict[str, list[Recording]] = {}
        """By the id of the exec, which may be started again, for a refusal, while it runs."""
        self._room = Room(self._remove)
        self._closing: set[asyncio.Task[None]] = set()

    @property
    def _settings(self) -> Settings:
        return self._gate.settings

    def look_back(self) -> None:
        """Learn what lies there, and tell of what a killed server left. AuditError: no way."""
        if self._settings.audit == "stdout":
            return
        folder = Path(self._settings.audit)
        try:
            found, _ = kept(folder)
            for one in found:
                if not one.closed:
                    self._tell_left(folder, one)
        except OSError as error:
            raise AuditError(f"the recordings in {folder} cannot be read: {error}") from error
        for one in sorted(found, key=lambda one: one.session):
            self._room.keep(client_of(title_of(folder, one.session)), replace(one, closed=True))

    def _tell_left(self, folder: Path, one: Kept) -> None:
        found = measure(folder, one.file)
        self._gate.recorder.happened(
            Kind.RECORDING_CLOSED,
            f"the recording {one.name} was not closed by its server, which was killed:"
            f" {found.size} bytes of it are there",
            id=one.session,
            ended=KILLED,
            recording=one.name,
            recording_sha256=found.sha256,
            bytes=found.size,
        )
        close_left(folder, one.session)

    @asynccontextmanager
    async def around(
        self, judged: Judged, account: Account, enquiry: Callable[[], Enquiry]
    ) -> AsyncIterator[None]:
        """Have a session recorded that has to be; raises a refusal where it cannot be."""
        made = self._exec_of(judged)
        recording = None
        if self._is_to_be_recorded(judged, made):
            tty = await tty_of(judged, made, enquiry)
            recording = self._begin(judged, account)
            recording.tty = tty
        try:
            account.recording = recording
            yield
        finally:
            if recording is not None:
                self._end(recording, account)
            elif judged.request.operation.name == _RESIZES:
                self._note_size(judged, account)

    def _exec_of(self, judged: Judged) -> Thing | None:
        if judged.request.operation.name != STARTS:
            return None
        return self._gate.execs.find(judged.request.names[0])

    def _is_to_be_recorded(self, judged: Judged, made: Thing | None) -> bool:
        """Tell it of an exec also where nobody knows any more who made it, or nobody asked."""
        decision, operation = judged.decision, judged.request.operation.name
        wanted = decision.recorded
        if operation == STARTS:
            wanted = wanted or is_recorded_exec(made, self._gate.policy.clients)
        if wanted and is_detached(operation, decision.document):
            if decision.effect is Effect.ALLOW:
                raise Refusal(DETACHED.reason, DETACHED.message, detail=DETACHED.detail)
            return False  # report mode lets it pass, and there is no stream
        return wanted and judged.out.tunnel

    def _begin(self, judged: Judged, account: Account) -> Recording:
        if self._settings.audit == "stdout":
            raise _impossible("with --audit stdout there is no folder for that")
        client, head = judged.client.name, head_of(judged)
        if why := self._take(client, FILE_BYTES + len(head)):
            raise _impossible(why)
        try:
            file = create(Path(self._settings.audit), account.event_id)
        except OSError as error:
            self._room.leave(client, FILE_BYTES + len(head))
            raise _impossible(error.strerror or str(error)) from error
        most = self._settings.recording_max_bytes
        workers = self._worker, self._ender
        recording = Recording(file, workers, most, partial(self._take, client))
        try:
            recording.write_head(head)
        except OSError as error:
            self._room.leave(client, FILE_BYTES + len(head))
            file.discard()
            raise _impossible(error.strerror or str(error)) from error
        self._open[recording.session] = recording
        if judged.request.operation.name == STARTS:
            self._execs.setdefault(judged.request.names[0], []).append(recording)
        return recording

    def has_to_begin(self, judged: Judged) -> bool:
        """Tell whether the policy of now records a session that runs without."""
        if judged.request.operation.name != STARTS or judged.request.names[0] in self._execs:
            return False
        return is_recorded_exec(self._exec_of(judged), self._gate.policy.clients)

    def _note_size(self, judged: Judged, account: Account) -> None:
        status = account.exchange.status if account.exchange else 0
        match judged.decision.query.values:
            case {"w": int(width), "h": int(height)} if status < 300:  # noqa: PLR2004
                for recording in self._execs.get(judged.request.names[0], ()):
                    recording.resized(width, height)

    # --- the end of one

    def _end(self, recording: Recording, account: Account) -> None:
        name = next((name for name, some in self._execs.items() if recording in some), "")
        if name:
            self._execs[name].remove(recording)
            if not self._execs[name]:
                del self._execs[name]
        ended = account.exchange.ended if account.exchange else "refused"
        task = asyncio.get_running_loop().create_task(self._close(recording, account, ended))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def _close(self, recording: Recording, account: Account, ended: str) -> None:
        if ended in _UNSEEN:
            recording.unseen = True
        if not recording.name:
            self._forget(recording, account)
            await recording.discard()
            return
        closed = await recording.finish(ended)
        try:
            await self._have_told(partial(self._tell_closed, recording, account, closed))
            await recording.keep(vouched=closed.measure is not None)
        except OSError:
            return  # it keeps the name of one that is not closed: the next start tells of it
        finally:
            self._forget(recording, account)
        size = closed.measure.size if closed.measure else recording.size
        kept_now = Kept(recording.session, size, time.time(), closed=True)
        self._room.keep(account.client_name, kept_now)

    async def _have_told(self, tell: Callable[[], None]) -> None:
        """Tell, and wait for the disk, however long the log cannot be written."""
        is_told = False
        while True:
            try:
                if not is_told:
                    tell()
                is_told = True
                await self._gate.recorder.synced()
            except (AuditError, Refusal):
                await asyncio.sleep(_AGAIN_SECONDS)
            else:
                return

    def _forget(self, recording: Recording, account: Account) -> None:
        self._open.pop(recording.session, None)
        self._room.leave(account.client_name, recording.size + FILE_BYTES)

    def _tell_closed(self, recording: Recording, account: Account, closed: Closed) -> None:
        operation = account.request.operation.name if account.request else ""
        why = f"; {closed.why}" if closed.why else ""
        found = closed.measure
        self._gate.recorder.happened(
            Kind.RECORDING_CLOSED,
            f"{operation} of client '{account.client_name}' was recorded in {recording.name}{why}",
            id=recording.session,
            client=account.client_name,
            role=account.client.role.name if account.client else "",
            caller=account.caller.describe(),
            listener=account.caller.listener,
            operation=operation,
            ended=closed.ended,
            recording=recording.name,
            recording_sha256=found.sha256 if found else "",
            bytes=found.size if found else None,
        )

    # --- room

    def tick(self) -> None:
        """Write what is held, and let go what is too old."""
        for recording in list(self._open.values()):
            recording.flush()
        if days := self._settings.audit_days:
            before = time.time() - days * DAY_SECONDS
            self._room.let_go_before(before, f"was older than {days} days")
        # Those from before may take more than is allowed now.
        self._room.fits(0, self._settings.recording_total_bytes)

    def _take(self, client: str, size: int) -> str:
        return self._room.take(client, size, self._settings.recording_total_bytes)

    def _remove(self, going: Kept, why: str) -> bool:
        """Tell of it and remove it; return whether it could be told."""
        recorder, folder = self._gate.recorder, Path(self._settings.audit)
        text = f"the recording {going.name} {why}"
        try:
            recorder.happened(
                Kind.RECORDING_REMOVED,
                text,
                id=going.session,
                recording=going.name,
                bytes=going.size,
            )
        except AuditError:
            return False

        def gone() -> None:
            with suppress(AuditError, OSError):
                recorder.sink.sync()
                remove(folder, going.session)

        self._ender.do(gone)
        return True

    async def close(self) -> None:
        """Wait for those that are being closed, for a moment."""
        if self._closing:
            await asyncio.wait(self._closing, timeout=_LAST_SECONDS)


def _impossible(why: str) -> Refusal:
    told = f"the session has to be recorded, and cannot be: {why}"
    return Refusal(Reason.AUDIT_FAILED, told)
