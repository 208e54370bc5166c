"""What the Engine reads in a container's HostConfig, and what each part of it hands over.

Must never hold a policy, only facts: fields, types, and which values equal absence.
"""

from __future__ import annotations

from sockguard.engine.bodies.parts import (
    LOG_CONFIG_HANDS_OVER,
    MOUNTS,
    MOUNTS_HAND_OVER,
    NAMESERVERS_HAND_OVER,
    OOM_SCORE_HANDS_OVER,
    SYSCTLS_HAND_OVER,
    ULIMITS,
    ULIMITS_HAND_OVER,
)
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

CONSOLE_SIZE: Shape = [INTEGER]

_DEVICE_OF_THE_HOST = "Tells by its error whether a path exists on the host."
_WEIGHTS = sensitive([{"Path": TEXT, "Weight": INTEGER}], _DEVICE_OF_THE_HOST, Level.METADATA)
_RATES = sensitive([{"Path": TEXT, "Rate": limit(INTEGER)}], _DEVICE_OF_THE_HOST, Level.METADATA)
_RESTARTS = "Starts the container again whenever it ends, after a restart of the host too."
_CAPABILITIES = "Gives capabilities, several of which are root on the host."

RESOURCES: dict[str, Shape] = {
    "CpuShares": INTEGER,
    "Memory": limit(INTEGER),
    "CgroupParent": sensitive(
        TEXT, "Moves the container out of the resource limits meant for it.", Level.DISTURB
    ),
    "BlkioWeight": INTEGER,
    "BlkioWeightDevice": _WEIGHTS,
    "BlkioDeviceReadBps": _RATES,
    "BlkioDeviceWriteBps": _RATES,
    "BlkioDeviceReadIOps": _RATES,
    "BlkioDeviceWriteIOps": _RATES,
    "CpuPeriod": INTEGER,
    "CpuQuota": limit(INTEGER),
    "CpuRealtimePeriod": INTEGER,
    "CpuRealtimeRuntime": INTEGER,
    "CpusetCpus": TEXT,
    "CpusetMems": TEXT,
    "Devices": sensitive(
        [{"PathOnHost": TEXT, "PathInContainer": TEXT, "CgroupPermissions": TEXT}],
        "Opens any device of the host, its disks included.",
    ),
    "DeviceCgroupRules": sensitive(
        [TEXT], "Lets the container make and open devices of the host, its disks included."
    ),
    "DeviceRequests": sensitive(
        [
            {
                "Driver": TEXT,
                "Count": INTEGER,
                "DeviceIDs": [TEXT],
                "Capabilities": [[TEXT]],
                "Options": Map(TEXT),
            }
        ],
        "Asks device drivers for hardware, with whatever mounts and hooks they bring along.",
    ),
    "DiskQuota": limit(INTEGER),
    "KernelMemory": limit(INTEGER),
    "KernelMemoryTCP": limit(INTEGER),
    "MemoryReservation": limit(INTEGER),
    "MemorySwap": limit(INTEGER),
    "MemorySwappiness": plain(INTEGER, absent=(-1,)),
    "NanoCpus": limit(INTEGER),
    "NanoCPUs": Alias("NanoCpus"),  # API document 1.27
    "OomKillDisable": sensitive(
        BOOLEAN, "Keeps the kernel from ending the container when memory runs out.", Level.DISTURB
    ),
    "Init": plain(BOOLEAN, absent=()),
    "PidsLimit": limit(INTEGER, absent=(0, -1)),
    "Ulimits": sensitive(ULIMITS, ULIMITS_HAND_OVER, Level.DISTURB),
    "CpuCount": limit(INTEGER),
    "CpuPercent": limit(INTEGER),
    "IOMaximumIOps": limit(INTEGER),
    "IOMaximumBandwidth": limit(INTEGER),
}

_NAMESPACES: dict[str, Shape] = {
    "NetworkMode": sensitive(
        TEXT,
        "Shares the network of the host or of another container, or joins any network.",
        absent=("", "default"),
        harmless=("bridge", "none"),
    ),
    "PidMode": sensitive(
        TEXT, "Sees and traces the processes of the host or of another container."
    ),
    "IpcMode": sensitive(
        TEXT,
        "Shares memory with the host or with other containers.",
        Level.DISTURB,
        harmless=("private", "none"),
    ),
    "UTSMode": sensitive(
        TEXT, "Shares the name of the host, which the container may then change.", Level.DISTURB
    ),
    "UsernsMode": sensitive(
        TEXT, "Switches off the mapping of users, so that root inside is root outside."
    ),
    "CgroupnsMode": sensitive(
        TEXT,
        "Shows the control groups of the whole host.",
        Level.METADATA,
        harmless=("private",),
    ),
    "Cgroup": sensitive(
        TEXT, "Puts the container into the control group of another one.", Level.DISTURB
    ),
}

