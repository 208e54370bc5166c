"""What the Engine reads in the body of a service, and what each part of it hands over.

Must never hold a policy, only facts: fields, types, and which values equal absence.
"""

from __future__ import annotations

from sockguard.engine.bodies.parts import (
    HEALTHCHECK,
    LABELS,
    LOG_CONFIG_HANDS_OVER,
    MOUNTS,
    MOUNTS_HAND_OVER,
    NAMED_OPTIONS,
    NAMESERVERS_HAND_OVER,
    NOTHING,
    OOM_SCORE_HANDS_OVER,
    SYSCTLS_HAND_OVER,
    ULIMITS,
    ULIMITS_HAND_OVER,
)
from sockguard.engine.level import Level
from sockguard.engine.shape import (
    BOOLEAN,
    INTEGER,
    NUMBER,
    TEXT,
    Alias,
    Map,
    Shape,
    limit,
    plain,
    sensitive,
    sensitive_within,
)

_CONFINEMENT = "Switches off or replaces what keeps the container from its node."

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
    "Groups": sensitive(
        [TEXT], "Puts the process into any group, such as one that owns a socket.", Level.CODE
    ),
    "Privileges": {
        "CredentialSpec": sensitive_within(
            {"Config": TEXT, "File": TEXT, "Registry": TEXT},
            "Gives the container an account of the Windows domain.",
            Level.SECRETS,
        ),
        "SELinuxContext": sensitive_within(
            {"Disable": BOOLEAN, "User": TEXT, "Role": TEXT, "Type": TEXT, "Level": TEXT},
            _CONFINEMENT,
        ),
        "Seccomp": {
            "Mode": sensitive(TEXT, _CONFINEMENT, absent=("", "default")),
            "Profile": sensitive(TEXT, _CONFINEMENT),
        },
        "AppArmor": {"Mode": sensitive(TEXT, _CONFINEMENT, absent=("", "default"))},
        "NoNewPrivileges": BOOLEAN,
    },
    "TTY": BOOLEAN,
    "OpenStdin": BOOLEAN,
    "ReadOnly": BOOLEAN,
    "Mounts": sensitive(MOUNTS, MOUNTS_HAND_OVER),
    "StopSignal": TEXT,
    "StopGracePeriod": plain(INTEGER, absent=()),
    "HealthCheck": HEALTHCHECK,
    "Healthcheck": Alias("HealthCheck"),  # the Go client's own spelling
    "Hosts": sensitive(
        [TEXT], "Makes names mean other addresses in the container.", Level.METADATA
    ),
    "DNSConfig": sensitive_within(
        {"Nameservers": [TEXT], "Search": [TEXT], "Options": [TEXT]},
        NAMESERVERS_HAND_OVER,
        Level.METADATA,
    ),
    "Secrets": sensitive(
        [{"File": _FILE, "SecretID": TEXT, "SecretName": TEXT}],
        "Shows any secret of the swarm to what the service runs.",
        Level.SECRETS,
    ),
    "OomScoreAdj": sensitive(INTEGER, OOM_SCORE_HANDS_OVER, Level.DISTURB),
    "Configs": sensitive(
        [{"File": _FILE, "Runtime": NOTHING, "ConfigID": TEXT, "ConfigName": TEXT}],
        "Shows any config of the swarm to what the service runs.",
        Level.SECRETS,
    ),
    "Isolation": sensitive(
        TEXT,
        "Has Windows run the container without a virtual machine of its own.",
        Level.CODE,
        absent=("", "default"),
    ),
    "Init": plain(BOOLEAN, absent=()),
    "Sysctls": sensitive(Map(TEXT), SYSCTLS_HAND_OVER, Level.DISTURB),
    "CapabilityAdd": sensitive([TEXT], "Gives capabilities, several of which are root on a node."),
    "CapabilityDrop": [TEXT],
    "Ulimits": sensitive(ULIMITS, ULIMITS_HAND_OVER, Level.DISTURB),
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
    "GenericResources": sensitive(
        _GENERIC_RESOURCES, "Takes devices of the nodes for itself.", Level.DISTURB
    ),
}
_LIMITS: dict[str, Shape] = {
    **_AMOUNTS,
    "NanoCPUs": limit(INTEGER),
    "MemoryBytes": limit(INTEGER),
    "Pids": limit(INTEGER),
}
_NETWORKS = sensitive(
    [{"Target": TEXT, "Aliases": [TEXT], "DriverOpts": Map(TEXT)}],
    "Joins any network of the swarm or the host's own, under any name there.",
)

