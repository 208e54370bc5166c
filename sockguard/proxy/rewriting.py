"""What becomes of an answer that is read whole, or event by event, before the client gets it.

Must never let a client learn an exec's id before it is known whose that exec is.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sockguard.engine.facts import Need
from sockguard.errors import Malformed, Reason, Refusal
from sockguard.policy.spoken import hides_words, spoken
from sockguard.proxy.answer import clamp_version_document, is_document, is_error
from sockguard.proxy.facts import Enquiry
from sockguard.proxy.treatment import Treatment
from sockguard.proxy.upstream import Upstream
from sockguard.wire.document import decode, encode

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from sockguard.proxy.gate import Gate
    from sockguard.proxy.memo import Judged
    from sockguard.wire.head import ResponseHead

    Rewrite = Callable[[bytes], Awaitable[bytes]]


class Rewriting:
    """The treatment of one answer, and what is done with it besides."""

    __slots__ = ("_after", "_treatment")

    def __init__(self, treatment: Treatment | None, after: Rewrite | None) -> None:
        self._treatment = treatment
        self._after = after

    @property
    def lines(self) -> Treatment | None:
        """The treatment of an answer that comes line by line, None where it is read whole."""
        return self._treatment if self._treatment and self._treatment.streams else None

    @property
    def masked(self) -> Iterable[str]:
        """The places at which something was masked so far."""
        return self._treatment.masked if self._treatment else ()

    async def whole(self, data: bytes) -> bytes:
        """Return the body that the client gets; raises a refusal."""
        if self._treatment is not None:
            data = await self._treatment.whole(data)
        return data if self._after is None else await self._after(data)


class Rewritings:
    """What becomes of the answer to one request, be it what was asked for or an error."""

    __slots__ = ("_document", "_error")

    def __init__(self, document: Rewriting | None, error: Rewriting | None) -> None:
        self._document = document
        self._error = error

    def of(self, head: ResponseHead) -> Rewriting | None:
        """Return what becomes of an answer with this head; None where it passes as it comes."""
        if is_error(head):
            return self._error
        return self._document if self._document is not None and is_document(head) else None


def is_rewritten(judged: Judged) -> bool:
    """Tell whether the client may get another answer than the Engine gave."""
    return judged.out.answering is not None or judged.request.operation.name in _AFTER


def rewritings_of(judged: Judged, gate: Gate, upstream: Upstream) -> Rewritings:
    """Return what becomes of the answer to a request."""
    error = None
    if hides_words(judged.client, judged.decision.grants) and not judged.out.tunnel:
        error = Rewriting(None, _error(judged))
    return Rewritings(_rewriting_of(judged, gate, upstream), error)


def _rewriting_of(judged: Judged, gate: Gate, upstream: Upstream) -> Rewriting | None:
    answering = judged.out.answering
    after = _AFTER.get(judged.request.operation.name)
    if answering is None and after is None:
        return None
    treatment = None
    if answering is not None:
        treatment = Treatment(answering, lambda streams: _enquiry(gate, upstream, apart=streams))
    return Rewriting(treatment, after and after(judged, gate, upstream))


def _enquiry(gate: Gate, upstream: Upstream, *, apart: bool) -> Enquiry:
    """Return what looks facts up: on the client's own connection, or on one beside a stream."""
    if apart:
        settings = gate.settings
        upstream = Upstream(settings.upstream, settings.timeouts.connect, gate.engine_was_gone)
    return Enquiry(upstream, gate.engine, gate.memory, gate.execs)


def _error(judged: Judged) -> Rewrite:
    async def hide(data: bytes) -> bytes:
        decision = judged.decision
        known = {*decision.names, *(thing.id for thing in decision.facts.values() if thing)}
        try:
            told = decode(data)
        except Malformed:
            told = None
        if not isinstance(told, dict):
            return spoken(data.decode("utf-8", "replace"), judged.client, known).encode()
        for key, one in told.items():
            told[key] = spoken(one, judged.client, known) if isinstance(one, str) else one
        return encode(told)

    return hide


def _version(_judged: Judged, _gate: Gate, _upstream: Upstream) -> Rewrite:
    async def clamp(data: bytes) -> bytes:
        return clamp_version_document(data)

    return clamp


def _exec_made(judged: Judged, gate: Gate, upstream: Upstream) -> Rewrite:
    async def note(data: bytes) -> bytes:
        match decode(data):
            case {"Id": str(identity)}:
                need = Need("exec", identity)
            case _:
                raise Refusal(Reason.UPSTREAM, "the Engine told no id of the exec that it made")
        made = (await _enquiry(gate, upstream, apart=False).find({need}))[need]
        if made is None:
            raise Refusal(Reason.UPSTREAM, "the exec that the Engine made is gone")
        decision = judged.decision
        made = replace(made, id=identity)
        gate.execs.remember(judged.client.name, made, decision.grant, recorded=decision.recorded)
        return data

    return note


_AFTER: dict[str, Callable[[Judged, Gate, Upstream], Rewrite]] = {
    "system.version": _version,
    "exec.create": _exec_made,
}
