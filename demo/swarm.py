"""The routes of the swarm itself: inspect, its key, init, leave, update.

Must never reach another machine: the swarm has one node.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from demo.call import Call, EngineError, empty, reply
from demo.moments import moment
from demo.nodes import ADDRESS, CERTIFICATE, this_node

if TYPE_CHECKING:
    from aiohttp import web

    from demo.swarm_state import Swarm

JsonObject = dict[str, Any]
SECOND = 10**9
SPEC: JsonObject = {
    "Name": "default",
    "Labels": {},
    "Orchestration": {"TaskHistoryRetentionLimit": 5},
    "Raft": {
        "SnapshotInterval": 10000,
        "KeepOldSnapshots": 0,
        "LogEntriesForSlowFollowers": 500,
        "ElectionTick": 10,
        "HeartbeatTick": 1,
    },
    "Dispatcher": {"HeartbeatPeriod": 5 * SECOND},
    "CAConfig": {
        "NodeCertExpiry": 90 * 86400 * SECOND,
        "ExternalCAs": [{"Protocol": "cfssl", "URL": "https://ca.example.com/not-a-real-token"}],
    },
    "TaskDefaults": {},
    "EncryptionConfig": {"AutoLockManagers": False},
}
ALREADY = (
    'This node is already part of a swarm. Use "docker swarm leave" to leave this swarm and join '
    "another one."
)
LAST = (
    "You are attempting to leave the swarm on a node that is participating as a manager. Removing "
    "the last manager erases all current state of the swarm. Use `--force` to ignore this message. "
)


def cluster(swarm: Swarm) -> JsonObject:
    """What `info` and `GET /swarm` both show."""
    return {
        "ID": swarm.id,
        "Version": {"Index": swarm.version},
        "CreatedAt": moment(swarm.created),
        "UpdatedAt": moment(swarm.created),
        "Spec": SPEC | swarm.spec,
        "TLSInfo": CERTIFICATE,
        "RootRotationInProgress": False,
        "DefaultAddrPool": ["10.0.0.0/8"],
        "SubnetSize": 24,
        "DataPathPort": 4789,
    }


def of_info(call: Call) -> JsonObject:
    """The Swarm part of `info`."""
    if not call.world.settings.swarm:
        return {
            "NodeID": "",
            "NodeAddr": "",
            "LocalNodeState": "inactive",
            "ControlAvailable": False,
            "Error": "",
            "RemoteManagers": None,
        }
    node = this_node(call.world.swarm)
    return {
        "NodeID": node.id,
        "NodeAddr": ADDRESS,
        "LocalNodeState": "active",
        "ControlAvailable": True,
        "Error": "",
        "RemoteManagers": [{"NodeID": node.id, "Addr": f"{ADDRESS}:2377"}],
        "Nodes": 1,
        "Managers": 1,
        "Cluster": cluster(call.world.swarm),
    }


async def inspect(call: Call) -> web.StreamResponse:
    """GET /swarm."""
    swarm = call.swarm()
    tokens = {role: f"SWMTKN-1-not-a-real-token-{role.lower()}" for role in ("Worker", "Manager")}
    return reply(cluster(swarm) | {"JoinTokens": tokens})


async def unlock_key(call: Call) -> web.StreamResponse:
    """GET /swarm/unlockkey: a key only where managers lock themselves."""
    spec = SPEC | call.swarm().spec
    locked = (spec.get("EncryptionConfig") or {}).get("AutoLockManagers")
    return reply({"UnlockKey": "SWMKEY-1-not-a-real-key" if locked else ""})


async def init(call: Call) -> web.StreamResponse:
    """POST /swarm/init."""
    body = await call.document()
    if call.world.settings.swarm:
        raise EngineError(503, ALREADY)
    call.world.settings.swarm = True
    call.world.swarm.spec = body.get("Spec") or {}
    return reply(this_node(call.world.swarm).id)


async def join(call: Call) -> web.StreamResponse:
    """POST /swarm/join: there is nothing to join."""
    await call.document()
    if call.world.settings.swarm:
        raise EngineError(503, ALREADY)
    raise EngineError(503, "Timeout was reached before node joined.")


async def leave(call: Call) -> web.StreamResponse:
    """POST /swarm/leave: the objects of the swarm come back with the next init."""
    if not call.world.settings.swarm:
        raise EngineError(503, "This node is not part of a swarm")
    if not call.flag("force"):
        raise EngineError(503, LAST)
    call.world.settings.swarm = False
    return empty(200)


async def update(call: Call) -> web.StreamResponse:
    """POST /swarm/update."""
    swarm, body = call.swarm(), await call.document()
    if call.number("version", 0) != swarm.version:
        raise EngineError(500, "rpc error: code = Unknown desc = update out of sequence")
    swarm.spec, swarm.version = body, swarm.next()
    return empty(200)


async def unlock(call: Call) -> web.StreamResponse:
    """POST /swarm/unlock: it is not locked."""
    await call.document()
    call.swarm()
    raise EngineError(409, "swarm is not locked")
