"""Who a connection is under the policy of now, and whether what it was allowed still is.

Must never mix two policies: client and verdict come from one and the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sockguard.errors import Reason, Refusal
from sockguard.policy.decide import decide
from sockguard.policy.identify import identify
from sockguard.proxy.refusals import refusal_of

if TYPE_CHECKING:
    from sockguard.identity.caller import Caller
    from sockguard.policy.model import Client, Policy
    from sockguard.policy.question import Decision
    from sockguard.proxy.gate import Gate
    from sockguard.proxy.memo import Judged

_CHANGED = "the policy has changed: "
_ONLY_RECORDED = "only while it is recorded"


class Standing:
    """The client behind one caller, looked up anew whenever the policy is another."""

    __slots__ = ("_disowned", "caller", "client", "policy", "running")

    def __init__(self, caller: Caller) -> None:
        self.caller = caller
        self._disowned = ""
        self.policy: Policy | None = None
        """The policy that was asked last."""
        self.client: Client | None = None
        """Who it is under that one, None for nobody."""
        self.running: Judged | None = None
        """The stream that is served now."""

    def under(self, policy: Policy) -> Client | None:
        """Return the client, None for nobody."""
        if self.policy is not policy:
            self.policy = policy
            try:
                self.client = self.identified(policy)
            except Refusal:
                self.client = None
        return self.client

    def identified(self, policy: Policy) -> Client:
        """Return the client; a refusal that says why for nobody and for several."""
        if self._disowned:
            raise Refusal(Reason.UNKNOWN_CALLER, self._disowned, detail=self.caller.listener)
        return identify(policy, self.caller)

    def disown(self, why: str) -> None:
        """Be nobody from now on, whatever the policy says."""
        self._disowned = why
        self.policy = self.client = None

    def same_under(self, policy: Policy, before: Client) -> Client:
        """Return the client for a request that waited; a refusal unless the caller is still it."""
        client = self.under(policy)
        if client is before:
            return client
        if client is None or client.name != before.name:
            changed = f"{_CHANGED}this caller is no longer client '{before.name}'"
            raise Refusal(
                Reason.UNKNOWN_CALLER, self._disowned or changed, detail=self.caller.listener
            )
        return client

    def objection(self, gate: Gate) -> Refusal | None:
        """Say why the stream that runs would not pass now as it was sent; None when it would."""
        judged = self.running
        if judged is None:
            return None
        try:
            client = self.same_under(gate.policy, judged.client)
        except Refusal as refusal:
            return refusal
        before = judged.decision
        question = judged.request.question(
            judged.body, gate.kept(), before.facts, stamps=gate.policy.stamps
        )
        decision = decide(client, question)
        if not decision.allowed and not decision.needs:
            return refusal_of(decision, _CHANGED)
        other = _difference(judged, client, decision)
        if not other and gate.recordings.has_to_begin(judged):
            other = _ONLY_RECORDED
        operation = judged.request.operation.name
        return Refusal(Reason.QUERY, f"{_CHANGED}it allows {operation} {other}") if other else None


def _difference(judged: Judged, client: Client, decision: Decision) -> str:
    """Say in which other way the request would pass now, "" where it would pass as it did."""
    if decision.needs:
        return "for some objects only"
    if decision.pairs != judged.decision.pairs:
        return "with another query only"
    if decision.recorded and not judged.decision.recorded:
        return _ONLY_RECORDED
    if judged.request.operation.answer is None:
        return ""
    before = _shows(judged.client, judged.decision)
    return "" if _shows(client, decision) == before else "with another answer only"


def _shows(client: Client, decision: Decision) -> tuple[object, ...]:
    """Return all that decides what is shown of an answer."""
    shown = [(grant.target, grant.shared, grant.response.text) for grant in decision.grants]
    return client.own, client.mode, [(target and target.text, *rest) for target, *rest in shown]
