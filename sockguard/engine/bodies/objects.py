"""What the Engine reads in the bodies of operations on networks, volumes, plugins and accounts.

Must never hold a policy, only facts: fields, types, and which values equal absence.
"""

from __future__ import annotations

from sockguard.engine.bodies.parts import ENDPOINT, LABELS, NOTHING
from sockguard.engine.level import Level
from sockguard.engine.shape import (
    BOOLEAN,
    INTEGER,
    TEXT,
    Alias,
    Map,
    Shape,
    limit,
    plain,
    sensitive,
    sensitive_within,
)

_ADDRESS_POOLS = "Takes over addresses that the host and its neighbours already use."

NETWORK_CREATE: dict[str, Shape] = {
    "Name": TEXT,
    "CheckDuplicate": BOOLEAN,
    "Driver": sensitive(
        TEXT,
        "Puts containers on the host's own interfaces, or leaves the network to a plugin.",
        Level.DISTURB,
        harmless=("bridge",),
    ),
    "Scope": sensitive(
        TEXT, "Makes the network for the whole swarm instead of this host.", Level.DISTURB
    ),
    "Internal": BOOLEAN,
    "Attachable": BOOLEAN,
    "Ingress": sensitive(
        BOOLEAN, "Carries what reaches the swarm's published ports.", Level.DISTURB
    ),
    "ConfigOnly": sensitive(
        BOOLEAN, "Makes settings that other networks are made of.", Level.DISTURB
    ),
    "ConfigFrom": sensitive_within(
        {"Network": TEXT}, "Takes its settings from another network, unseen.", Level.DISTURB
    ),
    "IPAM": {
        "Driver": sensitive(
            TEXT,
            "Leaves the network's addresses to a plugin.",
            Level.DISTURB,
            absent=("", "default"),
        ),
        "Config": sensitive(
            [
                {
                    "Subnet": TEXT,
                    "IPRange": TEXT,
                    "Gateway": TEXT,
                    "AuxiliaryAddresses": Map(TEXT),
                }
            ],
            _ADDRESS_POOLS,
            Level.DISTURB,
        ),
        "Options": sensitive(Map(TEXT), _ADDRESS_POOLS, Level.DISTURB),
    },
    "EnableIPv4": plain(BOOLEAN, absent=()),
    "EnableIPv6": sensitive(
        BOOLEAN,
        "Gives containers addresses by which they may be reached past the host's filters.",
        Level.DISTURB,
        absent=(),
        harmless=(False,),
    ),
    "Options": sensitive(
        Map(TEXT),
        "Adopts bridges of the host, or takes away what keeps containers unreachable.",
        Level.DISTURB,
    ),
    "Labels": LABELS,
}

NETWORK_CONNECT: dict[str, Shape] = {"Container": TEXT, "EndpointConfig": ENDPOINT}

NETWORK_DISCONNECT: dict[str, Shape] = {"Container": TEXT, "Force": BOOLEAN}

_TOPOLOGIES: Shape = [{"Segments": Map(TEXT)}]

# The documents put these inside AccessMode; the Engine's own types have them beside it.
_CLUSTER_PLACEMENT: dict[str, Shape] = {
    "Secrets": sensitive(
        [{"Key": TEXT, "Secret": TEXT}],
        "Hands secrets of the swarm to the volume's driver.",
        Level.SECRETS,
    ),
    "AccessibilityRequirements": {"Requisite": _TOPOLOGIES, "Preferred": _TOPOLOGIES},
    "CapacityRange": {"RequiredBytes": INTEGER, "LimitBytes": limit(INTEGER)},
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
    "Driver": sensitive(
        TEXT, "Leaves the volume to a plugin, which runs as root.", harmless=("local",)
    ),
    "DriverOpts": sensitive(
        Map(TEXT), "Makes a volume of any path, disk or file server that the host reaches."
    ),
    "Labels": LABELS,
    "ClusterVolumeSpec": sensitive(
        _CLUSTER_VOLUME,
        "Makes a volume for the whole swarm, mounted on its nodes by a plugin.",
        absent=(),
    ),
}

VOLUME_UPDATE: dict[str, Shape] = {"Spec": _CLUSTER_VOLUME}

PLUGIN_PRIVILEGES: Shape = [{"Name": TEXT, "Description": TEXT, "Value": [TEXT]}]

PLUGIN_SETTINGS: Shape = [TEXT]

_ACCOUNT: dict[str, Shape] = {
    "username": TEXT,
    "password": TEXT,
    "auth": TEXT,
    "email": TEXT,
    "serveraddress": TEXT,
    "identitytoken": TEXT,
    "registrytoken": TEXT,
}

AUTH: dict[str, Shape] = {
    **_ACCOUNT,
    "serveraddress": sensitive(
        TEXT,
        "Makes the Engine call any address it can reach, and tells what came of it.",
        Level.SECRETS,
        harmless=("https://index.docker.io/v1/",),
    ),
}

REGISTRY_AUTH: dict[str, Shape] = {
    **_ACCOUNT,
    # docker-py spells so what it got from a credential helper (docker/auth.py).
    "ServerAddress": Alias("serveraddress"),
    "Username": Alias("username"),
    "Password": Alias("password"),
    "IdentityToken": Alias("identitytoken"),
}
"""One account as the headers X-Registry-Auth and X-Registry-Config carry it."""
