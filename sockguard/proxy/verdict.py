"""The verdict on one request, asked of the policy until no fact is missing.

Must never mix two policies, nor let a request pass while a fact is missing.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from sockguard.errors import Reason, Refusal
from sockguard.policy.asked import judges_paths, wants_body
from sockguard.policy.decide import decide
from sockguard.policy.noted import noted_objects, with_noted
from sockguard.policy.question import NO_BODY, Effect
from sockguard.proxy.asked_line import allowed_asked
from sockguard.proxy.facts import Enquiry
from sockguard.proxy.memo import Judged
from sockguard.proxy.outgoing import write_outgoing
from sockguard.proxy.refusals import refusal_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping

    from sockguard.engine.facts import Need, Thing
    from sockguard.policy.model import Client
    from sockguard.policy.question import Body
    from sockguard.proxy.account import Account
    from sockguard.proxy.gate import Gate
    from sockguard.proxy.intake import Request
    from sockguard.proxy.read_body import BodyReader
    from sockguard.proxy.standing import Standing
    from sockguard.proxy.upstream import Upstream

MOST_ROUNDS = 8
"""So often facts lead to further ones at most: an exec to its container, that to its image."""
_ENDLESS = "the verdict rests on too many facts, or too many policies"
LONG = 500
"""Values in a body from which on judging it takes its time: 10 to 30 microseconds for each."""

LONGEST_KEPT = 8 * 1024
"""Bytes of a body that is in the event, but for its secrets; of longer ones there is the hash."""


class Verdict:
    """Judges the requests of one connection."""

    __slots__ = ("_gate", "_standing", "_upstream")

    def __init__(self, gate: Gate, standing: Standing, upstream: Upstream) -> None:
        self._gate = gate
        self._standing = standing
        self._upstream = upstream

    async def on(
        self, request: Request, client: Client, account: Account, reader: BodyReader
    ) -> Judged:
        """Return a request that may pass; raises a refusal for one that may not."""
        gate = self._gate
        granted = wants_body(client, request.asked)
        body = await self._read(reader, account) if granted else NO_BODY
        version = await gate.engine.version_to_send(request.asked.version) if granted else 0
        facts: dict[Need, Thing | None] = {}
        enquiry: Enquiry | None = None
        noted = False
        for _ in range(MOST_ROUNDS):
            async with self._turn(client, body):
                # A policy that came while something was awaited judges the request from the start.
                policy = gate.policy
                account.policy = policy.sha256
                client = account.client = self._standing.same_under(policy, client)
                reader.check_limit(client)
                question = request.question(body, gate.kept(), facts, stamps=policy.stamps)
                decision = account.decision = decide(client, question)
            if decision.needs:
                enquiry = enquiry or self.enquiry()
                facts |= await enquiry.find(decision.needs)
                continue
            if decision.effect is Effect.WOULD_DENY:
                if not noted and (unknown := noted_objects(question) - facts.keys()):
                    noted, facts = True, {**facts, **await self._noted(unknown)}
                    continue
                account.decision = with_noted(decision, question)
            if not decision.allowed:
                raise refusal_of(decision)
            if gate.engine.facts is None and judges_paths(client, request.asked):
                await gate.engine.learn()  # they are judged by where the Engine has its data
                continue
            # Nothing else is awaited from here to the memo: a body, and none is ever kept there.
            out = await write_outgoing(request, client, decision, reader, version)
            if policy is gate.policy:
                asked, hopeless = self._asked(account, request)
                return Judged(client, request, decision, out, asked, body, hopeless)
        raise Refusal(Reason.FACT_FAILED, _ENDLESS)

    def _asked(self, account: Account, request: Request) -> tuple[str, bool]:
        """Encode the event, and whether the Engine is known to refuse the request's version."""
        cure = self._gate.engine.cure_for(request.asked.version)
        return allowed_asked(account, cure), bool(cure)

    async def _read(self, reader: BodyReader, account: Account) -> Body:
        body = await reader.read(self._gate.settings.timeouts.body)
        account.body_sha256 = reader.sha256
        account.body = body.document if reader.size <= LONGEST_KEPT else None
        return body

    def enquiry(self) -> Enquiry:
        """Return what looks facts up over this connection, while nothing else is sent on it."""
        gate = self._gate
        return Enquiry(self._upstream, gate.engine, gate.memory, gate.execs)

    async def _noted(self, needs: Iterable[Need]) -> Mapping[Need, Thing | None]:
        """Ask what only the log is to tell; where that fails, the request goes on without."""
        try:
            return await self.enquiry().find(needs)
        except Refusal:
            return {}

    @asynccontextmanager
    async def _turn(self, client: Client, body: Body) -> AsyncIterator[None]:
        """Let long bodies of one client be judged one by one, and all others in between."""
        if body.values < LONG:
            yield
            return
        clock = asyncio.get_running_loop().time
        async with self._gate.turns.setdefault(client.name, asyncio.Lock()):
            began = clock()
            yield
            await asyncio.sleep(clock() - began)  # as long for what others ask in several steps
