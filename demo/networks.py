"""The routes of networks.

Must never touch containers beyond their list of networks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from demo.call import Call, EngineError, empty, reply
from demo.endpoints import emit_link, inside, plug, prepare
from demo.events import emit
from demo.filters import has_label, passes
from demo.moments import moment, read_moment
from demo.state import Network, new_id

if TYPE_CHECKING:
    from aiohttp import web

    from demo.filters import Tests

JsonObject = dict[str, Any]
PREDEFINED = ("bridge", "host", "none")


def _shown(call: Call, network: Network, whole: bool) -> JsonObject:
    """A network's document; its containers only on inspect."""
    given = network.options
    document: JsonObject = {
        "Name": network.name,
        "Id": network.id,
        "Created": moment(network.created),
        "Scope": given.get("Scope") or ("swarm" if network.driver == "overlay" else "local"),
        "Driver": network.driver,
        "EnableIPv4": given.get("EnableIPv4") is not False,
        "EnableIPv6": bool(given.get("EnableIPv6")),
        "IPAM": _ipam(network),
        "Internal": bool(given.get("Internal")),
        "Attachable": bool(given.get("Attachable")),
        "Ingress": bool(given.get("Ingress")),
        "ConfigFrom": given.get("ConfigFrom") or {"Network": ""},
        "ConfigOnly": bool(given.get("ConfigOnly")),
        "Options": given.get("Options") or {},
        "Labels": given.get("Labels") or {},
    }
    if call.version < (1, 47):
        del document["EnableIPv4"]
    if whole or call.version < (1, 52):
        document["Containers"] = inside(call.world, network) if whole else {}
    return document


def _ipam(network: Network) -> JsonObject:
    given = network.options.get("IPAM") or {}
    pool = [{"Subnet": network.subnet, "Gateway": network.gateway}] if network.subnet else []
    return {
        "Driver": given.get("Driver") or "default",
        "Options": given.get("Options"),
        "Config": given.get("Config") or pool,
    }


def _kept(call: Call, network: Network, filters: dict[str, list[str]]) -> bool:
    labels = network.options.get("Labels") or {}
    busy = bool(inside(call.world, network))
    tests: Tests = {
        "name": lambda value: value in network.name,
        "id": network.id.startswith,
        "driver": lambda value: network.driver == value,
        "scope": lambda value: value == ("swarm" if network.driver == "overlay" else "local"),
        "label": lambda value: has_label(labels, value),
        "label!": lambda value: not has_label(labels, value),
        "type": lambda value: (value == "builtin") == (network.name in PREDEFINED),
        "dangling": lambda value: (value in ("1", "true")) != busy,
        "until": lambda value: network.created < (read_moment(value) or 0),
    }
    return passes(tests, filters)


async def list_(call: Call) -> web.StreamResponse:
    """GET /networks."""
    filters = call.filters()
    networks = [item for item in call.world.networks.values() if _kept(call, item, filters)]
    return reply([_shown(call, network, whole=False) for network in networks])


async def inspect(call: Call) -> web.StreamResponse:
    """GET /networks/{id}."""
    return reply(_shown(call, call.world.network(call.params["id"]), whole=True))


async def create(call: Call) -> web.StreamResponse:
    """POST /networks/create."""
    body = await call.document()
    name, driver = body.get("Name") or "", body.get("Driver") or "bridge"
    if not name.strip():
        raise EngineError(400, "invalid network name: name is empty")
    if name in PREDEFINED:
        raise EngineError(403, f"operation is not permitted on predefined {name} network ")
    if any(network.name == name for network in call.world.networks.values()):
        raise EngineError(409, f"network with name {name} already exists")
    if driver == "overlay":
        call.swarm(status=403)
    subnet, gateway = _pool(body, len(call.world.networks) + 15)
    network = Network(new_id(), name, driver, subnet, gateway, body)
    call.world.networks[network.id] = network
    emit(call.world, "network", "create", network.id, {"name": name, "type": driver})
    return reply({"Id": network.id, "Warning": ""}, 201)


def _pool(body: JsonObject, number: int) -> tuple[str, str]:
    for pool in (body.get("IPAM") or {}).get("Config") or []:
        if pool.get("Subnet") and ":" not in pool["Subnet"]:
            return pool["Subnet"], pool.get("Gateway") or ""
    return f"172.{number}.0.0/16", f"172.{number}.0.1"


async def remove(call: Call) -> web.StreamResponse:
    """DELETE /networks/{id}."""
    network = call.world.network(call.params["id"])
    if network.name in PREDEFINED:
        raise EngineError(403, f"{network.name} is a pre-defined network and cannot be removed")
    if users := inside(call.world, network):
        ends = ", ".join(f'name:"{end["Name"]}" id:"{key[:12]}"' for key, end in users.items())
        what = f"network {network.name} has active endpoints ({ends})"
        raise EngineError(403, f"error while removing network: {what}")
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
    prepare(container, network.name, body.get("EndpointConfig") or {})
    if container.running:
        plug(call.world, container, network)
    return empty(200)


async def disconnect(call: Call) -> web.StreamResponse:
    """POST /networks/{id}/disconnect."""
    body = await call.document()
    network = call.world.network(call.params["id"])
    container = call.world.container(body.get("Container") or "")
    if container.networks.pop(network.name, None) is None:
        message = f"container {container.id} is not connected to network {network.name}"
        raise EngineError(403, message)
    if container.running:
        emit_link(call.world, "disconnect", network, container)
    return empty(200)


async def prune(call: Call) -> web.StreamResponse:
    """POST /networks/prune: those on which nothing runs."""
    filters = call.filters()
    unused = [
        network
        for network in list(call.world.networks.values())
        if network.name not in PREDEFINED
        and not inside(call.world, network)
        and _kept(call, network, filters)
    ]
    for network in unused:
        _forget(call, network)
    emit(call.world, "network", "prune", "", {"reclaimed": "0"})
    return reply({"NetworksDeleted": [network.name for network in unused] or None})
