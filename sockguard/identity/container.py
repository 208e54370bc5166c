"""What the Engine says of running containers: which of them has which address.

Must never take an address or a container that cannot be read for none.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING

from sockguard.identity.caller import CallingContainer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from ipaddress import IPv4Address, IPv6Address

    Address = IPv4Address | IPv6Address
    ByAddress = Mapping[Address, list[CallingContainer]]

_ADDRESSES = ("IPAddress", "GlobalIPv6Address")


def by_address(document: object) -> ByAddress:
    """Read a list of what runs: who has each address; raises ValueError where it is none."""
    if not isinstance(document, list):
        raise ValueError("it did not answer with a list")  # noqa: TRY004 - the Engine's fault
    found: dict[Address, list[CallingContainer]] = {}
    for listed in document:
        container = _listed(listed)
        for address in set(_addresses(listed)):
            found.setdefault(address, []).append(container)
    return found


def runs_at(document: object, container: CallingContainer, address: Address) -> bool:
    """Tell whether what was inspected is this container, and runs at this address.

    Raises ValueError for an address that cannot be read.
    """
    match document:
        case {"Id": str(full_id), "Name": str(name), "State": {"Running": True}, "Config": config}:
            inspected = CallingContainer(full_id, name.removeprefix("/"), _labels(config))
            return inspected == container and address in _addresses(document)
        case _:
            return False


def _listed(document: object) -> CallingContainer:
    match document:
        case {"Id": str(full_id), "Names": list(names)}:
            own = [one[1:] for one in map(str, names) if one.count("/") == 1]  # others are links
            return CallingContainer(full_id, own[0] if len(own) == 1 else "", _labels(document))
        case _:
            raise ValueError("it listed something that is no container")


def _labels(document: object) -> tuple[tuple[str, str], ...]:
    labels = _mapping(_mapping(document).get("Labels"))
    return tuple(sorted((key, text) for key, text in labels.items() if isinstance(text, str)))


def _addresses(document: object) -> Iterator[Address]:
    settings = _mapping(_mapping(document).get("NetworkSettings"))
    for endpoint in _mapping(settings.get("Networks")).values():
        for name in _ADDRESSES:
            text = _mapping(endpoint).get(name)
            if isinstance(text, str) and text:
                yield ip_address(text)


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}
