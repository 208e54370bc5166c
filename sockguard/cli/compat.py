"""What is said at the start where the variables of another socket proxy are read.

Must never say less of the policy than is served.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sockguard.cli.say import show
from sockguard.identity.listener import Scheme
from sockguard.proxy.own_log import note

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sockguard.compat.follow import Followed
    from sockguard.settings import Settings


def say_what_is_followed(settings: Settings) -> None:
    """Print the policy that the variables come to, and what in them or around them to mind."""
    followed = settings.followed
    if followed is None:
        return
    dialect = followed.dialect
    note(f"reading the variables of {dialect.image}, {dialect.release}, as this policy:")
    show(followed.policy)
    for warning in (*followed.warnings, *_open_ports(settings, followed)):
        note(f"warning: {warning}")


def _open_ports(settings: Settings, followed: Followed) -> Iterator[str]:
    ports = [one for one in settings.listen if one.scheme is Scheme.TCP and not one.loopback]
    if ports:
        yield (
            f"{' and '.join(map(str, ports))}: whoever reaches this may do all of the above, in"
            f" plain text and without a certificate. {followed.dialect.image} says of its port:"
            f' "{followed.dialect.warning}"'
        )
