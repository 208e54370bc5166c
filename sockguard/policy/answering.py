"""What a client gets to see of the answer to a request that was allowed.

Must never show an element of a list without having judged it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sockguard.engine.catalogue.all import OPERATIONS
from sockguard.policy.model import Mode
from sockguard.policy.redact import plan_of, redact
from sockguard.policy.visible import admitting, event_seen, filters, network_seen, usage_seen

if TYPE_CHECKING:
    from sockguard.engine.answer import Answer
    from sockguard.engine.facts import Facts
    from sockguard.engine.operation import Operation
    from sockguard.policy.model import Client, Grant
    from sockguard.policy.redact import Plan


MASKING = frozenset(name for name, operation in OPERATIONS.items() if operation.masks)
"""Operations whose answers hold anything that only a policy's word shows."""


@dataclass(frozen=True, slots=True)
class Answering:
    """How the answer to one request is treated before the client gets it.

    `filtered` says that objects are left out of it. `plans` are made as they are needed: which
    grants show an element decides what of it is masked.
    """

    client: Client
    operation: str
    answer: Answer
    grants: tuple[Grant, ...]
    filtered: bool
    plans: dict[tuple[int, ...], Plan] = field(default_factory=dict)

    def treat(self, element: object, facts: Facts, masked: set[str]) -> object | None:
        """Return what is shown of a document or an element, None for nothing.

        Places at which something was masked are added to the set. While it notes missing facts,
        what it returns does not count. Malformed for what is no such element.
        """
        grants = self.grants
        if self.filtered:
            grants, element = self._seen(element, facts)
        if not grants:
            return None
        redacted = redact(self._plan(grants), element)
        masked |= redacted.masked
        return redacted.element

    def _seen(self, element: object, facts: Facts) -> tuple[tuple[Grant, ...], object]:
        if self.operation == "system.df":
            return self.grants, usage_seen(self.client, self.grants, element, facts)
        if self.operation == "networks.inspect":
            return self.grants, network_seen(self.client, element)
        if self.operation == "system.events":
            return event_seen(self.client, self.grants, element, facts), element
        if self.operation == "networks.list" and self.client.own.only:
            # Engines tell in a list who is connected, up to API 1.27 (Engine source, network).
            seen = admitting(self.client, self.operation, self.grants, element, facts)
            return seen, network_seen(self.client, element)
        return admitting(self.client, self.operation, self.grants, element, facts), element

    def _plan(self, grants: tuple[Grant, ...]) -> Plan:
        key = tuple(map(id, grants))
        plan = self.plans.get(key)
        if plan is None:
            responses = tuple(grant.response for grant in grants)
            plan = self.plans[key] = plan_of(self.answer, responses)
        return plan


def answering_of(
    client: Client, operation: Operation, grants: tuple[Grant, ...]
) -> Answering | None:
    """Return how an answer is treated; None where the client gets it as it comes."""
    if client.mode is Mode.REPORT or operation.answer is None or not grants:
        return None
    filtered = filters(client, operation.name, grants)
    if not filtered and not masks(operation, grants):
        return None
    return Answering(client, operation.name, operation.answer, grants, filtered)


def masks(operation: Operation, grants: tuple[Grant, ...]) -> bool:
    """Tell whether these grants together hide anything of an answer."""
    if operation.answer is None:
        return False
    return plan_of(operation.answer, tuple(one.response for one in grants)).step is not None
