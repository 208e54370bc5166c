"""What the Engine reads in the bodies of operations on a swarm and what runs in it.

Must never hold a value, only which fields the Engine reads and their types.
"""

from __future__ import annotations

from sockguard.engine.bodies.parts import (
    HEALTHCHECK,
    LABELS,
    MOUNTS,
    NAMED_OPTIONS,
    NOTHING,
    ULIMITS,
)
from sockguard.engine.shape import BOOLEAN, INTEGER, NUMBER, TEXT, Alias, Map, Shape

SWARM_SPEC: dict[str, Shape] = {
    "Name": TEXT,
    "Labels": LABELS,
    "Orchestration": {"TaskHistoryRetentionLimit": INTEGER},
    "Raft": {
        "SnapshotInterval": INTEGER,
        "KeepOldSnapshots": INTEGER,
        "LogEntriesForSlowFollowers": INTEGER,
        "ElectionTick": INTEGER,
        "HeartbeatTick": INTEGER,
    },
    "Dispatcher": {"HeartbeatPeriod": INTEGER},
    "CAConfig": {
        "NodeCertExpiry": INTEGER,
        "ExternalCAs": [{"Protocol": TEXT, "URL": TEXT, "Options": Map(TEXT), "CACert": TEXT}],
        "SigningCACert": TEXT,
        "SigningCAKey": TEXT,
        "ForceRotate": INTEGER,
    },
    "EncryptionConfig": {"AutoLockManagers": BOOLEAN},
    "TaskDefaults": {"LogDriver": NAMED_OPTIONS},
}

