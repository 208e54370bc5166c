"""The trees of all files to one policy: roles, clients, the top-level allow and expectations.

Must never take a part of a policy whose other part is at fault.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from sockguard.policy.clients import (
    NAME,
    NAME_RULE,
    merge_limits,
    read_socket,
    read_terms,
)
from sockguard.policy.complaints import Complaints, did_you_mean
from sockguard.policy.expectations import read_expectations
from sockguard.policy.items import read_allow
from sockguard.policy.match import read_match
from sockguard.policy.model import MAIN, Client, Limits, Mode, Own, Policy, Role, Source
from sockguard.policy.overlaps import refuse_overlaps
from sockguard.policy.own import KEYS as OWN_KEYS
from sockguard.policy.own import check_ownable, read_own
from sockguard.policy.shipped import SHIPPED
from sockguard.policy.tree import mapping_of, refuse_unknown_keys, text_of
from sockguard.policy.vocabulary import NEVER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sockguard.policy.model import Expectation
    from sockguard.policy.tree import Entry, Node

FILE_KEYS = ("version", "allow", "clients", "roles", "expect", "mode", "limits")
SHIPPED_KEYS = ("version", "roles", "expect")
ROLE_KEYS = ("allow", "mode", "limits", *OWN_KEYS)
CLIENT_KEYS = ("role", "allow", "match", "socket", "mode", "limits", *OWN_KEYS)
LANGUAGE = frozenset((*FILE_KEYS, *ROLE_KEYS, *CLIENT_KEYS))


@dataclass(slots=True)
class _Draft:
    """A policy while it is read."""

    complaints: Complaints
    roles: dict[str, Role] = field(default_factory=dict)
    clients: dict[str, Client] = field(default_factory=dict)


def assemble(
    own: Sequence[Node],
    shipped: Sequence[Node],
    *,
    sha256: str,
    main_role: str | None = None,
    serving: bool = True,
) -> Policy:
    """Make one policy of its own files and those of the package.

    `main_role` names a shipped role to put on the main listener instead of files of one's own.
    Raises PolicyError with all complaints.
    """
    draft = _Draft(Complaints())
    expectations: list[Expectation] = []
    for tree in shipped:
        _read_roles(_file_entries(tree, SHIPPED_KEYS, draft), draft, prefix=SHIPPED)
    files = [(tree, _file_entries(tree, FILE_KEYS, draft)) for tree in own]
    for _, entries in files:
        _read_roles(entries, draft)
    for _, entries in files:
        _read_clients(entries, draft)
    _read_top_level(files, draft)
    if main_role is not None:
        _serve_shipped(main_role, draft)
    refuse_overlaps(draft.clients.values(), draft.complaints)
    for tree in shipped:
        expectations += read_expectations(tree, {}, _unprefixed(draft.roles), draft.complaints)
    for tree, _ in files:
        expectations += read_expectations(tree, draft.clients, draft.roles, draft.complaints)
    if serving and not draft.clients and not draft.complaints.found:
        draft.complaints.add(
            own[0].source if own else Source(MAIN, 0),
            "nobody could use this policy: add `allow` for everyone who can open the main socket,"
            " or `clients` with a socket each",
        )
    draft.complaints.raise_any()
    return Policy(draft.clients, draft.roles, sha256, expectations=tuple(expectations))


def _unprefixed(roles: Mapping[str, Role]) -> dict[str, Role]:
    return {
        name.removeprefix(SHIPPED): role for name, role in roles.items() if name.startswith(SHIPPED)
    }


def _file_entries(tree: Node, known: Sequence[str], draft: _Draft) -> Mapping[str, Entry]:
    """Return the top-level entries of one file, its version checked."""
    entries = mapping_of(tree, "a policy", draft.complaints)
    if not isinstance(tree.value, dict):
        return entries
    _refuse_keys(entries, known, "a policy", draft)
    version = entries.get("version")
    if version is None:
        draft.complaints.add(tree.source, "`version: 1` is missing")
    elif type(version.value.value) is not int or version.value.value != 1:
        draft.complaints.add(version.source, "this version of sockguard reads `version: 1`")
    return entries


def _named(entry: Entry, what: str, draft: _Draft) -> Iterator[tuple[str, Entry]]:
    """Yield each role or client with its name, but for what slipped out of one."""
    entries = mapping_of(entry.value, f"{what}s", draft.complaints)
    slipped = {name for name, one in entries.items() if _is_slip(name, one)}
    for name, one in entries.items():
        if name in slipped:
            draft.complaints.add(
                one.source, f"no {what} is called {name!r}: mind the indentation of this word"
            )
        elif slipped and one.value.value is None:
            continue  # what slipped out of it is complained about
        elif _is_name(name, one, f"the {what}", draft):
            yield name, one


def _is_slip(name: str, entry: Entry) -> bool:
    """Tell whether a word of the language stands one level too high, where names do."""
    inside = entry.value.value if isinstance(entry.value.value, dict) else {}
    return name in LANGUAGE and not {"role", "allow"} & inside.keys()


def _is_name(name: str, entry: Entry, what: str, draft: _Draft) -> bool:
    if name == MAIN:
        draft.complaints.add(entry.source, f"{what} {MAIN!r} is reserved for the top-level allow")
    elif not NAME.fullmatch(name):
        draft.complaints.add(entry.source, f"{what} {name!r} is no name: {NAME_RULE}")
    else:
        return True
    return False


def _read_roles(entries: Mapping[str, Entry], draft: _Draft, *, prefix: str = "") -> None:
    if "roles" not in entries:
        return
    for name, entry in _named(entries["roles"], "role", draft):
        if prefix + name in draft.roles:
            first = draft.roles[prefix + name].source
            draft.complaints.add(entry.source, f"the role {name!r} is defined twice ({first})")
            continue
        draft.roles[prefix + name] = _read_role(prefix + name, entry, draft)


def _read_role(name: str, entry: Entry, draft: _Draft) -> Role:
    entries = mapping_of(entry.value, f"the role {name!r}", draft.complaints)
    strange = _refuse_keys(entries, ROLE_KEYS, f"the role {name!r}", draft)
    allow = entries.get("allow")
    if allow is None and isinstance(entry.value.value, dict) and not strange:
        draft.complaints.add(entry.source, f"the role {name!r} has no allow; [] grants nothing")
    if allow is None:
        return Role(name, {}, entry.source)
    return _role(name, allow, entries, draft)


def _role(name: str, allow: Entry, entries: Mapping[str, Entry], draft: _Draft) -> Role:
    terms = read_terms(entries, draft.complaints)
    role = Role(
        name,
        read_allow(allow.value, draft.complaints),
        allow.source,
        terms.mode or Mode.ENFORCE,
        terms.limits or Limits(),
        own=read_own(entries, draft.complaints) or Own(),
    )
    check_ownable(role, role.own, draft.complaints)
    return role


def _refuse_keys(
    entries: Mapping[str, Entry], known: Sequence[str], what: str, draft: _Draft
) -> bool:
    """Complain about keys that mean nothing here; tell whether there was any."""
    for key in entries.keys() & NEVER.keys():
        draft.complaints.add(entries[key].source, f"{what} has no key {key!r}: {NEVER[key]}")
    rest = {key: entry for key, entry in entries.items() if key not in NEVER}
    return refuse_unknown_keys(rest, known, what, draft.complaints)


def _read_clients(entries: Mapping[str, Entry], draft: _Draft) -> None:
    if "clients" not in entries:
        return
    for name, entry in _named(entries["clients"], "client", draft):
        if name in draft.clients:
            first = draft.clients[name].source
            draft.complaints.add(entry.source, f"the client {name!r} is defined twice ({first})")
            continue
        draft.clients[name] = _read_client(name, entry, draft)


def _read_client(name: str, entry: Entry, draft: _Draft) -> Client:
    """Read one client; where its role is at fault, one without rights stands for it."""
    entries = mapping_of(entry.value, f"the client {name!r}", draft.complaints)
    strange = _refuse_keys(entries, CLIENT_KEYS, f"the client {name!r}", draft)
    unsaid = not {"role", "allow"} & entries.keys()
    match = read_match(entries.get("match"), draft.complaints)
    socket = read_socket(entries.get("socket"), match, draft.complaints)
    terms = read_terms(entries, draft.complaints)
    none = Role(name, {}, entry.source)
    if unsaid and (strange or not isinstance(entry.value.value, dict)):
        role = none  # complained about already
    else:
        role = _role_of_client(name, entry, entries, draft) or none
    mode, limits = terms.mode or role.mode, merge_limits(terms.limits, role.limits)
    own = read_own(entries, draft.complaints) or role.own
    if not role.own.only:  # else the role was complained about
        check_ownable(role, own, draft.complaints)
    return Client(name, role, entry.source, match, socket, mode, limits, own)


_LACKING = "needs a `role` by name or an `allow` of its own"


def _role_of_client(
    name: str, entry: Entry, entries: Mapping[str, Entry], draft: _Draft
) -> Role | None:
    if ("role" in entries) == ("allow" in entries):
        told = "has both `role` and `allow`: keep one" if "role" in entries else _LACKING
        draft.complaints.add(entry.source, f"the client {name!r} {told}")
        return None
    if "allow" in entries:
        return Role(name, read_allow(entries["allow"].value, draft.complaints), entry.source)
    wanted = text_of(entries["role"].value, "role", draft.complaints)
    if wanted and wanted not in draft.roles:
        hint = did_you_mean(wanted, draft.roles)
        draft.complaints.add(entries["role"].source, f"there is no role {wanted!r}{hint}")
    return draft.roles.get(wanted)


def _read_top_level(files: Sequence[tuple[Node, Mapping[str, Entry]]], draft: _Draft) -> None:
    """Read the top-level allow: in one file only, never beside clients."""
    allowing = [entries for _, entries in files if "allow" in entries]
    for _, entries in files:
        for key in ("mode", "limits"):
            if key in entries and "allow" not in entries and entries.keys() <= set(FILE_KEYS):
                draft.complaints.add(
                    entries[key].source, f"{key} stands beside a top-level allow, or in a role"
                )
    for entries in allowing[1:]:
        first = allowing[0]["allow"].source
        draft.complaints.add(entries["allow"].source, f"there is a top-level allow in {first}")
    if not allowing:
        return
    allow = allowing[0]["allow"]
    if any("clients" in entries for _, entries in files):
        draft.complaints.add(
            allow.source, "a top-level allow is for one caller: with clients, give each its own"
        )
    _add_main(_role(MAIN, allow, allowing[0], draft), draft)


def _add_main(role: Role, draft: _Draft) -> None:
    draft.roles[MAIN] = role
    draft.clients[MAIN] = Client(
        MAIN, role, role.source, socket=None, mode=role.mode, limits=role.limits, own=role.own
    )


def _serve_shipped(name: str, draft: _Draft) -> None:
    role = draft.roles.get(SHIPPED + name)
    if role is None:
        known = sorted(_unprefixed(draft.roles))
        draft.complaints.add(
            Source(f"--policy {name}", 0),
            f"there is no shipped role of this name{did_you_mean(name, known)}; there are"
            f" {', '.join(known)} (a file or folder is written with a slash: ./{name})",
        )
        return
    _add_main(replace(role, name=MAIN, origin=role.name), draft)
