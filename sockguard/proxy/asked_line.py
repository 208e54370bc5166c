"""What a decision event tells beside its caller: the request, the verdict, and on what it rests.

Must never hold a body, a query value or a header other than User-Agent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sockguard.audit.event import asked_of
from sockguard.engine.facts import told_facts
from sockguard.errors import Reason, Refusal
from sockguard.policy.question import Effect

if TYPE_CHECKING:
    from sockguard.proxy.account import Account
    from sockguard.proxy.intake import Request


def allowed_asked(account: Account) -> str:
    """Encode what was decided about a request that may pass."""
    decision = account.decision
    if decision is None or account.request is None:
        raise Refusal(Reason.INTERNAL, "a request without a decision")
    text = decision.message or _allowed_text(account)
    return _asked(account, decision.effect, decision.reason, decision.detail, text)


def refused_asked(account: Account, refusal: Refusal) -> str:
    """Encode why a request may not pass."""
    return _asked(account, Effect.DENY, refusal.reason, refusal.detail, refusal.message)


def _asked(account: Account, effect: Effect, reason: Reason | None, detail: str, text: str) -> str:
    head, request, decision = account.head, account.request, account.decision
    fields: dict[str, object] = {
        "decision": effect,
        "reason": reason,
        "detail": detail,
        "text": text,
        "policy": account.policy,
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