_CONFINEMENT: dict[str, Shape] = {
    "Privileged": sensitive(BOOLEAN, "Gives all capabilities and all devices of the host."),
    "CapAdd": sensitive([TEXT], _CAPABILITIES),
    "CapDrop": [TEXT],
    "Capabilities": sensitive([TEXT], _CAPABILITIES, absent=(), harmless=([],)),
    "SecurityOpt": sensitive(
        [TEXT],
        "Switches off or replaces seccomp, AppArmor, SELinux and their like.",
        harmless=(["no-new-privileges"], ["no-new-privileges:true"], ["no-new-privileges=true"]),
    ),
    "MaskedPaths": sensitive(
        [TEXT],
        "Uncovers what the Engine hides of /proc and /sys, the host's secrets among it.",
        absent=(),
    ),
    "ReadonlyPaths": sensitive(
        [TEXT], "Makes parts of /proc writable, through which the host can be changed.", absent=()
    ),
    "ReadonlyRootfs": BOOLEAN,
    "Sysctls": sensitive(Map(TEXT), SYSCTLS_HAND_OVER, Level.DISTURB),
    "Runtime": sensitive(
        TEXT, "Runs the container by another runtime, perhaps one that confines nothing."
    ),
    "Annotations": sensitive(
        Map(TEXT), "Gives orders to the runtime, which carries some of them out as root."
    ),
    "GroupAdd": sensitive(
        [TEXT], "Puts the process into any group, such as one that owns a socket.", Level.CODE
    ),
    "Isolation": sensitive(
        TEXT,
        "Has Windows run the container without a virtual machine of its own.",
        Level.CODE,
        absent=("", "default"),
    ),
    "OomScoreAdj": sensitive(INTEGER, OOM_SCORE_HANDS_OVER, Level.DISTURB),
}

_FILES: dict[str, Shape] = {
    "Binds": sensitive([TEXT], "Mounts any path of the host, which is root on it."),
    "Mounts": sensitive(MOUNTS, MOUNTS_HAND_OVER),
    "VolumesFrom": sensitive(
        [TEXT], "Mounts all that another container has mounted, host paths included."
    ),
    "VolumeDriver": sensitive(
        TEXT,
        "Has a plugin, which runs as root, make the container's volumes.",
        harmless=("local",),
    ),
    "Tmpfs": sensitive(
        Map(TEXT),
        "Mounts memory with options of its own, which may allow programs and devices there.",
        Level.CODE,
    ),
    "StorageOpt": sensitive(
        Map(TEXT), "Lets the container fill more of the host's disk.", Level.DISTURB
    ),
    "ShmSize": INTEGER,
    "ContainerIDFile": sensitive(
        TEXT,
        "Names a file of the host for the container's id, which the docker command writes.",
        Level.METADATA,
    ),
}

_NETWORK: dict[str, Shape] = {
    "PortBindings": sensitive(
        Map([{"HostIp": TEXT, "HostPort": TEXT}]),
        "Takes ports of the host, also those of its own services.",
        Level.DISTURB,
    ),
    "PublishAllPorts": sensitive(
        BOOLEAN, "Opens all exposed ports of the container on the host.", Level.DISTURB
    ),
    "Dns": sensitive([TEXT], NAMESERVERS_HAND_OVER, Level.METADATA),
    "DnsOptions": sensitive([TEXT], NAMESERVERS_HAND_OVER, Level.METADATA),
    "DnsSearch": sensitive([TEXT], NAMESERVERS_HAND_OVER, Level.METADATA),
    "ExtraHosts": sensitive(
        [TEXT], "Makes names mean other addresses in the container.", Level.METADATA
    ),
    "Links": sensitive(
        [TEXT],
        "Reaches another container, and with Engines before 29 reads its environment.",
        Level.SECRETS,
    ),
}

_RESTART_ON_CREATE: dict[str, Shape] = {
    "Name": sensitive(TEXT, _RESTARTS, Level.DISTURB, absent=("", "no")),
    "MaximumRetryCount": limit(INTEGER),
}

HOST_CONFIG: dict[str, Shape] = {
    **RESOURCES,
    **_NAMESPACES,
    **_CONFINEMENT,
    **_FILES,
    **_NETWORK,
    "LogConfig": sensitive_within(
        {"Type": TEXT, "Config": Map(TEXT)}, LOG_CONFIG_HANDS_OVER, Level.DISTURB
    ),
    "RestartPolicy": _RESTART_ON_CREATE,
    "AutoRemove": BOOLEAN,
    "ConsoleSize": CONSOLE_SIZE,
}

UPDATE: dict[str, Shape] = {
    **RESOURCES,
    # Of these 0 leaves the limit as it is, and less than that is an error (daemon_unix.go).
    "Memory": INTEGER,
    "NanoCpus": INTEGER,
    "PidsLimit": limit(INTEGER, absent=()),
    "RestartPolicy": {
        "Name": sensitive(TEXT, _RESTARTS, Level.DISTURB),
        "MaximumRetryCount": limit(INTEGER),
    },
}
