"""`sockguard policy learn`: the role that a client would have needed for what it asked.

Must never put into force what hands over more than was said, nor hide what no line allows.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

from sockguard.cli.policy_check import GOOD, LEVELS
from sockguard.cli.policy_history import add_history, read_history
from sockguard.cli.say import put
from sockguard.engine.level import Level
from sockguard.errors import SockguardError
from sockguard.history.learning import learn
from sockguard.history.lines import loaded
from sockguard.history.proposal import Proposal, as_document, proposal_text
from sockguard.history.weighing import in_force, weighed
from sockguard.policy.clients import NAME
from sockguard.policy.decide import REPORTED
from sockguard.policy.model import MAIN
from sockguard.policy.question import Effect
from sockguard.policy.risks import amounts_to, risks_of
from sockguard.proxy.own_log import note

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from sockguard.history.past import Past

LEARNED = "learned"
_REFUSED = "they were refused (--refused learns from those that a policy can allow)"
_NEVER = "they were refused, and no line of a policy would allow them"


def register(parser: argparse.ArgumentParser) -> None:
    """Add the flags of the verb."""
    parser.add_argument("--client", metavar="C", required=True, help="whose requests")
    add_history(parser, since="from when on: 15m, 3h or 7d ago, or 2026-03-01T09:30 [all]")
    parser.add_argument(
        "--refused", action="store_true", help="learn from what a policy refused, too"
    )
    parser.add_argument(
        "--up-to",
        choices=LEVELS,
        default=Level.CODE.word,
        metavar="LEVEL",
        help=f"comment out what amounts to more than LEVEL, of {', '.join(LEVELS)} [code]",
    )
    parser.add_argument("--role", metavar="NAME", help="how to call the role [as the client]")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the proposal; the exit code is 0 even where some requests are allowed by no line."""
    client = arguments.client
    role = arguments.role or (LEARNED if client == MAIN else client)
    for name in (client, role):
        if not NAME.fullmatch(name):
            raise SockguardError(f"{name!r} is no name that a client or a role can have")
    history = read_history(arguments, client)
    chosen, left_out = _chosen(history.counts, refused=arguments.refused)
    if not history.counts:
        raise SockguardError(f"the log has no request of client {client!r} in that time")
    limit = Level[arguments.up_to.upper()]
    lines = weighed(client, learn(client, chosen), limit)
    _, subject = loaded(client, in_force(lines))
    proposal = Proposal(
        client,
        role,
        lines,
        limit,
        amounts_to(risks_of(subject)),
        sum(chosen.values()),
        history.first,
        history.last,
        left_out,
    )
    if arguments.json:
        print(json.dumps(as_document(proposal), indent=2))
    else:
        put(proposal_text(proposal).removesuffix("\n"))
    if count := sum(proposal.unserved.values()):
        told = "request is" if count == 1 else "requests are"
        note(f"{count} {told} allowed by no line: the comments say why")
    return GOOD


def _chosen(
    counts: Mapping[Past, int], *, refused: bool
) -> tuple[dict[Past, int], Mapping[str, int]]:
    """Part the requests to learn from, and the reasons for which the others are left out."""
    chosen: dict[Past, int] = {}
    left_out: Counter[str] = Counter()
    for past, count in counts.items():
        reason = _why_not(past, refused=refused)
        if reason:
            left_out[reason] += count
        else:
            chosen[past] = count
    return chosen, left_out


def _why_not(past: Past, *, refused: bool) -> str:
    if past.decision == Effect.DENY:
        if past.reason not in REPORTED:
            return _NEVER
        if not refused:
            return _REFUSED
    return "" if past.is_whole else ", ".join(sorted(past.lacks))
