"""`sockguard policy`: check, explain, try and show policies without serving them.

Must never judge by other rules than `serve` does: all verdicts come from the policy package.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from sockguard.cli.say import put, say
from sockguard.errors import SockguardError
from sockguard.policy.assemble import SHIPPED
from sockguard.policy.check import lint
from sockguard.policy.complaints import did_you_mean
from sockguard.policy.explain import Answer, rights_of, sets_in
from sockguard.policy.load import PolicyError, load_policy, read_file, shipped_folder
from sockguard.policy.model import MAIN
from sockguard.policy.rehearse import rehearse
from sockguard.proxy.read_body import LONGEST_JSON
from sockguard.wire.document import decode

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from sockguard.policy.complaints import Complaint
    from sockguard.policy.explain import Right
    from sockguard.policy.model import Client, Policy
    from sockguard.policy.rehearse import Rehearsal

GOOD, FINDING, REFUSED = 0, 1, 3

_POLICY = "a policy file, a folder of them, or the name of a shipped role"


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command `policy` with its verbs; each sets `run`."""
    policy = commands.add_parser("policy", help="check, explain and try policies")
    verbs = policy.add_subparsers(metavar="VERB", required=True)

    check = _verb(verbs, "check", "load policies and run their expectations")
    check.add_argument("files", nargs="+", metavar="FILE", help=_POLICY)
    check.set_defaults(run=_check)

    explain = _verb(verbs, "explain", "say what clients may do, operation by operation")
    explain.add_argument("file", metavar="FILE", help=_POLICY)
    explain.add_argument("--client", metavar="C", help="only this client")
    explain.set_defaults(run=_explain)

    attempt = _verb(verbs, "try", "say what would become of one request")
    attempt.add_argument("file", metavar="FILE", help=_POLICY)
    attempt.add_argument("--as", dest="client", default=MAIN, metavar="C", help="the client")
    attempt.add_argument("method", metavar="METHOD", help="as in GET")
    attempt.add_argument("target", metavar="TARGET", help="as in /v1.47/containers/json?all=1")
    attempt.add_argument("--body", metavar="FILE", help="a JSON body, - for standard input")
    attempt.add_argument("--given", metavar="FILE", help="facts about the objects, as JSON")
    attempt.set_defaults(run=_try)

    show = _verb(verbs, "show", "list the shipped roles, or print one")
    show.add_argument("name", nargs="?", metavar="NAME", help="a shipped role")
    show.set_defaults(run=_show)


def _verb(
    verbs: argparse._SubParsersAction[argparse.ArgumentParser], name: str, summary: str
) -> argparse.ArgumentParser:
    parser = verbs.add_parser(name, help=summary)
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


def _load(name: str) -> Policy:
    return load_policy(name, shipped=shipped_folder(), serving=False)


# --- check -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Report:
    """What `check` found out about one file; expectations are those of its own."""

    file: str
    loads: bool
    complaints: tuple[Complaint, ...] = ()
    warnings: tuple[Complaint, ...] = ()
    clients: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    expectations: int = 0
    sha256: str = ""


def _check(arguments: argparse.Namespace) -> int:
    reports = [_report(file) for file in arguments.files]
    if arguments.json:
        print(json.dumps([asdict(report) for report in reports], indent=2))
    else:
        say(line for report in reports for line in _report_lines(report))
    return GOOD if all(report.loads for report in reports) else FINDING


def _report(file: str) -> _Report:
    try:
        policy = _load(file)
    except PolicyError as error:
        return _Report(file, loads=False, complaints=error.complaints)
    return _Report(
        file,
        loads=True,
        warnings=tuple(lint(policy)),
        clients=tuple(sorted(policy.clients)),
        roles=tuple(sorted(name for name in policy.roles if not name.startswith(SHIPPED))),
        expectations=sum(not case.source.file.startswith(SHIPPED) for case in policy.expectations),
        sha256=policy.sha256,
    )


def _report_lines(report: _Report) -> Iterable[str]:
    yield from map(str, report.complaints)
    for warning in report.warnings:
        yield str(replace(warning, message=f"warning: {warning.message}"))
    if not report.loads:
        yield f"{report.file}: does not load"
        return
    who = ", ".join(report.clients) or "no clients"
    yield f"{report.file}: good ({who}; expectations of its own: {report.expectations}, all hold)"


# --- explain ---------------------------------------------------------------------------------


def _explain(arguments: argparse.Namespace) -> int:
    policy = _load(arguments.file)
    names = [arguments.client] if arguments.client else list(policy.clients)
    clients = [_client(policy, name) for name in names]
    if arguments.json:
        print(json.dumps([_explained(client) for client in clients], indent=2))
        return GOOD
    if not clients:
        say([f"{arguments.file} has no clients: its roles are for others to use"])
    say(line for client in clients for line in _explanation(client))
    return GOOD


