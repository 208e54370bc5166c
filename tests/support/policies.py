"""Policies from text, and what they say to imagined requests."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from sockguard.policy.load import PolicyError, load_text
from sockguard.policy.model import MAIN
from sockguard.policy.question import OwnObjects
from sockguard.policy.rehearse import rehearse

if TYPE_CHECKING:
    from sockguard.policy.model import Policy
    from sockguard.policy.question import Decision


def policy_of(text: str) -> Policy:
    """Load a policy whose `version` line is understood."""
    return load_text("version: 1\n" + dedent(text))


def allowing(*items: str) -> str:
    """Write a policy of one top-level allow."""
    return "allow:\n" + "".join(f"  - {item}\n" for item in items)


def complaints_about(text: str) -> list[str]:
    """Return what is wrong with a policy, as `line: message`; the version line is line 1."""
    with pytest.raises(PolicyError) as caught:
        policy_of(text)
    return [str(complaint).removeprefix("policy.yaml:") for complaint in caught.value.complaints]


def ask(
    policy: Policy,
    do: str,
    *,
    client: str = MAIN,
    body: bytes | None = None,
    own: OwnObjects | None = None,
) -> Decision:
    """Judge `METHOD /target` on the path of live traffic."""
    method, _, target = do.partition(" ")
    found = policy.clients[client]
    return rehearse(found, method, target, body, own or OwnObjects(callers=policy.callers)).decision
