"""By which line of the policy something was allowed, or what a line that would allow it amounts to.

Must never take what the log says for more than a text: it may come from another policy or machine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sockguard.audit.event import Kind
from sockguard.policy.complaints import PolicyError
from sockguard.policy.load import load_texts
from sockguard.policy.question import Effect
from sockguard.policy.risks import amounts_to, risks_of
from sockguard.review.fields import text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_POLICY = "version: 1\nclients:\n  hinted:\n    allow:\n      {}\n"


def beside(event: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Yield what there is to say of an event beside its fields, each with what it is."""
    hint, grant = text_of(event.get("hint")), text_of(event.get("grant"))
    if weight := weight_of(hint):
        yield "alone that amounts to", weight
    if grant:
        is_refused = event.get("decision") in (Effect.DENY, Effect.WOULD_DENY)
        yield "nearest line" if is_refused else "allowed by", grant
    if event.get("kind") == Kind.RECORDING_CLOSED:
        yield "to see it", f"sockguard audit play {text_of(event.get('id'))}"


def weight_of(hint: str) -> str:
    """Say in words what a policy of this one line would hand over; "" where it is no such line."""
    if not hint.startswith("- ") or "\n" in hint:
        return ""
    try:
        policy = load_texts({"hint": _POLICY.format(hint).encode()}, shipped={})
    except (PolicyError, UnicodeEncodeError):
        return ""
    return amounts_to(risks_of(policy.clients["hinted"]))
