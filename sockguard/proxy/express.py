"""The short way of a request that is remembered as allowed: from callback to callback, no task.

Must never carry what was not judged, nor go on after a surprise: from there the long way goes on.
"""

# A quick GET took twice as long on the long way, for its tasks, futures and objects.

from __future__ import annotations

import time
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from sockguard.errors import Malformed, Reason, Refusal
from sockguard.proxy.answer import answer_head
from sockguard.wire.body import whole_size
from sockguard.wire.head import HEAD_END, MAX_HEAD, FramingKind, parse_response_head

if TYPE_CHECKING:
    import asyncio

    from sockguard.proxy.account import Account
    from sockguard.proxy.channel import Channel
    from sockguard.proxy.connection import Connection
    from sockguard.proxy.form import Form
    from sockguard.proxy.gate import Gate
    from sockguard.proxy.memo import Judged
    from sockguard.proxy.standing import Standing
    from sockguard.proxy.upstream import Upstream
    from sockguard.wire.head import Framing

_USUAL = range(200, 300)  # what the Engine says of an error may have to be masked


def silent() -> Refusal:
    """Return the refusal of a request that the Engine does not answer.

    Made anew each time: one that is raised again holds on to all that it was raised in before.
    """
    return Refusal(Reason.UPSTREAM, "the Engine accepted the request but is silent", status=504)


class Ride(NamedTuple):
    """A request under way: it was recorded, unless there is a `failure`, and sent if it says so."""

    judged: Judged
    account: Account
    failure: Refusal | None
    sent: bool


class _Opening(NamedTuple):
    """How a usual answer begins: its status, the head that the client gets, its framing."""

    status: int
    head: bytes
    framing: Framing


