"""What the Engine reads in the bodies of operations on containers, checkpoints and execs.

Must never hold a value, only which fields the Engine reads and their types.
"""

from __future__ import annotations

from sockguard.engine.bodies.parts import ENDPOINT, HEALTHCHECK, LABELS, MOUNTS, NOTHING, ULIMITS
from sockguard.engine.shape import BOOLEAN, INTEGER, TEXT, Alias, Map, Misplaced, Shape, Unread

_WEIGHTS: Shape = [{"Path": TEXT, "Weight": INTEGER}]
_RATES: Shape = [{"Path": TEXT, "Rate": INTEGER}]
_RESTART_POLICY: Shape = {"Name": TEXT, "MaximumRetryCount": INTEGER}
_CONSOLE_SIZE: Shape = [INTEGER]

_RESOURCES: dict[str, Shape] = {
    "CpuShares": INTEGER,
    "Memory": INTEGER,
    "CgroupParent": TEXT,
    "BlkioWeight": INTEGER,
    "BlkioWeightDevice": _WEIGHTS,
    "BlkioDeviceReadBps": _RATES,
    "BlkioDeviceWriteBps": _RATES,
    "BlkioDeviceReadIOps": _RATES,
    "BlkioDeviceWriteIOps": _RATES,
    "CpuPeriod": INTEGER,
    "CpuQuota": INTEGER,
    "CpuRealtimePeriod": INTEGER,
    "CpuRealtimeRuntime": INTEGER,
    "CpusetCpus": TEXT,
    "CpusetMems": TEXT,
    "Devices": [{"PathOnHost": TEXT, "PathInContainer": TEXT, "CgroupPermissions": TEXT}],
    "DeviceCgroupRules": [TEXT],
    "DeviceRequests": [
        {
            "Driver": TEXT,
            "Count": INTEGER,
            "DeviceIDs": [TEXT],
            "Capabilities": [[TEXT]],
            "Options": Map(TEXT),
        }
    ],
    "DiskQuota": INTEGER,
    "KernelMemory": INTEGER,
    "KernelMemoryTCP": INTEGER,
    "MemoryReservation": INTEGER,
    "MemorySwap": INTEGER,
    "MemorySwappiness": INTEGER,
    "NanoCpus": INTEGER,
    "NanoCPUs": Alias("NanoCpus"),  # API document 1.27
    "OomKillDisable": BOOLEAN,
    "Init": BOOLEAN,
    "PidsLimit": INTEGER,
    "Ulimits": ULIMITS,
    "CpuCount": INTEGER,
    "CpuPercent": INTEGER,
    "IOMaximumIOps": INTEGER,
    "IOMaximumBandwidth": INTEGER,
}

HOST_CONFIG: dict[str, Shape] = {
    **_RESOURCES,
    "Binds": [TEXT],
    "ContainerIDFile": TEXT,
    "LogConfig": {"Type": TEXT, "Config": Map(TEXT)},
    "NetworkMode": TEXT,
    "PortBindings": Map([{"HostIp": TEXT, "HostPort": TEXT}]),
    "RestartPolicy": _RESTART_POLICY,
    "AutoRemove": BOOLEAN,
    "VolumeDriver": TEXT,
    "VolumesFrom": [TEXT],
    "Mounts": MOUNTS,
    "ConsoleSize": _CONSOLE_SIZE,
    "Annotations": Map(TEXT),
    "CapAdd": [TEXT],
    "CapDrop": [TEXT],
    "Capabilities": [TEXT],
    "CgroupnsMode": TEXT,
    "Dns": [TEXT],
    "DnsOptions": [TEXT],
    "DnsSearch": [TEXT],
    "ExtraHosts": [TEXT],
    "GroupAdd": [TEXT],
    "IpcMode": TEXT,
    "Cgroup": TEXT,
    "Links": [TEXT],
    "OomScoreAdj": INTEGER,
    "PidMode": TEXT,
    "Privileged": BOOLEAN,
    "PublishAllPorts": BOOLEAN,
    "ReadonlyRootfs": BOOLEAN,
    "SecurityOpt": [TEXT],
    "StorageOpt": Map(TEXT),
    "Tmpfs": Map(TEXT),
    "UTSMode": TEXT,
    "UsernsMode": TEXT,
    "ShmSize": INTEGER,
    "Sysctls": Map(TEXT),
    "Runtime": TEXT,
    "Isolation": TEXT,
    "MaskedPaths": [TEXT],
    "ReadonlyPaths": [TEXT],
}

CONFIG: dict[str, Shape] = {
    "Hostname": TEXT,
    "Domainname": TEXT,
    "User": TEXT,
    "AttachStdin": BOOLEAN,
    "AttachStdout": BOOLEAN,
    "AttachStderr": BOOLEAN,
    "ExposedPorts": Map(NOTHING),
    "Tty": BOOLEAN,
    "OpenStdin": BOOLEAN,
    "StdinOnce": BOOLEAN,
    "Env": [TEXT],
    "Cmd": [TEXT],
    "Healthcheck": HEALTHCHECK,
    "ArgsEscaped": BOOLEAN,
    "Image": TEXT,
    "Volumes": Map(NOTHING),
    "WorkingDir": TEXT,
    "Entrypoint": [TEXT],
    "NetworkDisabled": BOOLEAN,
    "MacAddress": TEXT,
    "OnBuild": [TEXT],
    "Labels": LABELS,
    "StopSignal": TEXT,
    "StopTimeout": INTEGER,
    "Shell": [TEXT],
}

CREATE: dict[str, Shape] = {
    # Engines before 27.0 obey these at the top level, some beside a HostConfig too.
    **{
        name: Misplaced("HostConfig")
        for name, part in HOST_CONFIG.items()
        if not isinstance(part, Alias)
    },
    **CONFIG,
    "HostConfig": HOST_CONFIG,
    "NetworkingConfig": {"EndpointsConfig": Map(ENDPOINT)},
}

UPDATE: dict[str, Shape] = {**_RESOURCES, "RestartPolicy": _RESTART_POLICY}

CHECKPOINT: dict[str, Shape] = {"CheckpointID": TEXT, "CheckpointDir": TEXT, "Exit": BOOLEAN}

EXEC_CREATE: dict[str, Shape] = {
    "AttachStdin": BOOLEAN,
    "AttachStdout": BOOLEAN,
    "AttachStderr": BOOLEAN,
    "Container": Unread(TEXT),  # docker-py; the container is the one in the path
    "ConsoleSize": _CONSOLE_SIZE,
    "Detach": BOOLEAN,  # the Go client before 28
    "DetachKeys": TEXT,
    "detachKeys": Alias("DetachKeys"),  # docker-py
    "Tty": BOOLEAN,
    "Env": [TEXT],
    "Cmd": [TEXT],
    "Privileged": BOOLEAN,
    "User": TEXT,
    "WorkingDir": TEXT,
}

EXEC_START: dict[str, Shape] = {
    "Detach": BOOLEAN,
    "Tty": BOOLEAN,
    "ConsoleSize": _CONSOLE_SIZE,
    "hijack": Unread(BOOLEAN),  # dockerode
    "stdin": Unread(BOOLEAN),  # dockerode
}
