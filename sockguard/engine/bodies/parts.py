"""Pieces that several bodies share: mounts, health checks, limits, endpoints.

Must never hold a value, only which fields the Engine reads and their types.
"""

from __future__ import annotations

from sockguard.engine.shape import BOOLEAN, INTEGER, TEXT, Map, Shape

NOTHING: dict[str, Shape] = {}
"""The empty object, as in sets written as maps: `{"80/tcp": {}}`."""

LABELS = Map(TEXT)

NAMED_OPTIONS: dict[str, Shape] = {"Name": TEXT, "Options": Map(TEXT)}
"""A driver and its options: of volumes, logs, secrets and templates."""

ULIMITS: Shape = [{"Name": TEXT, "Soft": INTEGER, "Hard": INTEGER}]

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
        "TmpfsOptions": {"SizeBytes": INTEGER, "Mode": INTEGER, "Options": [[TEXT]]},
        "ClusterOptions": NOTHING,
    }
]

ENDPOINT: dict[str, Shape] = {
    "IPAMConfig": {"IPv4Address": TEXT, "IPv6Address": TEXT, "LinkLocalIPs": [TEXT]},
    "Links": [TEXT],
    "Aliases": [TEXT],
    "DNSNames": [TEXT],
    "DriverOpts": Map(TEXT),
    "GwPriority": INTEGER,
    "NetworkID": TEXT,
    "EndpointID": TEXT,
    "MacAddress": TEXT,
    "Gateway": TEXT,
    "IPAddress": TEXT,
    "IPPrefixLen": INTEGER,
    "IPv6Gateway": TEXT,
    "GlobalIPv6Address": TEXT,
    "GlobalIPv6PrefixLen": INTEGER,
}
