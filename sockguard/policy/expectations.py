"""The cases of `expect`, read from a policy.

Must never judge a case: `check` does, on the path that live requests take.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

from sockguard.policy.complaints import did_you_mean
from sockguard.policy.given import read_given
from sockguard.policy.model import Client, Expectation, Mode
from sockguard.policy.question import Effect
from sockguard.policy.tree import list_of, mapping_of, plain, refuse_unknown_keys, text_of
from sockguard.wire.document import encode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sockguard.policy.complaints import Complaints
    from sockguard.policy.model import Role
    from sockguard.policy.tree import Entry, Node
    from sockguard.wire.document import Value

CASE_KEYS = ("as", "role", "do", "body", "given", "then", "because")
EFFECTS = {"allow": Effect.ALLOW, "deny": Effect.DENY}


def read_expectations(
    tree: Node,
    clients: Mapping[str, Client],
    roles: Mapping[str, Role],
    complaints: Complaints,
) -> Iterator[Expectation]:
    """Read the cases of one file; those at fault are complained about and left out."""
    expect = tree.value.get("expect") if isinstance(tree.value, dict) else None
    if expect is None:
        return
    for node in list_of(expect.value, "expect", complaints):
        before = len(complaints.found)
        case = _read_case(node, clients, roles, complaints)
        if case is not None and len(complaints.found) == before:
            yield case


def _read_case(
    node: Node,
    clients: Mapping[str, Client],
    roles: Mapping[str, Role],
    complaints: Complaints,
) -> Expectation | None:
    entries = dict(mapping_of(node, "a case of expect", complaints))
    if not entries or refuse_unknown_keys(entries, CASE_KEYS, "a case of expect", complaints):
        return None
    client = _subject(node, entries, clients, roles, complaints)
    method, target = _read_do(node, entries, complaints)
    then, because = _read_then(node, entries, complaints)
    if client is None:
        return None
    body = encode(cast("Value", plain(entries["body"].value))) if "body" in entries else None
    given = read_given(entries["given"].value, complaints) if "given" in entries else {}
    return Expectation(client, method, target, body, then, because, node.source, given)


def _subject(
    node: Node,
    entries: Mapping[str, Entry],
    clients: Mapping[str, Client],
    roles: Mapping[str, Role],
    complaints: Complaints,
) -> Client | None:
    """Return the client that the case is about; for a role, one that has nothing else."""
    if ("as" in entries) == ("role" in entries):
        complaints.add(node.source, "a case names a client with `as` or a role with `role`")
        return None
    word = "as" if "as" in entries else "role"
    name = text_of(entries[word].value, word, complaints)
    known = clients if word == "as" else roles
    if name not in known:
        what = "client" if word == "as" else "role"
        hint = did_you_mean(name, known)
        complaints.add(entries[word].source, f"there is no {what} {name!r}{hint}")
        return None
    if word == "as":
        return replace(clients[name], mode=Mode.ENFORCE)
    return Client(name, roles[name], node.source, own=roles[name].own)


def _read_do(node: Node, entries: Mapping[str, Entry], complaints: Complaints) -> tuple[str, str]:
    if "do" not in entries:
        complaints.add(node.source, "a case says what is asked with `do`")
        return "", ""
    text = text_of(entries["do"].value, "do", complaints)
    method, _, target = text.partition(" ")
    if text and (not method.isupper() or not target.startswith("/")):
        complaints.add(entries["do"].source, "do is METHOD /target, as in GET /containers/json")
    return method, target


def _read_then(
    node: Node, entries: Mapping[str, Entry], complaints: Complaints
) -> tuple[Effect, str]:
    then, because = entries.get("then"), entries.get("because")
    effect = EFFECTS.get(str(then.value.value)) if then else None
    if effect is None:
        complaints.add(then.source if then else node.source, "then is allow or deny")
        return Effect.DENY, ""
    if because is None:
        return effect, ""
    if effect is Effect.ALLOW:
        complaints.add(because.source, "because is for what is denied")
    return effect, text_of(because.value, "because", complaints)
