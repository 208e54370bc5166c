"""The routes of the swarm's nodes, of which there is one: this.

Must never let the last manager go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from demo.call import Call, EngineError, empty, reply
from demo.events import emit
from demo.filters import has_label, passes
from demo.swarm_state import find

if TYPE_CHECKING:
    from aiohttp import web

    from demo.filters import Tests
    from demo.swarm_state import Swarm, Thing

JsonObject = dict[str, Any]
ADDRESS = "192.0.2.10"
HOSTNAME = "demo"
CERTIFICATE: JsonObject = {
    "TrustRoot": "-----BEGIN CERTIFICATE-----\nbm90IGEgcmVhbCBvbmU=\n-----END CERTIFICATE-----\n",
    "CertIssuerSubject": "MBMxETAPBgNVBAMTCHN3YXJtLWNh",
    "CertIssuerPublicKey": "bm90IGEgcmVhbCBrZXk=",
}


def this_node(swarm: Swarm) -> Thing:
    """The one node, made when it is first asked for."""
    if not swarm.nodes:
        spec = {"Labels": {"rack": "1"}, "Role": "manager", "Availability": "active"}
        swarm.add(swarm.nodes, HOSTNAME, spec)
    return next(iter(swarm.nodes.values()))


def _shown(node: Thing) -> JsonObject:
    return node.meta() | {
        "Spec": node.spec,
        "Description": {
            "Hostname": HOSTNAME,
            "Platform": {"Architecture": "x86_64", "OS": "linux"},
            "Resources": {"NanoCPUs": 4 * 10**9, "MemoryBytes": 4 << 30},
            "Engine": {
                "EngineVersion": "27.5.1",
                "Labels": {"region": "lab"},
                "Plugins": [{"Type": "Network", "Name": "bridge"}],
            },
            "TLSInfo": CERTIFICATE,
        },
        "Status": {"State": "ready", "Addr": ADDRESS},
        "ManagerStatus": {"Leader": True, "Reachability": "reachable", "Addr": f"{ADDRESS}:2377"},
    }


def _tests(node: Thing) -> Tests:
    return {
        "id": node.id.startswith,
        "name": lambda value: value in node.name,
        "label": lambda value: has_label({"region": "lab"}, value),
        "node.label": lambda value: has_label(node.spec.get("Labels") or {}, value),
        "role": lambda value: node.spec.get("Role") == value,
        "membership": lambda value: value == "accepted",
    }


async def list_(call: Call) -> web.StreamResponse:
    """GET /nodes."""
    node, filters = this_node(call.swarm()), call.filters()
    return reply([_shown(node)] if passes(_tests(node), filters) else [])


def _node(call: Call) -> Thing:
    swarm = call.swarm()
    this_node(swarm)
    return find("node", swarm.nodes, call.params["id"])


async def inspect(call: Call) -> web.StreamResponse:
    """GET /nodes/{id}."""
    return reply(_shown(_node(call)))


async def update(call: Call) -> web.StreamResponse:
    """POST /nodes/{id}/update: the body is the whole new spec."""
    node, spec = _node(call), await call.document()
    if spec.get("Role") != "manager":
        raise EngineError(
            400,
            "rpc error: code = FailedPrecondition desc = attempting to demote the last manager "
            "of the swarm",
        )
    call.swarm().change(node, spec, call.number("version", 0))
    emit(call.world, "node", "update", node.id, {"name": node.name})
    return empty(200)


async def remove(call: Call) -> web.StreamResponse:
    """DELETE /nodes/{id}: never, since it is the last manager."""
    node = _node(call)
    raise EngineError(
        400,
        f"rpc error: code = FailedPrecondition desc = node {node.id} is a cluster manager and is "
        "a member of the raft cluster. It must be demoted to worker before removal",
    )
