"""Judged heads that need not be judged again: the same bytes from the same client.

Must never remember a refusal, a request with a body, with facts or with credentials, nor replace
limits, identity or the event, which are asked and written each time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sockguard.policy.question import Body, Effect
from sockguard.proxy.rewriting import is_rewritten

if TYPE_CHECKING:
    from sockguard.policy.model import Client
    from sockguard.policy.question import Decision
    from sockguard.proxy.form import Form
    from sockguard.proxy.intake import Request
    from sockguard.proxy.outgoing import Outgoing

NO_BODY = Body()
MOST = 1024
LONGEST = 2048


@dataclass(frozen=True, slots=True)
class Judged:
    """A request that may pass: its verdict, what is sent, and its half of the event line.

    It is `hopeless` when the Engine is known to refuse the version in which it asks.
    """

    client: Client
    request: Request
    decision: Decision
    out: Outgoing
    asked: str
    body: Body = NO_BODY
    hopeless: bool = False

    @property
    def needs_sync(self) -> bool:
        """Whether its event must be on disk before it is forwarded."""
        operation = self.request.operation
        return operation.writes or operation.bulk_read

    @property
    def quick(self) -> bool:
        """Whether the Engine answers this one at once."""
        return self.request.operation.quick and not self.decision.query.values.get("size")

    @property
    def express(self) -> bool:
        """Whether nothing is to be done for it but to send it and pass the answer on."""
        request = self.request
        plain = self.quick and not (request.streams or self.needs_sync or request.has_body)
        return plain and not (self.out.close or request.head.http10 or is_rewritten(self))

    @property
    def noteworthy(self) -> bool:
        """Whether people want to see its event."""
        told = self.request.operation.writes or self.decision.effect is not Effect.ALLOW
        return told or self.hopeless


class Memo:
    """At most 1,024 allowed heads, by client and bytes.

    Whoever changes what a verdict rests on (policy, own objects, the Engine) calls `forget`.
    """

    # Judging, encoding and writing the head anew cost 60 of the 110 microseconds of a request.

    __slots__ = ("_known", "forms", "generation")

    def __init__(self) -> None:
        self._known: dict[tuple[str, bytes], Judged] = {}
        self.forms: dict[tuple[str, bytes], Form] = {}
        """At most as many forms of what is known, by who asks and bytes."""
        self.generation = 0
        """How often everything was forgotten."""

    def find(self, client: Client, data: bytes) -> Judged | None:
        """Return what is known of these bytes from this very client object."""
        known = self._known.get((client.name, data))
        return known if known is not None and known.client is client else None

    def keep(self, data: bytes, judged: Judged) -> None:
        """Remember the verdict if it is of the kind that may be remembered."""
        request, out = judged.request, judged.out
        if (
            judged.decision.effect is not Effect.ALLOW
            or request.has_body
            or judged.decision.facts
            or out.tunnel
            or judged.decision.recorded
            or request.operation.headers
            or len(data) > LONGEST
        ):
            return
        if len(self._known) >= MOST:
            self.forget()
        self._known[judged.client.name, data] = judged

    def keep_form(self, data: bytes, form: Form) -> None:
        """Keep the forms of what is known; all connections of one caller share them."""
        if len(self.forms) >= MOST:
            self.forms.clear()
        self.forms[form.who, data] = form

    def forget(self) -> None:
        """Drop everything."""
        self._known.clear()
        self.forms.clear()
        self.generation += 1
