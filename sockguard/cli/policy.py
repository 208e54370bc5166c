"""`sockguard policy`: check, explain, try and show policies without serving them.

Must never judge by other rules than `serve` does: all verdicts come from the policy package.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sockguard.cli import policy_compare, policy_import, policy_learn
from sockguard.cli.explain import explained, explanation
from sockguard.cli.policy_check import GOOD, LEVELS, check_files
from sockguard.cli.policy_files import load_named
from sockguard.cli.say import UsageError, put, say
from sockguard.errors import SockguardError
from sockguard.policy.complaints import did_you_mean
from sockguard.policy.load import load_policy, read_file, read_given_text, shipped_folder
from sockguard.policy.model import MAIN
from sockguard.policy.question import OwnObjects
from sockguard.policy.rehearse import rehearse
from sockguard.policy.risks import risks_of
from sockguard.policy.schema import schema_text
from sockguard.policy.shipped import SHIPPED
from sockguard.proxy.read_body import LONGEST_JSON

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from sockguard.policy.model import Client, Policy
    from sockguard.policy.rehearse import Rehearsal

REFUSED = 3

_POLICY = "a policy file, a folder of them, or the name of a shipped role"


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command `policy` with its verbs; each sets `run`."""
    policy = commands.add_parser("policy", help="check, explain and try policies")
    verbs = policy.add_subparsers(metavar="VERB", required=True)

    check = _verb(verbs, "check", "load policies and run their expectations")
    check.add_argument("files", nargs="+", metavar="FILE", help=_POLICY)
    check.add_argument(
        "--fail-at",
        choices=LEVELS,
        metavar="LEVEL",
        help=f"exit with 1 where a client amounts to LEVEL or more, of {', '.join(LEVELS)}",
    )
    check.set_defaults(run=check_files)

    explain = _verb(verbs, "explain", "say what clients may do, operation by operation")
    explain.add_argument("file", metavar="FILE", help=_POLICY)
    explain.add_argument("--client", metavar="C", help="only this client")
    explain.set_defaults(run=_explain)

    attempt = _verb(verbs, "try", "say what would become of one request")
    attempt.add_argument("file", metavar="FILE", help=_POLICY)
    attempt.add_argument("--as", dest="client", metavar="C", help="the client, unless it is main")
    attempt.add_argument("method", metavar="METHOD", help="as in GET")
    attempt.add_argument("target", metavar="TARGET", help="as in /v1.47/containers/json?all=1")
    attempt.add_argument("--body", metavar="FILE", help="a JSON body, - for standard input")
    attempt.add_argument("--given", metavar="FILE", help="what the Engine would tell of objects")
    attempt.set_defaults(run=_try)

    policy_learn.register(_verb(verbs, "learn", "propose a role from what a client asked for"))
    compare = _verb(verbs, "compare", "say what a new policy changes, also for past requests")
    policy_compare.register(compare)
    policy_import.register(verbs)

    schema = verbs.add_parser("schema", help="print a JSON Schema of policies, for editors")
    schema.set_defaults(run=_schema)

    show = _verb(verbs, "show", "list the shipped roles, or print one")
    show.add_argument("name", nargs="?", metavar="NAME", help="a shipped role")
    show.set_defaults(run=_show)


def _verb(
    verbs: argparse._SubParsersAction[argparse.ArgumentParser], name: str, summary: str
) -> argparse.ArgumentParser:
    parser = verbs.add_parser(name, help=summary)
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


# --- explain ---------------------------------------------------------------------------------


def _explain(arguments: argparse.Namespace) -> int:
    policy = load_named(arguments.file)
    names = [arguments.client] if arguments.client else list(policy.clients)
    clients = [_client(policy, name) for name in names]
    told = [(client, risks_of(client, policy.clients.values())) for client in clients]
    if arguments.json:
        print(json.dumps([explained(client, risks) for client, risks in told], indent=2))
        return GOOD
    if not clients:
        say([f"{arguments.file} has no clients: its roles are for others to use"])
    say(line for client, risks in told for line in explanation(client, risks))
    return GOOD


def _client(policy: Policy, name: str) -> Client:
    client = policy.clients.get(name)
    if client is None:
        known = ", ".join(policy.clients) or "none"
        hint = did_you_mean(name, policy.clients)
        raise SockguardError(f"there is no client {name!r}{hint}; there are: {known}")
    return client


# --- try -------------------------------------------------------------------------------------


def _try(arguments: argparse.Namespace) -> int:
    policy = load_named(arguments.file)
    if arguments.client is None and MAIN not in policy.clients:
        known = ", ".join(policy.clients) or "none"
        raise UsageError(f"say with --as which client asks; there are: {known}")
    if not arguments.target.startswith("/"):
        raise UsageError(f"a target begins with a slash: /{arguments.target}")
    client = _client(policy, arguments.client or MAIN)
    body = _bytes_of(arguments.body) if arguments.body else None
    given = read_given_text(_bytes_of(arguments.given)) if arguments.given else {}
    rehearsal = rehearse(
        client,
        arguments.method,
        arguments.target,
        body,
        OwnObjects(callers=policy.callers),
        given=given,
        stamps=policy.stamps,
    )
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


# --- schema ----------------------------------------------------------------------------------


def _schema(_: argparse.Namespace) -> int:
    put(schema_text().removesuffix("\n"))
    return GOOD


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