_TASK: dict[str, Shape] = {
    "ContainerSpec": _CONTAINER,
    "PluginSpec": sensitive(
        _PLUGIN, "Installs a plugin on the nodes, with privileges of its own choice.", absent=()
    ),
    "NetworkAttachmentSpec": sensitive(
        {"ContainerID": TEXT},
        "Joins any container to networks of the swarm.",
        Level.DISTURB,
        absent=(),
    ),
    "Resources": {
        "Limits": _LIMITS,
        "Reservations": _AMOUNTS,
        "SwapBytes": limit(INTEGER, absent=()),
        "MemorySwappiness": plain(INTEGER, absent=()),
    },
    "RestartPolicy": {
        "Condition": TEXT,
        "Delay": plain(INTEGER, absent=()),
        "MaxAttempts": limit(INTEGER),
        "Window": INTEGER,
    },
    "Placement": {
        "Constraints": sensitive(
            [TEXT], "Picks the nodes that run it, managers included.", Level.CODE
        ),
        "Preferences": [{"Spread": {"SpreadDescriptor": TEXT}}],
        "MaxReplicas": limit(INTEGER),
        "Platforms": [{"Architecture": TEXT, "OS": TEXT}],
    },
    "Networks": _NETWORKS,
    "LogDriver": sensitive_within(NAMED_OPTIONS, LOG_CONFIG_HANDS_OVER, Level.DISTURB),
    "ForceUpdate": INTEGER,
    "Runtime": sensitive(
        TEXT,
        "Runs something else than a container on the nodes, such as a plugin.",
        absent=("", "container"),
    ),
}

_ROLLBACK: dict[str, Shape] = {
    "Parallelism": limit(INTEGER),
    "Delay": INTEGER,
    "FailureAction": TEXT,
    "Monitor": INTEGER,
    "MaxFailureRatio": NUMBER,
    "Order": TEXT,
}
_UPDATE: dict[str, Shape] = {
    **_ROLLBACK,
    "FailureAction": sensitive(
        TEXT,
        "May bring back the previous specification, which nobody judges again.",
        absent=("", "pause"),
        harmless=("continue",),
    ),
}

SERVICE: dict[str, Shape] = {
    "Name": TEXT,
    "Labels": LABELS,
    "TaskTemplate": _TASK,
    "Mode": {
        "Replicated": {"Replicas": plain(INTEGER, absent=())},
        "replicated": Alias("Replicated"),  # docker-py
        "Global": NOTHING,
        "global": Alias("Global"),  # docker-py
        "ReplicatedJob": {
            "MaxConcurrent": plain(INTEGER, absent=()),
            "TotalCompletions": plain(INTEGER, absent=()),
        },
        "GlobalJob": NOTHING,
    },
    "UpdateConfig": _UPDATE,
    "RollbackConfig": _ROLLBACK,
    "Networks": _NETWORKS,
    "EndpointSpec": {
        "Mode": TEXT,
        "Ports": sensitive(
            [
                {
                    "Name": TEXT,
                    "Protocol": TEXT,
                    "TargetPort": INTEGER,
                    "PublishedPort": INTEGER,
                    "PublishMode": TEXT,
                }
            ],
            "Takes ports of all nodes, also those of their own services.",
            Level.DISTURB,
        ),
    },
}
