"""What a client's role amounts to at its worst, in one sentence for people.

Must never call a role harmless for how its items are narrowed: the ratings are of operations.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sockguard.engine.catalogue.all import OPERATIONS
from sockguard.engine.operation import Risk
from sockguard.policy.model import Mode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sockguard.policy.model import Client

WORDS: Mapping[Risk, str] = {
    Risk.HOST_ROOT: "root on the host",
    Risk.EXFILTRATE: "carrying files or images away",
    Risk.READ_SECRET: "reading secrets",
    Risk.WRITE: "changing what runs or is stored",
    Risk.READ_META: "seeing what is there",
}
"""Each rating in words, the strongest first."""

MOST_NAMES = 6
"""So many operations are named, the rest is counted."""


def amounts_to(client: Client) -> str:
    """Say the strongest that the client may do and by what.

    Where that is reading, writing is named beside it: neither says anything of the other.
    """
    if client.mode is Mode.REPORT:
        return f"{WORDS[Risk.HOST_ROOT]}, as report mode lets everything through"
    by_risk = {risk: _rated(client, risk) for risk in WORDS}
    found = [risk for risk, names in by_risk.items() if names]
    if not found:
        return "nothing: no operation is granted"
    strongest, *others = found
    told = [strongest]
    if strongest in (Risk.EXFILTRATE, Risk.READ_SECRET) and Risk.WRITE in others:
        told.append(Risk.WRITE)
    return "; and ".join(f"{WORDS[risk]}, by {_listed(by_risk[risk])}" for risk in told)


def _rated(client: Client, risk: Risk) -> list[str]:
    """List what is granted of one rating in the catalogue's order: containers come first."""
    granted = client.role.grants
    return [name for name, one in OPERATIONS.items() if one.risk is risk and name in granted]


def _listed(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
