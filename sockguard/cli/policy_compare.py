"""`sockguard policy compare`: what a new policy changes, in rights and for past requests.

Must never count as unchanged what cannot be told.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sockguard.cli.explain import right_words
from sockguard.cli.policy_check import FINDING, GOOD
from sockguard.cli.policy_files import load_named
from sockguard.cli.policy_history import add_history, read_history
from sockguard.cli.say import say
from sockguard.history.rights import client_changes
from sockguard.history.verdicts import Change, compare
from sockguard.policy.risks import amounts_to

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator

    from sockguard.cli.policy_history import History
    from sockguard.history.rights import ClientChange, RightChange
    from sockguard.history.verdicts import Comparison, Group
    from sockguard.policy.explain import Right
    from sockguard.policy.risks import Risks

RIGHTS = "rights"
FAILING = {
    "refused": Change.REFUSED,
    "allowed": Change.ALLOWED,
    "shown": Change.MASKED,
    "untold": Change.UNTOLD,
}
"""What `--fail-on` takes beside `rights`, and what it means."""

MOST_GROUPS = 20
"""So many groups of each change are printed; --json has all."""


def register(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    told = "a policy file, a folder of them, or the name of a shipped role"
    parser.add_argument("old", metavar="OLD", help=told)
    parser.add_argument("new", metavar="NEW", help=told)
    add_history(parser, since="go by the requests since TIME: 3h or 30d ago, or 2026-03-01T09:30")
    parser.add_argument(
        "--fail-on",
        action="append",
        choices=(RIGHTS, *FAILING),
        metavar="CHANGE",
        help=f"exit with 1 on this change, of {', '.join((RIGHTS, *FAILING))}; may be repeated"
        " [refused with --since, --until or --dir, else rights]",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print what changes; the exit code is 1 where a change was found that is to fail."""
    old, new = load_named(arguments.old), load_named(arguments.new)
    changes = list(client_changes(old, new))
    asked = arguments.since or arguments.until or arguments.dir
    history = read_history(arguments) if asked else None
    comparison = compare(old, new, history.counts) if history else None
    if arguments.json:
        print(json.dumps(_document(changes, comparison, history), indent=2))
    else:
        say(line for one in changes for line in _client_lines(one))
        if not changes:
            say(["no client's rights change"])
        if comparison and history:
            say(_comparison_lines(comparison, history))
    failing = arguments.fail_on or ["refused" if asked else RIGHTS]
    return FINDING if any(_found(word, changes, comparison) for word in failing) else GOOD


def _found(word: str, changes: list[ClientChange], comparison: Comparison | None) -> bool:
    if word == RIGHTS:
        return bool(changes)
    return comparison is not None and comparison.counted(FAILING[word]) > 0


# --- rights ----------------------------------------------------------------------------------


def _client_lines(change: ClientChange) -> Iterator[str]:
    what = "added" if change.before is None else "removed" if change.after is None else "changed"
    aspects = f" ({', '.join(change.aspects)})" if change.aspects else ""
    yield f"client {change.client} {what}{aspects}"
    before, after = _weight(change.before), _weight(change.after)
    if change.after is not None:
        yield f"  amounts to {after}"
    if before != after and change.before is not None:
        yield f"  before: {before}"
    for right in change.rights:
        yield from _right_lines(right)


def _right_lines(change: RightChange) -> Iterator[str]:
    for mark, rights in (("-", change.before), ("+", change.after)):
        for right in rights:
            yield f"  {mark} {change.operation}  {right.answer}  {right_words(right)}"


def _weight(risks: Risks | None) -> str:
    return amounts_to(risks) if risks else "nothing"


# --- past requests ---------------------------------------------------------------------------


def _comparison_lines(found: Comparison, history: History) -> Iterator[str]:
    span = f", {history.first[:16]} to {history.last[:16]} UTC" if history.first else ""
    yield f"past requests: {found.requests:,}{span}"
    yield f"  {found.unchanged:,} fare as before"
    if found.apart:
        yield f"  {found.apart:,} not judged: of other clients, or refused by more than a policy"
    for change in Change:
        groups = [group for group in found.groups if group.change is change]
        if groups:
            yield f"  {found.counted(change):,} {change}"
        for group in groups[:MOST_GROUPS]:
            yield from _group_lines(group, history)
        if len(groups) > MOST_GROUPS:
            yield f"    and {len(groups) - MOST_GROUPS} more groups, which --json lists"
    yield from _unused_lines(found)


def _group_lines(group: Group, history: History) -> Iterator[str]:
    example = group.example
    yield f"    {group.requests:,} x {group.client} {group.operation}: {group.why}"
    yield f"      as in {history.examples[example]}: {example.method} {example.line}"


def _unused_lines(found: Comparison) -> Iterator[str]:
    if any(found.unused.values()):
        yield "  lines of the new policy that none of these needed"
    for client, items in found.unused.items():
        yield from (f"    {client}  {item}" for item in items)
    if found.silent:
        yield f"  clients that asked for nothing: {', '.join(found.silent)}"


# --- JSON ------------------------------------------------------------------------------------


def _document(
    changes: Iterable[ClientChange], found: Comparison | None, history: History | None
) -> dict[str, object]:
    document: dict[str, object] = {"clients": [_client_document(one) for one in changes]}
    if found is None or history is None:
        return document
    return document | {
        "requests": found.requests,
        "first": history.first,
        "last": history.last,
        "unchanged": found.unchanged,
        "not_judged": found.apart,
        "changes": [_group_document(group, history) for group in found.groups],
        "unused": found.unused,
        "silent": found.silent,
    }


def _client_document(change: ClientChange) -> dict[str, object]:
    return {
        "client": change.client,
        "aspects": change.aspects,
        "before": _weight(change.before),
        "after": _weight(change.after),
        "rights": [
            {
                "operation": one.operation,
                "before": [_right_document(right) for right in one.before],
                "after": [_right_document(right) for right in one.after],
            }
            for one in change.rights
        ],
    }


def _right_document(right: Right) -> dict[str, object]:
    return {
        "answer": right.answer.value,
        "source": str(right.source),
        "item": right.item,
        "says": right_words(right),
    }


def _group_document(group: Group, history: History) -> dict[str, object]:
    example = group.example
    return {
        "change": group.change.value,
        "client": group.client,
        "operation": group.operation,
        "why": group.why,
        "requests": group.requests,
        "example": {
            "id": history.examples[example],
            "method": example.method,
            "target": example.line,
        },
    }
