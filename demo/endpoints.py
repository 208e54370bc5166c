"""A container's ends on its networks: prepared when it is made, filled while it runs.

Must never decide which networks a container is on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from demo.events import emit
from demo.state import new_id

if TYPE_CHECKING:
    from demo.state import Container, Network, World

JsonObject = dict[str, Any]
FREE: JsonObject = {
    "EndpointID": "",
    "Gateway": "",
    "IPAddress": "",
    "IPPrefixLen": 0,
    "IPv6Gateway": "",
    "GlobalIPv6Address": "",
    "GlobalIPv6PrefixLen": 0,
    "MacAddress": "",
}
FIELDS = ("IPAMConfig", "Links", "Aliases", "DriverOpts")


def prepare(container: Container, key: str, given: JsonObject) -> None:
    """Note that a container belongs on a network, which need not exist before it starts."""
    asked = {name: given.get(name) for name in FIELDS}
    aliases = [*(given.get("Aliases") or []), container.id[:12]]
    names = {"DNSNames": list(dict.fromkeys([container.name, *aliases]))}
    more = {"GwPriority": given.get("GwPriority") or 0, "NetworkID": ""}
    container.networks[key] = asked | FREE | more | names


def join(world: World, container: Container) -> None:
    """Connect a container to all its networks; EngineError 404 when one is missing."""
    known = {key: world.network(key) for key in container.networks}
    container.networks = {known[key].name: end for key, end in container.networks.items()}
    for network in known.values():
        plug(world, container, network)


def plug(world: World, container: Container, network: Network) -> None:
    """Give a prepared end an address from the network's subnet, or the one that was asked for."""
    end = container.networks[network.name]
    number = world.address()
    prefix, _, bits = network.subnet.partition("/")
    stem = prefix.rpartition(".")[0]
    wanted = (end["IPAMConfig"] or {}).get("IPv4Address")
    end |= {"NetworkID": network.id, "EndpointID": new_id()}
    if stem:
        end |= {
            "Gateway": network.gateway or f"{stem}.1",
            "IPAddress": wanted or f"{stem}.{number}",
            "IPPrefixLen": int(bits),
            "MacAddress": f"02:42:ac:11:00:{number:02x}",
        }
    emit_link(world, "connect", network, container)


def leave(world: World, container: Container) -> None:
    """Free the addresses of a container that has ended."""
    for key, end in container.networks.items():
        network = world.networks.get(end["NetworkID"])
        container.networks[key] = end | FREE
        if network:
            emit_link(world, "disconnect", network, container)


def emit_link(world: World, action: str, network: Network, container: Container) -> None:
    """Tell that a container has come onto a network or left it."""
    attributes = {"container": container.id, "name": network.name, "type": network.driver}
    emit(world, "network", action, network.id, attributes)


def inside(world: World, network: Network) -> JsonObject:
    """The Containers part of a network's inspect."""
    return {
        item.id: {
            "Name": item.name,
            "EndpointID": end["EndpointID"],
            "MacAddress": end["MacAddress"],
            "IPv4Address": f"{end['IPAddress']}/{end['IPPrefixLen']}" if end["IPAddress"] else "",
            "IPv6Address": "",
        }
        for item in world.attached(network)
        if (end := item.networks[network.name])["EndpointID"]
    }
