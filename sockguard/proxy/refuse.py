"""Answer a request that may not pass, record it, and tell whether the connection may go on.

Must never leave a refusal unanswered because it cannot be recorded, nor forward anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sockguard.errors import Refusal
from sockguard.proxy.linger import discard_body, linger
from sockguard.proxy.own_log import note
from sockguard.proxy.refusals import answer_to

if TYPE_CHECKING:
    from sockguard.proxy.account import Account
    from sockguard.proxy.channel import Channel
    from sockguard.proxy.gate import Gate
    from sockguard.proxy.record import Recorder


async def refuse(
    channel: Channel, gate: Gate, refusal: Refusal, account: Account, *, whole: bool
) -> bool:
    """Return whether another request may follow; `whole`: this one was read to its end."""
    exchange, head = account.exchange, account.head
    if exchange is not None and exchange.answering:
        gate.recorder.outcome(account, status=exchange.status, ended=exchange.ended)
        return False
    _record(gate.recorder, refusal, account)
    if not whole and exchange is None and head is not None:
        whole = discard_body(channel, head.framing)
    keep = whole and head is not None and head.keep_alive and not head.upgrade_asked
    keep = keep and exchange is None and not channel.waiting_bytes
    if account.client is None and account.caller.address is not None:
        keep = False  # on its next connection it may be known: it is asked for each anew
    full = gate.settings.hints == "full"
    channel.write(answer_to(account, refusal, hints=full, close=not keep))
    if not keep:
        await linger(channel, gate.settings.timeouts.discard)
    return keep


def _record(recorder: Recorder, refusal: Refusal, account: Account) -> None:
    exchange = account.exchange
    try:
        if not account.recorded:
            recorder.refused(account, refusal)
        ended = exchange.ended if exchange is not None else "refused"
        status = 0 if ended == "client_gone" else refusal.status
        recorder.outcome(account, status=status, ended=ended)
    except Refusal as failure:
        note(failure.message)
