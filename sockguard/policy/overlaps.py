"""Clients of one listener whose callers can be seen to be the same.

Must never let a policy load in which all that one client asks for makes a caller another one too.
"""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network
from itertools import combinations
from typing import TYPE_CHECKING

from sockguard.policy.cert_match import name_fits
from sockguard.policy.globs import compile_glob
from sockguard.policy.model import MAIN

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sockguard.policy.complaints import Complaints
    from sockguard.policy.model import Client, Match

_CONTAINER = "container"


def refuse_overlaps(clients: Iterable[Client], complaints: Complaints) -> None:
    """Complain about two clients of a shared listener where what one asks for makes it the other.

    That is so when the keys of one are all among those of the other, and each key that both have
    admits a value in common. A uid of one and a gid of the other, or a DNS name and an address, may
    or may not meet in a caller; of two patterns with stars in different places it is not worked
    out. Whether these meet shows at run time, when the caller is refused.
    """
    for one, other in combinations(clients, 2):
        if one.listener == other.listener and _overlap(one.match, other.match):
            where = "the main listener" if one.listener == MAIN else "the network listeners"
            complaints.add(
                other.source,
                f"client {other.name!r} and client {one.name!r} ({one.source}) match the same"
                f" callers of {where}, who would be refused",
            )


def _overlap(one: Match, other: Match) -> bool:
    mine, theirs = _keys(one), _keys(other)
    if not (mine.keys() <= theirs.keys() or theirs.keys() <= mine.keys()):
        return False
    return all(
        any(_meet(kind, this, that) for this in mine[kind, part] for that in theirs[kind, part])
        for kind, part in mine.keys() & theirs.keys()
    )


def _keys(match: Match) -> Mapping[tuple[str, str], tuple[object, ...]]:
    """Return what is asked for, one thing a key: `dns` of a certificate, one label."""
    held: dict[tuple[str, str], tuple[object, ...]] = {
        ("uid", ""): match.uid,
        ("gid", ""): match.gid,
        ("from", ""): match.networks,
    }
    if match.cert is not None:
        held |= {(kind, ""): names for kind, names in match.cert.names.items()}
    if match.container is not None:
        held[_CONTAINER, ""] = match.container.names
        held |= {("label", key): (value,) for key, value in match.container.labels.items()}
    return {key: values for key, values in held.items() if values}


def _meet(kind: str, one: object, other: object) -> bool:
    """Tell whether a value that fits both is seen; a star in one counts as a text for the other."""
    match one, other:
        case str(), str() if kind == _CONTAINER:
            return compile_glob(one)(other) or compile_glob(other)(one)
        case str(), str():
            return name_fits(kind, one, other) or name_fits(kind, other, one)
        case ((IPv4Network() | IPv6Network()), (IPv4Network() | IPv6Network())):
            return one.version == other.version and one.overlaps(other)
        case _:
            return one == other
