"""What the Engine reads in the bodies of operations on a swarm, its nodes, secrets and configs.

Must never hold a policy, only facts: fields, types, and which values equal absence.
"""

from __future__ import annotations

from sockguard.engine.bodies.parts import LABELS, LOG_CONFIG_HANDS_OVER, NAMED_OPTIONS
from sockguard.engine.level import Level
from sockguard.engine.shape import (
    BOOLEAN,
    INTEGER,
    TEXT,
    Map,
    Shape,
    plain,
    sensitive,
    sensitive_within,
)

_AUTHORITY = "Makes the client the authority that all nodes of the swarm obey."
_LOCKED = sensitive(
    BOOLEAN, "Keeps managers from coming back without a key that may be lost.", Level.DISTURB
)

SWARM_SPEC: dict[str, Shape] = {
    "Name": TEXT,
    "Labels": LABELS,
    "Orchestration": {"TaskHistoryRetentionLimit": plain(INTEGER, absent=())},
    "Raft": {
        "SnapshotInterval": INTEGER,
        "KeepOldSnapshots": plain(INTEGER, absent=()),
        "LogEntriesForSlowFollowers": INTEGER,
        "ElectionTick": INTEGER,
        "HeartbeatTick": INTEGER,
    },
    "Dispatcher": {"HeartbeatPeriod": INTEGER},
    "CAConfig": {
        "NodeCertExpiry": INTEGER,
        "ExternalCAs": sensitive(
            [{"Protocol": TEXT, "URL": TEXT, "Options": Map(TEXT), "CACert": TEXT}], _AUTHORITY
        ),
        "SigningCACert": sensitive(TEXT, _AUTHORITY),
        "SigningCAKey": sensitive(TEXT, _AUTHORITY),
        "ForceRotate": sensitive(
            INTEGER, "Makes all certificates of the swarm anew.", Level.DISTURB
        ),
    },
    "EncryptionConfig": {"AutoLockManagers": _LOCKED},
    "TaskDefaults": {
        "LogDriver": sensitive_within(NAMED_OPTIONS, LOG_CONFIG_HANDS_OVER, Level.DISTURB)
    },
}

SWARM_INIT: dict[str, Shape] = {
    "ListenAddr": TEXT,
    "AdvertiseAddr": TEXT,
    "DataPathAddr": TEXT,
    "DataPathPort": INTEGER,
    "DefaultAddrPool": sensitive(
        [TEXT],
        "Takes over addresses that the hosts and their neighbours already use.",
        Level.DISTURB,
    ),
    "SubnetSize": INTEGER,
    "ForceNewCluster": sensitive(
        BOOLEAN, "Leaves this host as the swarm's only manager.", Level.DISTURB
    ),
    "Spec": SWARM_SPEC,
    "AutoLockManagers": _LOCKED,
    "Availability": TEXT,
}

SWARM_JOIN: dict[str, Shape] = {
    "ListenAddr": TEXT,
    "AdvertiseAddr": TEXT,
    "DataPathAddr": TEXT,
    "RemoteAddrs": [TEXT],
    "JoinToken": TEXT,
    "Availability": TEXT,
}

SWARM_UNLOCK: dict[str, Shape] = {"UnlockKey": TEXT}

NODE: dict[str, Shape] = {
    "Name": TEXT,
    "Labels": sensitive(
        LABELS, "Draws services onto the node, and their secrets with them.", Level.SECRETS
    ),
    "Role": sensitive(
        TEXT,
        "Makes the node a manager, which holds all secrets of the swarm and commands its nodes.",
        harmless=("worker",),
    ),
    "Availability": sensitive(
        TEXT, "Takes everything off the node that runs on it.", Level.DISTURB, harmless=("active",)
    ),
}

CONFIG: dict[str, Shape] = {
    "Name": TEXT,
    "Labels": LABELS,
    "Data": TEXT,
    "Templating": sensitive_within(
        NAMED_OPTIONS, "Fills in other secrets where a service reads it.", Level.SECRETS
    ),
}

SECRET: dict[str, Shape] = {
    **CONFIG,
    "Driver": sensitive_within(
        NAMED_OPTIONS, "Leaves it to a plugin what the secret is.", Level.SECRETS
    ),
}
