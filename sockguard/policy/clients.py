"""Who is a client: its match, its socket, its mode and its limits.

Must never let two clients pass for one: what can be seen to overlap does not load.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING

from sockguard.policy.model import Limits, Match, Mode, Rate, SocketFile
from sockguard.policy.tree import mapping_of, refuse_unknown_keys, text_of, whole_of
from sockguard.policy.values import size_of
from sockguard.policy.vocabulary import later

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sockguard.policy.complaints import Complaints
    from sockguard.policy.model import Client
    from sockguard.policy.tree import Entry, Node

NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}")
NAME_RULE = "names are a-z first, then a-z, 0-9, _ and -, at most 63 in all"

MATCH_LATER = {
    "cert": "recognising clients by certificate",
    "from": "recognising clients by network",
    "container": "recognising clients by the container they run in",
}
_MODE = re.compile(r"0?[0-7]{3}")
_RATE = re.compile(r"([1-9][0-9]{0,8})/(second|minute)")
_SECONDS = {"second": 1, "minute": 60}
_MAX_ID = 2**32 - 2  # (uid_t)-1 means "no id" to the kernel


@dataclass(frozen=True, slots=True)
class Terms:
    """What a role or client says of itself besides its grants; None where it says nothing."""

    mode: Mode | None = None
    limits: Limits | None = None


def read_terms(entries: Mapping[str, Entry], complaints: Complaints) -> Terms:
    """Read the `mode` and `limits` of a role, a client or a top-level allow."""
    mode, limits = entries.get("mode"), entries.get("limits")
    return Terms(
        None if mode is None else _read_mode(mode.value, complaints),
        None if limits is None else _read_limits(limits.value, complaints),
    )


def merge_limits(own: Limits | None, role: Limits) -> Limits:
    """Replace each of the role's limits that is set here."""
    if own is None:
        return role
    return Limits(
        requests=role.requests if own.requests is None else own.requests,
        streams=role.streams if own.streams is None else own.streams,
        body=role.body if own.body is None else own.body,
    )


def _read_mode(node: Node, complaints: Complaints) -> Mode | None:
    if node.value in (Mode.ENFORCE.value, Mode.REPORT.value):
        return Mode(str(node.value))
    complaints.add(node.source, "mode is enforce or report")
    return None


def _read_limits(node: Node, complaints: Complaints) -> Limits:
    entries = mapping_of(node, "limits", complaints)
    refuse_unknown_keys(entries, ("requests", "streams", "body"), "limits", complaints)
    limits = Limits()
    if "requests" in entries:
        limits = replace(limits, requests=_read_rate(entries["requests"].value, complaints))
    if "streams" in entries:
        streams = whole_of(entries["streams"].value, "streams", complaints, least=1)
        limits = replace(limits, streams=streams)
    if "body" in entries:
        limits = replace(limits, body=_read_size(entries["body"].value, complaints))
    return limits


def _read_rate(node: Node, complaints: Complaints) -> Rate | None:
    match = _RATE.fullmatch(node.value) if isinstance(node.value, str) else None
    if match is None:
        complaints.add(node.source, "requests is N/second or N/minute, as in 50/second")
        return None
    return Rate(int(match[1]), _SECONDS[match[2]])


def _read_size(node: Node, complaints: Complaints) -> int | None:
    size = size_of(node.value) if isinstance(node.value, str) else node.value
    if isinstance(size, int) and not isinstance(size, bool) and size > 0:
        return size
    complaints.add(node.source, "body is a size in bytes or with KiB, MiB or GiB, as in 4MiB")
    return None


def read_match(entry: Entry | None, complaints: Complaints) -> Match:
    """Read the `match` of a client; one that says nothing is left out, not empty."""
    if entry is None:
        return Match()
    entries = mapping_of(entry.value, "match", complaints)
    if entry.value.value == {}:
        complaints.add(entry.source, "an empty match would match everybody; leave it out")
    for key in entries.keys() & MATCH_LATER.keys():
        complaints.add(entries[key].source, later(f"match by {key}", MATCH_LATER[key]))
    rest = {key: one for key, one in entries.items() if key not in MATCH_LATER}
    refuse_unknown_keys(rest, ("uid", "gid"), "match", complaints)
    return Match(*(_read_ids(rest.get(key), key, complaints) for key in ("uid", "gid")))


def _read_ids(entry: Entry | None, what: str, complaints: Complaints) -> tuple[int, ...]:
    if entry is None:
        return ()
    nodes = entry.value.value if isinstance(entry.value.value, tuple) else (entry.value,)
    if not nodes:
        complaints.add(entry.source, f"{what} is a number or a list of at least one")
    ids = (_read_id(node, what, complaints) for node in nodes)
    return tuple(one for one in ids if one is not None)


def _read_id(node: Node, what: str, complaints: Complaints) -> int | None:
    number = whole_of(node, what, complaints)
    if number is not None and number > _MAX_ID:
        complaints.add(node.source, f"{what} {number} is beyond what the kernel knows")
        return None
    return number


def read_socket(entry: Entry | None, complaints: Complaints) -> SocketFile | None:
    """Read the socket of a client's own; None for one that shares the main listener."""
    if entry is None:
        return SocketFile()
    if entry.value.value == "main":
        return None
    if not isinstance(entry.value.value, dict):
        complaints.add(entry.source, "socket is main, or a mapping of mode, uid and gid")
        return SocketFile()
    entries = entry.value.value
    refuse_unknown_keys(entries, ("mode", "uid", "gid"), "socket", complaints)
    ids = [
        _read_id(entries[key].value, key, complaints) if key in entries else None
        for key in ("uid", "gid")
    ]
    mode = SocketFile().mode
    if "mode" in entries:
        mode = _read_file_mode(entries["mode"].value, complaints)
    return SocketFile(mode, *ids)


def _read_file_mode(node: Node, complaints: Complaints) -> int:
    if isinstance(node.value, int):
        complaints.add(node.source, 'modes are quoted text, as in "0660"')
        return 0
    text = text_of(node, "mode", complaints)
    if text and not _MODE.fullmatch(text):
        complaints.add(
            node.source, 'mode is three octal digits, as in "660", with or without a 0 before'
        )
        return 0
    return int(text or "0", 8)


def refuse_overlaps(clients: Iterable[Client], complaints: Complaints) -> None:
    """Complain about clients of the main listener of which every caller of one is also the other.

    A uid of one and a gid of the other may or may not meet in a caller: that shows at run time.
    """
    shared = [client for client in clients if client.socket is None]
    for one, other in combinations(shared, 2):
        if _overlap(one.match, other.match):
            complaints.add(
                other.source,
                f"client {other.name!r} and client {one.name!r} ({one.source}) match the same"
                " callers of the main listener, who would be refused",
            )


def _overlap(one: Match, other: Match) -> bool:
    pairs = ((one.uid, other.uid), (one.gid, other.gid))
    if any(mine and theirs and not set(mine) & set(theirs) for mine, theirs in pairs):
        return False
    mine_only = any(mine and not theirs for mine, theirs in pairs)
    theirs_only = any(theirs and not mine for mine, theirs in pairs)
    return not (mine_only and theirs_only)
