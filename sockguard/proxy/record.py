"""Connection facts as audit events: the decision before it is carried out, the outcome after.

Must never store a body, a query value or a header other than User-Agent.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from sockguard.audit.event import (
    Kind,
    asked_of,
    decision_line,
    encode,
    format_time,
    outcome_line,
    who_of,
)
from sockguard.audit.sink import AuditError
from sockguard.audit.ulid import UlidSource
from sockguard.engine.facts import told_facts
from sockguard.errors import Reason, Refusal
from sockguard.policy.question import Effect
from sockguard.proxy.account import Account
from sockguard.proxy.syncer import Syncer
from sockguard.proxy.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from sockguard.audit.quota import Quota
    from sockguard.audit.sink import Sink
    from sockguard.identity.caller import Caller
    from sockguard.proxy.intake import Request

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
        self.tally = Tally()
        self.failure = ""
        """Why the log could not be written the last time, "" when it could."""

    @property
    def sink(self) -> Sink:
        """Where the events go."""
        return self._sink

    def begin(self, caller: Caller) -> Account:
        """Open the account of one request."""
        return Account(self._ids(), caller, time.monotonic())

    def asked(self, account: Account) -> str:
        """Encode what was decided about a request that may pass, for `allowed`."""
        decision, request = account.decision, account.request
        if decision is None or request is None:
            raise Refusal(Reason.INTERNAL, "a request without a decision")
        text = decision.message or _allowed_text(account)
        return self._asked(account, decision.effect, decision.reason, decision.detail, text)

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
        if not self._quota.admit(account.client_name, refusal.reason, time.monotonic()):
            account.counted = True
            return
        asked = self._asked(account, Effect.DENY, refusal.reason, refusal.detail, refusal.message)
        self._decide(account, asked, noteworthy=True)

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
        line = outcome_line(
            time.time(),
            account.event_id,
            self._caller(account),
            operation=request.operation.name if request else "",
            status=status,
            bytes_in=bytes_in,
            bytes_out=bytes_out,
            ms=seconds * 1000,
            ended=ended,
            policy=account.policy,
        )
        self._sink.append_line(line)
        self._show(line, False)

    def happened(self, kind: Kind, text: str, **fields: object) -> None:
        """Write an event that belongs to no request; raises AuditError."""
        line = encode(self._stamped(kind=kind, text=text, **fields))
        self._sink.append_line(line)
        self._sink.flush()
        self._show(line, True)
        self.tally.happened(kind.value)

    def settle(self) -> None:
        """Write the outcomes that are buffered and the counts that are due.

        What fails here is reported on the next decision, which is refused then.
        """
        with suppress(Refusal):
            self._tell_counts(self._quota.due(time.monotonic()))
            self._flush()

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

    def _flush(self) -> None:
        try:
            self._sink.flush()
        except AuditError as error:
            self.failure = str(error)
            raise self._unkept(error) from error
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
        line = decision_line(time.time(), account.event_id, self._caller(account), asked)
        self._sink.append_line(line)
        self._flush()
        account.recorded = True
        self._show(line, noteworthy)

    def _asked(
        self, account: Account, effect: Effect, reason: Reason | None, detail: str, text: str
    ) -> str:
        head, request, decision = account.head, account.request, account.decision
        fields: dict[str, object] = {
            "decision": effect,
            "reason": reason,
            "detail": detail,
            "text": text,
            "policy": account.policy or self._origin()[0],
        }
        if head is not None:
            fields |= {"method": head.method, "user_agent": head.first("user-agent")}
        if request is not None:
            fields |= _request_fields(request)
        if account.client is not None:
            fields["mode"] = account.client.mode
        if decision is not None:
            fields["hint"] = decision.hint
            fields["grant"] = str(decision.grant.source) if decision.grant else ""
            fields["facts"] = told_facts(decision.facts) if decision.facts else ""
        return asked_of(fields)

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


def _request_fields(request: Request) -> dict[str, object]:
    return {
        "operation": request.operation.name,
        "path": request.asked.recognised.path,
        "api_version": f"1.{request.asked.version}" if request.asked.version else "",
        "target": " ".join(request.names),
        "read_only": not request.operation.writes,
    }


def _allowed_text(account: Account) -> str:
    request, decision = account.request, account.decision
    operation = request.operation.name if request else ""
    names = " ".join(request.names) if request else ""
    line = f" by {decision.grant.source}" if decision and decision.grant else ""
    return f"client '{account.client_name}' may {operation}{' ' + names if names else ''}{line}"
