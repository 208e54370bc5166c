"""What a client says of itself besides its rights: its socket, its mode and its limits.

Must never give a client a Unix socket that is recognised on the network.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sockguard.policy.match import read_id
from sockguard.policy.model import Limits, Mode, Rate, SocketFile
from sockguard.policy.tree import mapping_of, refuse_unknown_keys, text_of, whole_of
from sockguard.policy.values import size_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sockguard.policy.complaints import Complaints
    from sockguard.policy.model import Match
    from sockguard.policy.tree import Entry, Node

NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}")
NAME_RULE = "names are a-z first, then a-z, 0-9, _ and -, at most 63 in all"

_MODE = re.compile(r"0?[0-7]{3}")
_RATE = re.compile(r"([1-9][0-9]{0,8})/(second|minute)")
_SECONDS = {"second": 1, "minute": 60}


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


def read_socket(entry: Entry | None, match: Match, complaints: Complaints) -> SocketFile | None:
    """Read the socket of a client's own; None for one that shares a listener with others."""
    if match.by_network:
        if entry is not None:
            complaints.add(
                entry.source,
                "socket is for clients on Unix sockets: this one is recognised on the network"
                f" listeners, {match.describe()}",
            )
        return None
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
        read_id(entries[key].value, key, complaints) if key in entries else None
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