class Express:
    """Serves remembered requests of one connection while its task sleeps in `surprise`."""

    __slots__ = (
        *("_answer", "_began", "_channel", "_connection", "_engine", "_event_id", "_form"),
        *("_gate", "_generation", "_line", "_parked", "_ride", "_standing"),
        *("_upstream", "_who"),
    )

    def __init__(
        self, connection: Connection, gate: Gate, upstream: Upstream, standing: Standing
    ) -> None:
        self._connection = connection
        self._channel = connection.channel
        self._gate = gate
        self._upstream = upstream
        self._standing = standing
        self._answer = _AnswerSink(self)
        self._parked: asyncio.Future[None] | None = None
        self._who = ""  # as the forms of this generation tell of it, once one was made
        self._generation = -1
        self._engine: Channel | None = None
        self._form: Form | None = None
        self._event_id = ""
        self._line = b""
        """The event that is to be written before it goes, b"" once that is done."""
        self._began = 0.0
        self._ride: Ride | None = None

    async def surprise(self) -> Ride | None:
        """Serve until something is not as usual; return what is under way then, if anything is."""
        channel = self._channel
        if channel.waiting_bytes or channel.eof or channel.full:
            return None
        self._parked = channel.promise()
        channel.sink = self
        try:
            await self._parked
        finally:
            self._leave()
        ride, self._ride = self._ride, None
        return ride

    def hand_over(self, failure: Refusal | None = None, *, sent: bool = True) -> bool:
        """Let the task go on with what is under way; return False where it does already."""
        if self._parked is None or self._parked.done():
            return False
        if self._line:
            self._gate.departures.go()
        if not self._parked.done():
            if self._form is not None:
                self._ride = Ride(self._form.judged, self._account(self._form), failure, sent)
            self._leave()
            self._parked.set_result(None)
        return True

    def forget_caller(self) -> None:
        """Ask anew who the caller is before another request goes this way."""
        self._who = ""

    def _leave(self) -> None:
        self._channel.sink = None
        if self._engine is not None:
            self._engine.sink = None
        self._engine = self._form = None

    def _account(self, form: Form) -> Account:
        account = self._gate.recorder.begin(self._connection.caller)
        account.know(form.judged, form.policy)
        if self._event_id:
            account.event_id, account.began = self._event_id, self._began
            account.who, account.cell, account.recorded = form.who, form.cell, True
        return account

    # --- the client's side

    def bytes_came(self, data: bytes) -> None:
        """Send a request that is remembered; whatever else comes is a surprise."""
        form = self._form_of(data) if self._form is None else None
        engine = self._upstream.usable() if form is not None else None
        if form is None or engine is None:
            self.hand_over()
            self._channel.put_back(data)
            return
        self._form = form
        self._event_id = ""
        self._began = time.monotonic()
        try:
            self._gate.limiter.admit(form.judged.client, self._began)
        except Refusal as failure:
            self.hand_over(failure)
            return
        self._engine = engine
        self._event_id, self._line = self._gate.recorder.allowed_again(form)
        self._connection.idle = False
        self._gate.departures.add(self)

    def eof_came(self) -> None:
        """Leave a client that ends to the task."""
        self.hand_over()

    def _form_of(self, data: bytes) -> Form | None:
        """Return the forms of a request that is remembered now, None for any other."""
        gate = self._gate
        if gate.draining:
            return None
        if self._generation != gate.memo.generation:
            self._generation = gate.memo.generation
            self._who = ""
        form = gate.memo.forms.get((self._who, data))
        return self._make_form(data) if form is None else form

    def _make_form(self, data: bytes) -> Form | None:
        gate = self._gate
        client = self._standing.under(gate.policy)
        judged = gate.memo.find(client, data) if client is not None else None
        if judged is None or not judged.express:
            return None
        form = gate.recorder.form(judged, self._connection.caller, gate.policy.sha256)
        self._who = form.who
        gate.memo.keep_form(data, form)
        return form

    # --- called by the departures

    def depart(self) -> None:
        """Send: the event is written."""
        engine, form, gate = self._engine, self._form, self._gate
        if engine is None or form is None:
            return
        self._line, line = b"", self._line
        gate.recorder.departed(form, line)
        if self._upstream.usable() is None:  # the Engine ended, or spoke without being asked
            self.hand_over(sent=False)
            return
        self._connection.expect_within(gate.settings.timeouts.quick_answer, silent)
        engine.sink = self._answer
        engine.write(form.judged.out.head)

    def stay(self, failure: Refusal) -> None:
        """Leave a request whose event could not be written to the task."""
        self._line = b""
        self._event_id = ""
        self.hand_over(failure)

    # --- the Engine's side

    def answer_came(self, data: bytes) -> None:
        """Pass an answer on that came in one piece; whatever else comes is a surprise."""
        engine, form = self._engine, self._form
        if engine is None or form is None:
            return
        end = data.find(HEAD_END) + len(HEAD_END)
        method = form.judged.request.head.method
        opening = _opening(data[:end], method) if end <= MAX_HEAD else None
        body = data[end:]
        size = whole_size(opening.framing, body) if opening is not None else -1
        if opening is None or size < 0:
            self.hand_over()
            engine.put_back(data)
            return
        self._channel.write(opening.head + body)
        engine.sink = None
        self._engine = self._form = None
        self._gate.recorder.ended_again(form, self._event_id, self._began, opening.status, size)
        self._connection.rest()
        if self._gate.draining:
            self._connection.dismiss()
        elif self._channel.full:
            self.hand_over()


class _AnswerSink:
    """Stands on the Engine's side while an answer is due."""

    __slots__ = ("_express", "bytes_came")

    def __init__(self, express: Express) -> None:
        self._express = express
        self.bytes_came = express.answer_came

    def eof_came(self) -> None:
        """Leave an Engine that ends to the task."""
        self._express.hand_over()


@lru_cache(maxsize=256)  # the same few heads within a second: 12 microseconds each if made anew
def _opening(data: bytes, method: str) -> _Opening | None:
    """Return how a usual answer with this head goes on to the client, None for any other."""
    try:
        head = parse_response_head(data, method)
    except Malformed:
        return None
    usual = head.status in _USUAL and head.keep_alive
    if not usual or head.framing.kind is FramingKind.UNTIL_CLOSE:
        return None
    opened = answer_head(head, head.framing, close=False, head_request=method == "HEAD")
    return _Opening(head.status, opened, head.framing)
