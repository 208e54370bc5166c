"""What is said at the start where the variables of another socket proxy are read.

Must never say less of the policy than is served.
"""

from __future__ import annotations

import errno
import socket
from dataclasses import replace
from typing import TYPE_CHECKING

from sockguard.cli.say import show
from sockguard.identity.listener import Scheme
from sockguard.policy.check import lint
from sockguard.proxy.own_log import note

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sockguard.compat.follow import Followed
    from sockguard.policy.model import Policy
    from sockguard.settings import Settings


_NO_IPV6 = frozenset({errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL})


def where_it_can_listen(settings: Settings) -> Settings:
    """Leave `[::]` out on a host without IPv6, unless somebody asked for it."""
    wide = [one for one in settings.listen if one.host == "::"]
    if not (settings.listens_as_there and wide) or _has_ipv6():
        return settings
    left = tuple(one for one in settings.listen if one not in wide)
    note(f"this host has no IPv6: listening at {' and '.join(map(str, left))} only")
    return replace(settings, listen=left)


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as ours:
            ours.bind(("::", 0))
    except OSError as error:
        return error.errno not in _NO_IPV6  # what else is wrong, listening itself tells
    return True


def say_what_is_followed(settings: Settings) -> None:
    """Print the policy that the variables come to."""
    followed = settings.followed
    if followed is None:
        return
    dialect = followed.dialect
    note(f"reading the variables of {dialect.image}, {dialect.release}, as this policy:")
    show(followed.policy)


def policy_warnings(settings: Settings, policy: Policy) -> Iterator[str]:
    """Yield what to mind of a policy: in words of variables, where these are all that was written.

    They come after the long policy, where they are seen.
    """
    followed = settings.followed
    if followed is None:
        yield from map(str, lint(policy))
        return
    # Only who follows variables pays for the tables of those proxies: 6 ms.
    from sockguard.compat.follow import CLIENT, left_halfway  # noqa: PLC0415

    yield from _ports(settings, followed)
    yield from left_halfway(followed, policy.clients[CLIENT].role)
    yield from followed.warnings


def _ports(settings: Settings, followed: Followed) -> Iterator[str]:
    plain = [one for one in settings.listen if one.scheme is Scheme.TCP]
    ports = " and ".join(map(str, plain))
    if all(one.loopback for one in plain):
        if plain:
            yield f"{ports}: every program on this host may do all of the above"
        return
    yield (
        f"{ports}: whoever reaches this may do all of the above, in"
        f" plain text and without a certificate. {followed.dialect.image} says of its port:"
        f' "{followed.dialect.warning}"'
    )