def _client(policy: Policy, name: str) -> Client:
    client = policy.clients.get(name)
    if client is None:
        known = ", ".join(policy.clients) or "none"
        hint = did_you_mean(name, policy.clients)
        raise SockguardError(f"there is no client {name!r}{hint}; there are: {known}")
    return client


def _explained(client: Client) -> dict[str, object]:
    return {
        "client": client.name,
        "role": client.role.name,
        "mode": client.mode.value,
        "sets": sets_in(client),
        "rights": [{**asdict(right), "source": _source(right)} for right in rights_of(client)],
    }


def _explanation(client: Client) -> Iterable[str]:
    yield f"client {client.name} (role {client.role.name}, mode {client.mode.value})"
    for name, operations in sets_in(client).items():
        yield f"  {name} is {' '.join(operations)}"
    rights = list(rights_of(client))
    width = max(len(right.operation) for right in rights)
    for answer in Answer:
        for right in (right for right in rights if right.answer is answer):
            yield f"  {answer:<15}  {right.operation:<{width}}  {_remark(right)}".rstrip()


def _remark(right: Right) -> str:
    if right.source is None:
        return ""
    parts = [_source(right), f"by {right.item}" if "/" in right.item else "", right.conditions]
    parts.append(f"without {', '.join(right.withheld)}" if right.withheld else "")
    return "; ".join(part for part in parts if part)


def _source(right: Right) -> str:
    return str(right.source) if right.source else ""


# --- try -------------------------------------------------------------------------------------


def _try(arguments: argparse.Namespace) -> int:
    client = _client(_load(arguments.file), arguments.client)
    if arguments.given and not isinstance(decode(_bytes_of(arguments.given)), dict):
        raise SockguardError(f"{arguments.given}: facts are a JSON object")
    body = _bytes_of(arguments.body) if arguments.body else None
    rehearsal = rehearse(client, arguments.method, arguments.target, body)
    if arguments.json:
        print(json.dumps(_verdict(rehearsal), indent=2))
    else:
        say(_verdict_lines(rehearsal))
    return GOOD if rehearsal.decision.allowed else REFUSED


def _bytes_of(name: str) -> bytes:
    if name != "-":
        return read_file(name, LONGEST_JSON)
    data = sys.stdin.buffer.read(LONGEST_JSON + 1)
    if len(data) > LONGEST_JSON:
        raise SockguardError(f"standard input is larger than {LONGEST_JSON // 1024**2} MiB")
    return data


def _verdict(rehearsal: Rehearsal) -> dict[str, object]:
    decision = rehearsal.decision
    return {
        "decision": decision.effect.value,
        "operation": rehearsal.operation,
        "reason": decision.reason.value if decision.reason else "",
        "detail": decision.detail,
        "grant": str(decision.grant.source) if decision.grant else "",
        "message": decision.message,
        "hint": decision.hint,
        "query": [list(pair) for pair in decision.pairs],
    }


def _verdict_lines(rehearsal: Rehearsal) -> Iterable[str]:
    decision = rehearsal.decision
    if decision.grant is not None:
        item = decision.grant.item
        yield f"{decision.effect}: {rehearsal.operation} ({decision.grant.source}: {item})"
        return
    yield f"{decision.effect}: {decision.message}"
    detail = f" ({decision.detail})" if decision.detail else ""
    yield f"reason: {decision.reason}{detail}"
    if decision.hint:
        yield f"to allow it: {decision.hint}"


# --- show ------------------------------------------------------------------------------------


def _show(arguments: argparse.Namespace) -> int:
    policy = load_policy(str(shipped_folder()), shipped=shipped_folder(), serving=False)
    roles = {name: role for name, role in policy.roles.items() if not name.startswith(SHIPPED)}
    if arguments.name is None:
        summaries = {name: _amounts_to(role.source.file) for name, role in sorted(roles.items())}
        width = max(map(len, summaries))
        if arguments.json:
            print(json.dumps(summaries, indent=2))
        else:
            say(f"{name:<{width}}  {says}" for name, says in summaries.items())
        return GOOD
    name = arguments.name.removeprefix(SHIPPED)
    if name not in roles:
        hint = did_you_mean(name, roles)
        raise SockguardError(f"there is no shipped role {name!r}{hint}")
    file = roles[name].source.file
    text = Path(file).read_text(encoding="utf-8")
    shown = {"role": name, "amounts_to": _amounts_to(file), "text": text}
    if arguments.json:
        print(json.dumps(shown, indent=2))
    else:
        put(text.removesuffix("\n"))
    return GOOD


def _amounts_to(file: str) -> str:
    first, *_ = Path(file).read_text(encoding="utf-8").splitlines()
    return first.removeprefix("#").strip()
