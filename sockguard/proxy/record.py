"""Connection facts as audit events: the decision before it is carried out, the outcome after.

Must never store a secret that a request has, nor a header other than User-Agent.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from sockguard.audit.event import (
    Kind,
    decision_form,
    ended_as,
    format_time,
    outcome_form,
    recorded_as,
    who_of,
)
from sockguard.audit.quota import Refused
from sockguard.audit.sink import AuditError
from sockguard.audit.ulid import UlidSource
from sockguard.errors import Reason, Refusal
from sockguard.proxy.account import Account
from sockguard.proxy.asked_line import refused_asked, target_of
from sockguard.proxy.form import Form
from sockguard.proxy.syncer import Syncer
from sockguard.proxy.tally import Tally
from sockguard.proxy.told import Told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from sockguard.audit.quota import Quota
    from sockguard.audit.sink import Sink
    from sockguard.identity.caller import Caller
    from sockguard.proxy.memo import Judged

_CALLERS = 1024
_LAST_SYNC_SECONDS = 1.0


class Recorder:
    """Writes the events of one server to one sink, in the order in which things happen."""

    def __init__(
        self,
        sink: Sink,
        quota: Quota,
        show: Callable[[bytes, bool], None],
        *,
        host: str,
        origin: Callable[[], tuple[str, str]],
    ) -> None:
        """`show(line, noteworthy)` prints; `origin()` gives policy sha256 and Engine id."""
        self._sink = sink
        self._quota = quota
        self._show = show
        self._host = host
        self._origin = origin
        self._ids = UlidSource(time.time)
        self._who: dict[tuple[object, ...], str] = {}
        self._syncer = Syncer(sink.sync)
        self._told = Told(sink, show)
        self.tally = Tally()
        self.failure = ""
        """Why the log could not be written the last time, "" when it could."""
        self.losses = 0
        """How often what was buffered had to be dropped."""

    @property
    def sink(self) -> Sink:
        """Where the events go."""
        return self._sink

    def begin(self, caller: Caller) -> Account:
        """Open the account of one request."""
        return Account(self._ids(), caller, time.monotonic())

    def allowed(self, account: Account, asked: str, *, noteworthy: bool) -> None:
        """Write the decision event of a request that will be forwarded.

        Raises a refusal when it cannot be written: then nothing may be forwarded.
        """
        self._decide(account, asked, noteworthy=noteworthy)
        decision, request = account.decision, account.request
        if decision is not None and request is not None:
            account.cell = self.tally.decided(
                account.client_name, request.operation.name, decision.effect.value
            )

    def refused(self, account: Account, refusal: Refusal) -> None:
        """Write the decision event of a refusal, or count it once its quota is used up."""
        request = account.request
        operation = request.operation.name if request else ""
        self.tally.refused(account.client_name, operation, refusal)
        target = target_of(request, account.body) if request else ""
        alike = Refused(account.client_name, refusal.reason, operation, target, refusal.detail)
        if not self._quota.admit(alike, time.monotonic()):
            account.counted = True
            return
        account.policy = account.policy or self._origin()[0]
        self._decide(account, refused_asked(account, refusal), noteworthy=True)

    def outcome(self, account: Account, *, status: int, ended: str) -> None:
        """Write how a request ended; the next flush carries it."""
        if account.counted or not account.recorded:
            return
        exchange, request = account.exchange, account.request
        seconds = time.monotonic() - account.began
        bytes_in = exchange.bytes_in if exchange else 0
        bytes_out = exchange.bytes_out if exchange else 0
        if account.cell is not None:
            account.cell.add(seconds, bytes_in, bytes_out)
            self.tally.ended(status, ended)
        operation = request.operation.name if request else ""
        form = outcome_form(self._caller(account), operation=operation, policy=account.policy)
        masked = exchange.showing.masked if exchange and exchange.showing else ""
        told = ended_as(status, bytes_in, bytes_out, seconds, ended, masked)
        recording = account.recording.name if account.recording else ""
        self._write_outcome(form, account.event_id, told + recorded_as(recording))

    def form(self, judged: Judged, caller: Caller, policy: str) -> Form:
        """Prepare the lines of a request that was judged before."""
        account = Account("", caller, 0.0)
        account.know(judged, policy)
        who, operation = self._caller(account), judged.request.operation.name
        return Form(
            judged,
            policy,
            who,
            decision_form(who, judged.asked),
            outcome_form(who, operation=operation, policy=policy),
            self.tally.cell(judged.client.name, operation, judged.decision.effect.value),
        )

    def allowed_again(self, form: Form) -> tuple[str, bytes]:
        """Buffer the decision event of a request that was judged before; return its id and line.

        The request may be forwarded after `flush`, and then `departed` is due.
        """
        event_id = self._ids()
        return event_id, self._sink.append_form(form.decision, format_time(time.time()), event_id)

    def departed(self, form: Form, line: bytes) -> None:
        """Count and show a request that is forwarded."""
        form.cell.requests += 1
        self._show(line, False)

    def ended_again(
        self, form: Form, event_id: str, began: float, status: int, bytes_out: int
    ) -> None:
        """Write its outcome once it was answered to the end."""
        seconds = time.monotonic() - began
        form.cell.add(seconds, 0, bytes_out)
        self.tally.ended(status, "complete")
        told = ended_as(status, 0, bytes_out, seconds, "complete")
        self._write_outcome(form.outcome, event_id, told)

    def happened(self, kind: Kind, text: str, **fields: object) -> bytes:
        """Write an event that belongs to no request; return its line. Raises AuditError."""
        line = self._sink.append(self._stamped(kind=kind, text=text, **fields))
        self._flush_sink()
        self._show(line, True)
        self._told.show()
        self.tally.happened(kind.value)
        return line

    def turned_away(self, caller: Caller, refusal: Refusal) -> None:
        """Write the event of a caller that came to no request, or count it; never raises.

        It rides along with the next event: whoever stalls must not cost a write each time.
        """
        self.tally.refused("", "", refusal)
        if self._quota.admit(Refused("", refusal.reason), time.monotonic()):
            told = {"caller": caller.describe(), "listener": caller.listener}
            line = self._sink.append(
                self._stamped(
                    kind=Kind.CONNECTION_REFUSED,
                    reason=refusal.reason,
                    text=refusal.message,
                    **told,
                )
            )
            self._show(line, True)

    def settle(self) -> None:
        """Write the outcomes that are buffered and the counts that are due.

        What fails here is reported on the next decision, which is refused then.
        """
        with suppress(Refusal):
            self._tell_counts(self._quota.due(time.monotonic()))
            self.flush()

    async def close(self, text: str) -> None:
        """Write the last counts and the stop event, and let the sink go; raises AuditError.

        A disk that hangs is waited for a second.
        """
        self._tell_counts(self._quota.drain(time.monotonic()))
        self.happened(Kind.STOP, text)
        with suppress(TimeoutError, Refusal):
            async with asyncio.timeout(_LAST_SYNC_SECONDS):
                await self.synced()
                self._sink.close()
        self._told.show_all()

    def flush(self) -> None:
        """Write what is buffered; raises a refusal when it cannot be written, and is dropped."""
        self._write()
        self._told.show()

    def _write(self) -> None:
        try:
            self._flush_sink()
        except AuditError as error:
            raise self._unkept(error) from error

    def _flush_sink(self) -> None:
        try:
            self._sink.flush()
        except AuditError as error:
            self.failure = str(error)
            self.losses += 1
            raise
        self.failure = ""

    def _tell_counts(self, counts: Iterable[Mapping[str, object]]) -> None:
        for counted in counts:
            self._sink.append(self._stamped(**counted))

    def _stamped(self, **fields: object) -> dict[str, object]:
        policy, engine_id = self._origin()
        return {
            "time": format_time(time.time()),
            "id": self._ids(),
            "host": self._host,
            "engine_id": engine_id,
            "policy": policy,
            **fields,
        }

    async def synced(self) -> None:
        """Wait until all that was written is on disk; many waiters share one fsync."""
        try:
            await self._syncer.synced()
        except (AuditError, OSError) as error:
            raise self._unkept(error) from error

    def _unkept(self, error: Exception) -> Refusal:
        self.tally.audit_failures += 1
        return Refusal(Reason.AUDIT_FAILED, f"the audit log cannot be kept: {error}")

    def _decide(self, account: Account, asked: str, *, noteworthy: bool) -> None:
        form = decision_form(self._caller(account), asked)
        self._write_decision(form, account.event_id, noteworthy=noteworthy)
        account.recorded = True

    def _write_decision(self, form: str, event_id: str, *, noteworthy: bool) -> None:
        line = self._sink.append_form(form, format_time(time.time()), event_id)
        self._write()
        self._show(line, noteworthy)
        self._told.show()  # a checkpoint comes behind what it signs

    def _write_outcome(self, form: str, event_id: str, ended: str) -> None:
        line = self._sink.append_form(form, format_time(time.time()), event_id, ended)
        self._show(line, False)

    def _caller(self, account: Account) -> str:
        if account.who:
            return account.who
        client, (_, engine_id) = account.client, self._origin()
        role = client.role.name if client else ""
        key = (account.caller, account.client_name, role, engine_id)
        who = self._who.get(key)
        if who is None:
            if len(self._who) >= _CALLERS:
                self._who.clear()
            who = self._who[key] = who_of(
                {
                    "host": self._host,
                    "engine_id": engine_id,
                    "client": account.client_name,
                    "role": role,
                    "caller": account.caller.describe(),
                    "listener": account.caller.listener,
                }
            )
        account.who = who
        return who
