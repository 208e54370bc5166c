"""The routes of networks.

Must never touch containers beyond their list of networks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from demo import lifecycle
from demo.call import Call, EngineError, empty, reply
from demo.documents import attached_to_network, moment
from demo.events import emit
from demo.filters import has_label, passes
from demo.state import Network, new_id

if TYPE_CHECKING:
    from aiohttp import web

    from demo.filters import Tests

JsonObject = dict[str, Any]
PREDEFINED = ("bridge", "host", "none")


def _shown(call: Call, network: Network, inside: bool) -> JsonObject:
    """A network's document; its containers only on inspect."""
    pool = [{"Subnet": network.subnet}] if network.subnet else []
    containers = attached_to_network(call.world, network.name) if inside else {}
    return {
        "Name": network.name,
        "Id": network.id,
        "Created": moment(network.created),
        "Scope": "local",
        "Driver": network.driver,
        "EnableIPv4": True,
        "EnableIPv6": False,
        "IPAM": {"Driver": "default", "Options": {}, "Config": pool},
        "Internal": bool(network.options.get("Internal")),
        "Attachable": bool(network.options.get("Attachable")),
        "Ingress": False,
        "ConfigFrom": {"Network": ""},
        "ConfigOnly": False,
        "Containers": containers,
        "Options": network.options.get("Options") or {},
        "Labels": network.options.get("Labels") or {},
    }


def _kept(network: Network, filters: dict[str, list[str]]) -> bool:
    tests: Tests = {
        "name": lambda value: value in network.name,
        "id": network.id.startswith,
        "driver": lambda value: network.driver == value,
        "scope": lambda value: value == "local",
        "label": lambda value: has_label(network.options.get("Labels") or {}, value),
        "type": lambda value: (value == "builtin") == (network.name in PREDEFINED),
        "dangling": lambda _: True,
        "until": lambda _: True,
    }
    return passes(tests, filters)


async def list_(call: Call) -> web.StreamResponse:
    """GET /networks."""
    filters = call.filters()
    networks = [item for item in call.world.networks.values() if _kept(item, filters)]
    return reply([_shown(call, network, inside=False) for network in networks])


async def inspect(call: Call) -> web.StreamResponse:
    """GET /networks/{id}."""
    return reply(_shown(call, call.world.network(call.params["id"]), inside=True))


async def create(call: Call) -> web.StreamResponse:
    """POST /networks/create."""
    body = await call.document()
    name = body.get("Name") or ""
    if not name:
        raise EngineError(400, "network name cannot be empty")
    if any(network.name == name for network in call.world.networks.values()):
        raise EngineError(409, f"network with name {name} already exists")
    number = len(call.world.networks) + 15
    driver = body.get("Driver") or "bridge"
    network = Network(new_id(), name, driver, f"172.{number}.0.0/16", body)
    call.world.networks[network.id] = network
    emit(call.world, "network", "create", network.id, {"name": name, "type": driver})
    return reply({"Id": network.id, "Warning": ""}, 201)


async def remove(call: Call) -> web.StreamResponse:
    """DELETE /networks/{id}."""
    network = call.world.network(call.params["id"])
    if network.name in PREDEFINED:
        raise EngineError(403, f"{network.name} is a pre-defined network and cannot be removed")
    if any(item.running for item in call.world.attached(network)):
        raise EngineError(
            403, f"error while removing network: network {network.name} has active endpoints"
        )
    _forget(call, network)
    return empty()


def _forget(call: Call, network: Network) -> None:
    for container in call.world.attached(network):
        del container.networks[network.name]
    del call.world.networks[network.id]
    attributes = {"name": network.name, "type": network.driver}
    emit(call.world, "network", "destroy", network.id, attributes)


async def connect(call: Call) -> web.StreamResponse:
    """POST /networks/{id}/connect."""
    body = await call.document()
    network = call.world.network(call.params["id"])
    container = call.world.container(body.get("Container") or "")
    if network.name in container.networks:
        message = f"endpoint with name {container.name} already exists in network {network.name}"
        raise EngineError(403, message)
    lifecycle.connect(call.world, container, network, body.get("EndpointConfig") or {})
    return empty(200)


async def disconnect(call: Call) -> web.StreamResponse:
    """POST /networks/{id}/disconnect."""
    body = await call.document()
    network = call.world.network(call.params["id"])
    container = call.world.container(body.get("Container") or "")
    if container.networks.pop(network.name, None) is None:
        message = f"container {container.id} is not connected to network {network.name}"
        raise EngineError(403, message)
    lifecycle.emit_link(call.world, "disconnect", network, container)
    return empty(200)


async def prune(call: Call) -> web.StreamResponse:
    """POST /networks/prune."""
    filters = call.filters()
    unused = [
        network
        for network in list(call.world.networks.values())
        if network.name not in PREDEFINED
        and not call.world.attached(network)
        and _kept(network, filters)
    ]
    for network in unused:
        _forget(call, network)
    return reply({"NetworksDeleted": [network.name for network in unused]})
