"""The reading of `match`: by what a caller is recognised as a client.

Must never let a match load that asks less than its writer is likely to think.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING

from sockguard.policy.cert_match import read_cert
from sockguard.policy.container_match import read_container
from sockguard.policy.model import Match
from sockguard.policy.tree import flag_of, mapping_of, refuse_unknown_keys, text_of, whole_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sockguard.policy.complaints import Complaints
    from sockguard.policy.tree import Entry, Node

BY_NETWORK = ("cert", "from", "container")
BY_CREDENTIALS = ("uid", "gid")
KEYS = (*BY_CREDENTIALS, *BY_NETWORK, "anyone_there")

MAX_ID = 2**32 - 2  # (uid_t)-1 means "no id" to the kernel
_NETWORK = re.compile(r"[0-9A-Fa-f.:]+(?:/(?:0|[1-9][0-9]{0,2}))?")
_MAPPED = IPv6Network("::ffff:0:0/96")


def read_match(entry: Entry | None, complaints: Complaints) -> Match:
    """Read the `match` of a client; one that says nothing is left out, not empty."""
    if entry is None:
        return Match()
    entries = mapping_of(entry.value, "match", complaints)
    if entry.value.value == {}:
        complaints.add(entry.source, "an empty match would match everybody; leave it out")
    refuse_unknown_keys(entries, KEYS, "match", complaints)
    _refuse_both_sorts(entries, complaints)
    _refuse_bare_address(entries, complaints)
    there = entries.get("anyone_there")
    return Match(
        _read_ids(entries.get("uid"), "uid", complaints),
        _read_ids(entries.get("gid"), "gid", complaints),
        read_cert(entries["cert"], complaints) if "cert" in entries else None,
        _read_networks(entries["from"], complaints) if "from" in entries else (),
        read_container(entries["container"], complaints) if "container" in entries else None,
        there is not None and flag_of(there.value, "anyone_there", complaints),
    )


def _refuse_both_sorts(entries: Mapping[str, Entry], complaints: Complaints) -> None:
    network = [key for key in BY_NETWORK if key in entries]
    for key in BY_CREDENTIALS if network else ():
        if key in entries:
            complaints.add(
                entries[key].source,
                f"{key} is known of callers on Unix sockets, {network[0]} of callers on network"
                " listeners: nobody has both; make two clients",
            )


def _refuse_bare_address(entries: Mapping[str, Entry], complaints: Complaints) -> None:
    """Let an address alone be an identity only where the policy says so in words."""
    there = entries.get("anyone_there")
    alone = "from" in entries and not {"cert", "container"} & entries.keys()
    if alone and (there is None or there.value.value is False):
        complaints.add(
            entries["from"].source,
            "from alone makes everybody this client who can send from these addresses, and many"
            " may: every program there, and who can take such an address; ask for cert or"
            " container too, or write `anyone_there: true` beside it",
        )
    if there is not None and not alone:
        complaints.add(
            there.source, "anyone_there is for a from that stands alone: leave it out here"
        )


# --- uid and gid -----------------------------------------------------------------------------


def _read_ids(entry: Entry | None, what: str, complaints: Complaints) -> tuple[int, ...]:
    if entry is None:
        return ()
    nodes = entry.value.value if isinstance(entry.value.value, tuple) else (entry.value,)
    if not nodes:
        complaints.add(entry.source, f"{what} is a number or a list of at least one")
    ids = (read_id(node, what, complaints) for node in nodes)
    return tuple(one for one in ids if one is not None)


def read_id(node: Node, what: str, complaints: Complaints) -> int | None:
    """Read one uid or gid; a complaint and None for what is none."""
    number = whole_of(node, what, complaints)
    if number is not None and number > MAX_ID:
        complaints.add(node.source, f"{what} {number} is beyond what the kernel knows")
        return None
    return number


# --- from ------------------------------------------------------------------------------------


def _read_networks(entry: Entry, complaints: Complaints) -> tuple[IPv4Network | IPv6Network, ...]:
    nodes = entry.value.value if isinstance(entry.value.value, tuple) else (entry.value,)
    if not nodes:
        complaints.add(entry.source, "from is a network or a list of at least one")
    found = (_read_network(node, complaints) for node in nodes)
    return tuple(network for network in found if network is not None)


def _read_network(node: Node, complaints: Complaints) -> IPv4Network | IPv6Network | None:
    text = text_of(node, "from", complaints)
    if not isinstance(node.value, str):
        return None  # complained about
    try:
        network = ip_network(text if _NETWORK.fullmatch(text) else "", strict=False)
    except ValueError:
        complaints.add(
            node.source, f"from {text!r} is no network, as in 10.0.0.0/8, 10.1.2.3 or fd00::/8"
        )
        return None
    address = text.partition("/")[0]
    if isinstance(network, IPv6Network) and network.subnet_of(_MAPPED):
        inner = int(network.network_address) - int(_MAPPED.network_address)
        bits = network.prefixlen - _MAPPED.prefixlen
        complaints.add(
            node.source,
            f"from {text}: callers with an IPv4 address are known by that; write"
            f" {IPv4Network((inner, bits))}",
        )
    elif network.network_address != ip_address(address):
        complaints.add(
            node.source,
            f"from {text} has bits set behind its prefix: write {network} for the network, or"
            f" {address} for the one address",
        )
    return network
