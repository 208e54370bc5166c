"""One client connection, told from top to bottom: read, judge, record, forward, answer.

Must never forward before the decision is recorded, nor let an error become a forwarded request:
this is the one place that turns the unexpected into a refusal.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from sockguard.errors import Malformed, Reason, Refusal
from sockguard.proxy.browsers import browsers_reach, refuse_browser
from sockguard.proxy.exchange import Exchange
from sockguard.proxy.express import Express, silent
from sockguard.proxy.intake import read_request
from sockguard.proxy.limits import AnswerRoom
from sockguard.proxy.linger import linger
from sockguard.proxy.own_log import note_crash
from sockguard.proxy.read_body import BodyReader
from sockguard.proxy.refuse import refuse
from sockguard.proxy.rewriting import rewritings_of
from sockguard.proxy.upstream import Upstream
from sockguard.proxy.verdict import Verdict
from sockguard.wire.head import FramingKind, find_head_end, parse_request_head

if TYPE_CHECKING:
    from collections.abc import Callable

    from sockguard.policy.model import Client
    from sockguard.proxy.account import Account
    from sockguard.proxy.channel import Channel
    from sockguard.proxy.express import Ride
    from sockguard.proxy.gate import Gate
    from sockguard.proxy.intake import Request
    from sockguard.proxy.memo import Judged
    from sockguard.proxy.standing import Standing

CLIENT_GRACE = 300.0
"""Seconds for a slow client to take the end of its answer before it is cut."""


class Connection:
    """One accepted peer, served until it ends or an anomaly ends it."""

    __slots__ = (
        *("_browser", "_expiry", "_express", "_gate", "_late", "_loop"),
        *("_reader", "_standing", "_upstream", "_verdict", "_whole"),
        *("caller", "channel", "exchange", "idle", "streaming"),
    )

    def __init__(self, channel: Channel, standing: Standing, gate: Gate) -> None:
        self.channel = channel
        self.caller = standing.caller
        self.exchange: Exchange | None = None
        self.idle = True
        self.streaming = False
        """Whether the request that is served now may stay open for long."""
        self._gate = gate
        limits = gate.settings.timeouts
        self._upstream = Upstream(gate.settings.upstream, limits.connect, gate.engine_was_gone)
        self._whole = True  # no byte of the current request is left unread
        self._expiry = 0.0  # loop time at which what is awaited now is late, 0 for never
        self._late: Callable[[], Refusal] | None = None
        self._loop = asyncio.get_running_loop()
        self._standing = standing
        self._verdict = Verdict(gate, self._standing, self._upstream)
        self._reader: BodyReader | None = None
        self._express = Express(self, gate, self._upstream, self._standing)
        self._browser = browsers_reach(self.caller)

    async def run(self) -> None:
        """Serve requests one after the other."""
        try:
            while await self._serve_one() and not self._gate.draining:
                pass
        finally:
            self._upstream.drop()
            self.channel.close(CLIENT_GRACE)
            self._gate.connections.pop(self, None)

    def cut(self, ended: str) -> None:
        """End what is served now at once."""
        if self._express.hand_over():
            self._loop.call_soon(self.cut, ended)  # once the task has come to it
            return
        if self.exchange is not None:
            self.exchange.stop(ended)
        self.channel.interrupt()

    def dismiss(self) -> None:
        """End the wait for another request."""
        self._express.hand_over()
        self.channel.interrupt()

    def disown(self, why: str) -> None:
        """Serve this caller no more: what made it known holds no longer."""
        self._standing.disown(why)
        self._express.forget_caller()
        self.policy_changed("disowned")

    def policy_changed(self, ended: str = "reload") -> None:
        """End what may not go on now: a stream, or the wait for nobody's request."""
        gate, exchange = self._gate, self.exchange
        if self.idle and self._standing.under(gate.policy) is None:
            self.dismiss()
        elif exchange is not None and (objection := self._standing.objection(gate)) is not None:
            exchange.stop(ended, objection)

    def tick(self, now: float, *, poll: bool) -> None:
        """Notice what no event reports: a time limit, a half-closed peer that is gone."""
        if self._expiry and now >= self._expiry and self._late is not None:
            if self._express.hand_over():
                return  # the next tick ends it
            self._expiry = 0.0
            if self.exchange is not None:
                self.exchange.answer_is_late(self._late())
            else:
                self.channel.interrupt()
        elif poll and self.exchange is not None:
            self.exchange.peer_gone()

    def expect_within(self, seconds: float, late: Callable[[], Refusal]) -> None:
        """Let what is awaited next take so long, else end it with the refusal that `late` makes."""
        self._expiry = self._loop.time() + seconds
        self._late = late

    def body_was_read(self, rest: bytes) -> None:
        """Learn that the current request has been read to its end; `rest` came behind it."""
        self._whole = True
        self._expiry = 0.0
        self.channel.put_back(rest)

    async def read_more(self, cut_short: str) -> bytes:
        """Return the next bytes of a request; raises a refusal when they do not come."""
        piece = await self.channel.read()
        if not piece:
            raise self._late() if self._late and not self._expiry else Malformed(cut_short)
        return piece

    # --- one request

    async def _serve_one(self) -> bool:
        """Serve one request; return whether the connection may carry another."""
        account: Account | None = None
        recorder = self._gate.recorder
        self.rest()
        try:
            ride = None if self._browser else await self._express.surprise()
            if ride is not None:
                account = ride.account
                return await self._finish_express(ride)
            data = await self._read_head()
            if data is None:
                return False
            account = recorder.begin(self.caller)
            return await self._handle(data, account)
        except Refusal as refusal:
            return await self._refuse(refusal, account)
        except asyncio.CancelledError:
            if account is not None:
                recorder.outcome(account, status=0, ended="shutdown")
            raise
        except Exception:  # noqa: BLE001 - whatever goes wrong ends in a refusal
            note_crash()
            failure = Refusal(Reason.INTERNAL, "an error of sockguard itself, see its own log")
            return await self._refuse(failure, account)
        finally:
            self._forget_request()

    async def _refuse(self, refusal: Refusal, account: Account | None) -> bool:
        account = account or self._gate.recorder.begin(self.caller)
        return await refuse(self.channel, self._gate, refusal, account, whole=self._whole)

    def _forget_request(self) -> None:
        self.exchange = self._late = self._standing.running = None
        self._expiry = 0.0
        if self._reader is not None:
            self._reader.release()
            self._reader = None

    def rest(self) -> None:
        """Have nothing to do until another request comes."""
        connections = self._gate.connections
        connections[self] = connections.pop(self, None)  # the longest idle stays first
        self.idle = True
        self._expiry = 0.0

    async def _read_head(self) -> bytes | None:
        """Return the bytes of one whole head, None when the client ends between requests."""
        await self.channel.drained()
        data = await self.channel.read()
        if not data:
            return None
        self._whole = False
        end = find_head_end(data)
        if end < 0:
            limit = self._gate.settings.timeouts.head
            self.expect_within(
                limit, lambda: Malformed(f"no whole head within {limit:g} s", status=408)
            )
        while end < 0:
            scanned = len(data)
            data += await self.read_more("the connection ended within a request head")
            end = find_head_end(data, scanned)
        self._expiry = 0.0
        self.idle = False
        self.channel.put_back(data[end:])
        return data[:end]

    async def _handle(self, data: bytes, account: Account) -> bool:
        gate = self._gate
        self._upstream.notice_end()
        client = account.client = self._standing.under(gate.policy)
        account.policy = gate.policy.sha256
        known = gate.memo.find(client, data) if client is not None else None
        if known is None or self._browser:
            client, request = self._read_request(data, account)
        else:
            client, request = known.client, known.request
            account.know(known, gate.policy.sha256)
            self._whole = True
        gate.limiter.admit(client, account.began)
        if request.streams:
            gate.limiter.open_stream(client)
            self.streaming = True
        try:
            return await self._forward(known or await self._judge(data, account), account)
        finally:
            if self.streaming:
                self.streaming = False
                gate.limiter.close_stream(client)

    def _read_request(self, data: bytes, account: Account) -> tuple[Client, Request]:
        head = account.head = parse_request_head(data)
        self._whole = head.framing.kind is FramingKind.NONE
        if self._browser:
            refuse_browser(head, self.caller)
        client = account.client or self._standing.identified(self._gate.policy)
        request = account.request = read_request(head, self._gate.engine.newest_served)
        return client, request

    async def _judge(self, data: bytes, account: Account) -> Judged:
        client, request = account.client, account.request
        if client is None or request is None:
            raise Refusal(Reason.INTERNAL, "a verdict was asked for without client or request")
        reader = self._reader = BodyReader(self, request, client, self._gate.limiter)
        judged = await self._verdict.on(request, client, account, reader)
        self._gate.memo.keep(data, judged)
        return judged

    async def _forward(self, judged: Judged, account: Account) -> bool:
        gate = self._gate
        account.decision = judged.decision
        async with gate.recordings.around(judged, account, self._verdict.enquiry):
            gate.recorder.allowed(account, judged.asked, noteworthy=judged.noteworthy)
            if judged.needs_sync:
                await gate.recorder.synced()
            return await self._carry(judged, account)

    async def _carry(self, judged: Judged, account: Account, *, sent: bool = False) -> bool:
        gate = self._gate
        if judged.quick and not sent:
            self.expect_within(gate.settings.timeouts.quick_answer, silent)
        room = AnswerRoom(gate.limiter, judged.client)
        rewritings = rewritings_of(judged, gate, self._upstream)
        exchange = self.exchange = account.exchange = Exchange(
            self.channel, self._upstream, judged.out, rewritings, room
        )
        exchange.recording = account.recording
        if judged.request.streams:
            self._standing.running = judged
            if self._standing.policy is not gate.policy:
                self.policy_changed()
        try:
            await exchange.run(sent=sent)
        finally:
            room.release()
            self._whole = exchange.request_read
            if exchange.engine_gone:
                gate.engine_was_gone()
        gate.recorder.outcome(account, status=exchange.status, ended=exchange.ended)
        if not self._whole:
            await linger(self.channel, self._gate.settings.timeouts.discard)
        return exchange.reusable

    async def _finish_express(self, ride: Ride) -> bool:
        """Go on with one that is not answered as usual."""
        self._whole = True
        self.idle = False
        if ride.failure is not None:
            raise ride.failure
        if not ride.sent:
            self._upstream.notice_end()
        return await self._carry(ride.judged, ride.account, sent=ride.sent)
