"""Pieces that several bodies share: mounts, health checks, limits, endpoints.

Must never hold a policy, only facts: fields, types, and which values equal absence.
"""

from __future__ import annotations

from sockguard.engine.level import Level
from sockguard.engine.shape import (
    BOOLEAN,
    INTEGER,
    TEXT,
    Map,
    Shape,
    limit,
    sensitive,
    sensitive_within,
)

NOTHING: dict[str, Shape] = {}
"""The empty object, as in sets written as maps: `{"80/tcp": {}}`."""

LABELS = Map(TEXT)

NAMED_OPTIONS: dict[str, Shape] = {"Name": TEXT, "Options": Map(TEXT)}
"""A driver and its options: of volumes, logs, secrets and templates."""

LOG_CONFIG_HANDS_OVER = "Sends the output to any address that the Engine reaches, or nowhere."
MOUNTS_HAND_OVER = "Mounts any path of the host, and any volume or image on it."
NAMESERVERS_HAND_OVER = "Sends the container's questions for names elsewhere."
OOM_SCORE_HANDS_OVER = "Has the kernel end other processes first when memory runs out."
SYSCTLS_HAND_OVER = "Changes settings of the kernel, also for namespaces that are shared."
ULIMITS_HAND_OVER = "Lifts the kernel's limits on files, processes and locked memory."

ULIMITS: Shape = [{"Name": TEXT, "Soft": limit(INTEGER), "Hard": limit(INTEGER)}]

HEALTHCHECK: dict[str, Shape] = {
    "Test": [TEXT],
    "Interval": INTEGER,
    "Timeout": INTEGER,
    "Retries": INTEGER,
    "StartPeriod": INTEGER,
    "StartInterval": INTEGER,
}

MOUNTS: Shape = [
    {
        "Target": TEXT,
        "Source": TEXT,
        "Type": TEXT,
        "ReadOnly": BOOLEAN,
        "Consistency": TEXT,
        "BindOptions": {
            "Propagation": TEXT,
            "NonRecursive": BOOLEAN,
            "CreateMountpoint": BOOLEAN,
            "ReadOnlyNonRecursive": BOOLEAN,
            "ReadOnlyForceRecursive": BOOLEAN,
        },
        "VolumeOptions": {
            "NoCopy": BOOLEAN,
            "Labels": LABELS,
            "DriverConfig": NAMED_OPTIONS,
            "Subpath": TEXT,
        },
        "ImageOptions": {"Subpath": TEXT},
        "TmpfsOptions": {"SizeBytes": limit(INTEGER), "Mode": INTEGER, "Options": [[TEXT]]},
        "ClusterOptions": NOTHING,
    }
]

_ADDRESSES = "Takes any address in the network, also one that others trust."
_NAMES = "Answers in the network to any name, also one that others trust."
_FOUND_OUT = "Sets what the Engine otherwise finds out by itself."

ENDPOINT: dict[str, Shape] = {
    "IPAMConfig": sensitive_within(
        {"IPv4Address": TEXT, "IPv6Address": TEXT, "LinkLocalIPs": [TEXT]},
        _ADDRESSES,
        Level.DISTURB,
    ),
    "Links": sensitive([TEXT], "Gives others in the network another name in here.", Level.METADATA),
    "Aliases": sensitive([TEXT], _NAMES, Level.DISTURB),
    "DNSNames": sensitive([TEXT], _NAMES, Level.DISTURB),
    "DriverOpts": sensitive(
        Map(TEXT), "Gives orders to the network's driver, kernel settings included.", Level.DISTURB
    ),
    "GwPriority": sensitive(
        INTEGER, "Sends what leaves the container out through this network.", Level.DISTURB
    ),
    # The Engine prefers it to the entry's key (getNetworkID in container_operations.go).
    "NetworkID": sensitive(
        TEXT, "Joins the network of this id, whatever the entry is called.", Level.DISTURB
    ),
    "MacAddress": sensitive(TEXT, _ADDRESSES, Level.DISTURB),
    **sensitive_within(
        {
            "EndpointID": TEXT,
            "Gateway": TEXT,
            "IPAddress": TEXT,
            "IPPrefixLen": INTEGER,
            "IPv6Gateway": TEXT,
            "GlobalIPv6Address": TEXT,
            "GlobalIPv6PrefixLen": INTEGER,
        },
        _FOUND_OUT,
        Level.METADATA,
    ),
}