SWARM_INIT: dict[str, Shape] = {
    "ListenAddr": TEXT,
    "AdvertiseAddr": TEXT,
    "DataPathAddr": TEXT,
    "DataPathPort": INTEGER,
    "DefaultAddrPool": [TEXT],
    "SubnetSize": INTEGER,
    "ForceNewCluster": BOOLEAN,
    "Spec": SWARM_SPEC,
    "AutoLockManagers": BOOLEAN,
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

NODE: dict[str, Shape] = {"Name": TEXT, "Labels": LABELS, "Role": TEXT, "Availability": TEXT}

CONFIG: dict[str, Shape] = {
    "Name": TEXT,
    "Labels": LABELS,
    "Data": TEXT,
    "Templating": NAMED_OPTIONS,
}

SECRET: dict[str, Shape] = {**CONFIG, "Driver": NAMED_OPTIONS}

_FILE: dict[str, Shape] = {"Name": TEXT, "UID": TEXT, "GID": TEXT, "Mode": INTEGER}

_CONTAINER: dict[str, Shape] = {
    "Image": TEXT,
    "Labels": LABELS,
    "Command": [TEXT],
    "Args": [TEXT],
    "Hostname": TEXT,
    "Env": [TEXT],
    "Dir": TEXT,
    "User": TEXT,
    "Groups": [TEXT],
    "Privileges": {
        "CredentialSpec": {"Config": TEXT, "File": TEXT, "Registry": TEXT},
        "SELinuxContext": {
            "Disable": BOOLEAN,
            "User": TEXT,
            "Role": TEXT,
            "Type": TEXT,
            "Level": TEXT,
        },
        "Seccomp": {"Mode": TEXT, "Profile": TEXT},
        "AppArmor": {"Mode": TEXT},
        "NoNewPrivileges": BOOLEAN,
    },
    "TTY": BOOLEAN,
    "OpenStdin": BOOLEAN,
    "ReadOnly": BOOLEAN,
    "Mounts": MOUNTS,
    "StopSignal": TEXT,
    "StopGracePeriod": INTEGER,
    "HealthCheck": HEALTHCHECK,
    "Healthcheck": Alias("HealthCheck"),  # the Go client's own spelling
    "Hosts": [TEXT],
    "DNSConfig": {"Nameservers": [TEXT], "Search": [TEXT], "Options": [TEXT]},
    "Secrets": [{"File": _FILE, "SecretID": TEXT, "SecretName": TEXT}],
    "OomScoreAdj": INTEGER,
    "Configs": [{"File": _FILE, "Runtime": NOTHING, "ConfigID": TEXT, "ConfigName": TEXT}],
    "Isolation": TEXT,
    "Init": BOOLEAN,
    "Sysctls": Map(TEXT),
    "CapabilityAdd": [TEXT],
    "CapabilityDrop": [TEXT],
    "Ulimits": ULIMITS,
}

# The Go client writes the fields of a plugin in lower case, the documents in capitals.
_PRIVILEGES: Shape = [
    {
        "Name": TEXT,
        "name": Alias("Name"),
        "Description": TEXT,
        "description": Alias("Description"),
        "Value": [TEXT],
        "value": Alias("Value"),
    }
]
_PLUGIN: dict[str, Shape] = {
    "Name": TEXT,
    "name": Alias("Name"),
    "Remote": TEXT,
    "remote": Alias("Remote"),
    "Disabled": BOOLEAN,
    "disabled": Alias("Disabled"),
    "PluginPrivilege": _PRIVILEGES,
    "Privileges": _PRIVILEGES,
    "privileges": Alias("Privileges"),
    "Env": [TEXT],
    "env": Alias("Env"),
}

_GENERIC_RESOURCES: Shape = [
    {
        "NamedResourceSpec": {"Kind": TEXT, "Value": TEXT},
        "DiscreteResourceSpec": {"Kind": TEXT, "Value": INTEGER},
    }
]
_AMOUNTS: dict[str, Shape] = {
    "NanoCPUs": INTEGER,
    "MemoryBytes": INTEGER,
    "GenericResources": _GENERIC_RESOURCES,
}
_NETWORKS: Shape = [{"Target": TEXT, "Aliases": [TEXT], "DriverOpts": Map(TEXT)}]

_TASK: dict[str, Shape] = {
    "ContainerSpec": _CONTAINER,
    "PluginSpec": _PLUGIN,
    "NetworkAttachmentSpec": {"ContainerID": TEXT},
    "Resources": {
        "Limits": {**_AMOUNTS, "Pids": INTEGER},
        "Reservations": _AMOUNTS,
        "SwapBytes": INTEGER,
        "MemorySwappiness": INTEGER,
    },
    "RestartPolicy": {
        "Condition": TEXT,
        "Delay": INTEGER,
        "MaxAttempts": INTEGER,
        "Window": INTEGER,
    },
    "Placement": {
        "Constraints": [TEXT],
        "Preferences": [{"Spread": {"SpreadDescriptor": TEXT}}],
        "MaxReplicas": INTEGER,
        "Platforms": [{"Architecture": TEXT, "OS": TEXT}],
    },
    "Networks": _NETWORKS,
    "LogDriver": NAMED_OPTIONS,
    "ForceUpdate": INTEGER,
    "Runtime": TEXT,
}

_ROLLOUT: dict[str, Shape] = {
    "Parallelism": INTEGER,
    "Delay": INTEGER,
    "FailureAction": TEXT,
    "Monitor": INTEGER,
    "MaxFailureRatio": NUMBER,
    "Order": TEXT,
}

SERVICE: dict[str, Shape] = {
    "Name": TEXT,
    "Labels": LABELS,
    "TaskTemplate": _TASK,
    "Mode": {
        "Replicated": {"Replicas": INTEGER},
        "replicated": Alias("Replicated"),  # docker-py
        "Global": NOTHING,
        "global": Alias("Global"),  # docker-py
        "ReplicatedJob": {"MaxConcurrent": INTEGER, "TotalCompletions": INTEGER},
        "GlobalJob": NOTHING,
    },
    "UpdateConfig": _ROLLOUT,
    "RollbackConfig": _ROLLOUT,
    "Networks": _NETWORKS,
    "EndpointSpec": {
        "Mode": TEXT,
        "Ports": [
            {
                "Name": TEXT,
                "Protocol": TEXT,
                "TargetPort": INTEGER,
                "PublishedPort": INTEGER,
                "PublishMode": TEXT,
            }
        ],
    },
}
