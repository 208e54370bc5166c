"""`sockguard policy check`: whether policies load, what looks wrong, and what clients amount to.

Must never call a policy good that `serve` would refuse to load.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from sockguard.cli.explain import cause_of
from sockguard.cli.policy_files import load_named
from sockguard.cli.say import say
from sockguard.engine.level import Level
from sockguard.policy.check import lint
from sockguard.policy.load import PolicyError
from sockguard.policy.risks import amounts_to, risks_of, weighed
from sockguard.policy.shipped import SHIPPED

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Mapping

    from sockguard.policy.complaints import Complaint
    from sockguard.policy.model import Client, Expectation, Policy

GOOD, FINDING = 0, 1
LEVELS = tuple(level.word for level in Level if level > Level.NOTHING)
"""What `--fail-at` takes, the weakest first."""


@dataclass(frozen=True, slots=True)
class _Amount:
    """What one client amounts to, and the role that makes it so.

    Where a policy has roles alone, each stands for a client of its name. `reaches` is the cause by
    which it reaches the level to fail at, empty where it does not.
    """

    client: str
    role: str
    level: str
    amounts_to: str
    causes: tuple[Mapping[str, str], ...]
    reaches: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Report:
    """What was found out about one file; expectations are those of its own."""

    file: str
    loads: bool
    complaints: tuple[Complaint, ...] = ()
    warnings: tuple[Complaint, ...] = ()
    clients: tuple[str, ...] = ()
    amounts: tuple[_Amount, ...] = ()
    roles: tuple[str, ...] = ()
    expectations: int = 0
    sha256: str = ""

    @property
    def is_good(self) -> bool:
        """Whether it loads, and no client reaches the level to fail at."""
        return self.loads and not any(one.reaches for one in self.amounts)


def check_files(arguments: argparse.Namespace) -> int:
    """Check each file; the exit code tells whether all are good."""
    limit = Level[arguments.fail_at.upper()] if arguments.fail_at else None
    reports = [_report(file, limit) for file in arguments.files]
    if arguments.json:
        print(json.dumps([asdict(report) for report in reports], indent=2))
    else:
        say(line for report in reports for line in _report_lines(report))
    return GOOD if all(report.is_good for report in reports) else FINDING


def _report(file: str, limit: Level | None) -> _Report:
    try:
        policy = load_named(file)
    except PolicyError as error:
        return _Report(file, loads=False, complaints=error.complaints)
    clients, subjects = policy.clients, weighed(policy)
    return _Report(
        file,
        loads=True,
        warnings=tuple(lint(policy)),
        clients=tuple(sorted(clients)),
        amounts=tuple(_amount(subjects[name], policy, limit) for name in sorted(subjects)),
        roles=tuple(sorted(name for name in policy.roles if not name.startswith(SHIPPED))),
        expectations=own_expectations(policy),
        sha256=policy.sha256,
    )


def _amount(client: Client, policy: Policy, limit: Level | None) -> _Amount:
    risks = risks_of(client, policy.clients.values())
    causes = tuple(map(cause_of, risks.causes))
    reached = limit is not None and risks.level >= limit
    return _Amount(
        client.name,
        client.role.describe(),
        risks.level.word,
        amounts_to(risks),
        causes,
        causes[0] if reached else {},
    )


def own_expectations(policy: Policy) -> int:
    """Count the cases that belong to the policy itself, not to shipped roles that it uses."""
    return sum(_is_own(case, policy) for case in policy.expectations)


def _is_own(case: Expectation, policy: Policy) -> bool:
    """Tell whether a case belongs to what is checked: of a shipped role, its file is that."""
    file = case.source.file
    served = {one.role.source.file for one in policy.clients.values() if one.role.origin}
    return file in served or not file.startswith(SHIPPED)


def _report_lines(report: _Report) -> Iterable[str]:
    yield from map(str, report.complaints)
    for warning in report.warnings:
        yield str(replace(warning, message=f"warning: {warning.message}"))
    if not report.loads:
        yield f"{report.file}: does not load"
        return
    who = ", ".join(report.clients) or "no clients"
    yield f"{report.file}: good ({who}; expectations of its own: {report.expectations}, all hold)"
    for one in report.amounts:
        yield f"  {one.client} ({one.role}) amounts to {one.amounts_to}"
    yield from (_too_much(one) for one in report.amounts if one.reaches)


def _too_much(amount: _Amount) -> str:
    cause = amount.reaches
    about = f"{cause['operation']}: " if cause["operation"] else ""
    return (
        f"{cause['source']}: {amount.client!r} reaches {amount.level}: {about}{cause['sentence']}"
    )
