"""What a decision event tells beside its caller: the request, the verdict, and on what it rests.

Must never hold a secret that the request has, nor a header other than User-Agent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sockguard.audit.event import DOCUMENT_BYTES, asked_of
from sockguard.engine.told import told_facts
from sockguard.errors import Reason, Refusal
from sockguard.policy.question import Effect
from sockguard.policy.scrub import scrubbed_body, scrubbed_query, scrubbed_text

if TYPE_CHECKING:
    from sockguard.proxy.account import Account
    from sockguard.proxy.intake import Request


def allowed_asked(account: Account, cure: str = "") -> str:
    """Encode what was decided about a request that may pass.

    `cure` says what helps where the Engine is known to refuse it nevertheless.
    """
    decision = account.decision
    if decision is None or account.request is None:
        raise Refusal(Reason.INTERNAL, "a request without a decision")
    text = decision.message or _allowed_text(account)
    told = f"{text}; {cure}" if cure else text
    return _asked(account, decision.effect, decision.reason, decision.detail, told)


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
        "body_sha256": account.body_sha256,
    }
    if head is not None:
        fields |= {
            "method": head.method,
            "user_agent": scrubbed_text(head.first("user-agent") or ""),
        }
    if request is not None:
        fields |= _request_fields(request) | {"target": target_of(request, account.body)}
    if account.body is not None:
        fields["body"] = _short(scrubbed_body(account.body))
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
        "query": scrubbed_query(request.asked.query.pairs),
        "api_version": f"1.{request.asked.version}" if request.asked.version else "",
        "read_only": not request.operation.writes,
    }


def _short(document: str) -> str:
    """Return a document that an event has room for, "" for another: its hash is there."""
    return document if len(document) <= DOCUMENT_BYTES else ""


def target_of(request: Request, body: object) -> str:
    """Return the objects in the path, else the name that what is made will have, "" for none."""
    if request.names or not request.operation.name.endswith(".create"):
        return " ".join(request.names)
    in_body = body.get("Name") if isinstance(body, dict) else ""
    return str(request.asked.query.values.get("name") or in_body or "")


def _allowed_text(account: Account) -> str:
    request, decision = account.request, account.decision
    operation = request.operation.name if request else ""
    names = target_of(request, account.body) if request else ""
    line = f" by {decision.grant.source}" if decision and decision.grant else ""
    return f"client '{account.client_name}' may {operation}{' ' + names if names else ''}{line}"
