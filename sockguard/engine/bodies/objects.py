"""What the Engine reads in the bodies of operations on networks, volumes, plugins and accounts.

Must never hold a value, only which fields the Engine reads and their types.
"""

from __future__ import annotations

from sockguard.engine.bodies.parts import ENDPOINT, LABELS, NOTHING
from sockguard.engine.shape import BOOLEAN, INTEGER, TEXT, Alias, Map, Shape

NETWORK_CREATE: dict[str, Shape] = {
    "Name": TEXT,
    "CheckDuplicate": BOOLEAN,
    "Driver": TEXT,
    "Scope": TEXT,
    "Internal": BOOLEAN,
    "Attachable": BOOLEAN,
    "Ingress": BOOLEAN,
    "ConfigOnly": BOOLEAN,
    "ConfigFrom": {"Network": TEXT},
    "IPAM": {
        "Driver": TEXT,
        "Config": [
            {
                "Subnet": TEXT,
                "IPRange": TEXT,
                "Gateway": TEXT,
                "AuxiliaryAddresses": Map(TEXT),
            }
        ],
        "Options": Map(TEXT),
    },
    "EnableIPv4": BOOLEAN,
    "EnableIPv6": BOOLEAN,
    "Options": Map(TEXT),
    "Labels": LABELS,
}

NETWORK_CONNECT: dict[str, Shape] = {"Container": TEXT, "EndpointConfig": ENDPOINT}

NETWORK_DISCONNECT: dict[str, Shape] = {"Container": TEXT, "Force": BOOLEAN}

_TOPOLOGIES: Shape = [{"Segments": Map(TEXT)}]

# The documents put these inside AccessMode; the Engine's own types have them beside it.
_CLUSTER_PLACEMENT: dict[str, Shape] = {
    "Secrets": [{"Key": TEXT, "Secret": TEXT}],
    "AccessibilityRequirements": {"Requisite": _TOPOLOGIES, "Preferred": _TOPOLOGIES},
    "CapacityRange": {"RequiredBytes": INTEGER, "LimitBytes": INTEGER},
    "Availability": TEXT,
}

_CLUSTER_VOLUME: dict[str, Shape] = {
    "Group": TEXT,
    "AccessMode": {
        "Scope": TEXT,
        "Sharing": TEXT,
        "MountVolume": {"FsType": TEXT, "MountFlags": [TEXT]},
        "BlockVolume": NOTHING,
        **_CLUSTER_PLACEMENT,
    },
    **_CLUSTER_PLACEMENT,
}

VOLUME_CREATE: dict[str, Shape] = {
    "Name": TEXT,
    "Driver": TEXT,
    "DriverOpts": Map(TEXT),
    "Labels": LABELS,
    "ClusterVolumeSpec": _CLUSTER_VOLUME,
}

VOLUME_UPDATE: dict[str, Shape] = {"Spec": _CLUSTER_VOLUME}

PLUGIN_PRIVILEGES: Shape = [{"Name": TEXT, "Description": TEXT, "Value": [TEXT]}]

PLUGIN_SETTINGS: Shape = [TEXT]

AUTH: dict[str, Shape] = {
    "username": TEXT,
    "password": TEXT,
    "auth": TEXT,
    "email": TEXT,
    "serveraddress": TEXT,
    "identitytoken": TEXT,
    "registrytoken": TEXT,
}

REGISTRY_AUTH: dict[str, Shape] = {
    **AUTH,
    # docker-py spells so what it got from a credential helper (docker/auth.py).
    "ServerAddress": Alias("serveraddress"),
    "Username": Alias("username"),
    "Password": Alias("password"),
    "IdentityToken": Alias("identitytoken"),
}
"""One account as the headers X-Registry-Auth and X-Registry-Config carry it."""
