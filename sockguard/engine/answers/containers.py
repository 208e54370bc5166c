"""What the Engine answers with on containers, checkpoints and execs.

Must never hold a value, only which fields the Engine writes and what showing them gives away.
"""

from __future__ import annotations

from sockguard.engine.answer import PLAIN, Answer, AnswerShape, Form, Map, Mask, Masked
from sockguard.engine.answers.parts import (
    ANNOTATIONS,
    COMMAND,
    CONFIG,
    DESCRIPTOR,
    ENDPOINTS,
    ERROR,
    GRAPH_DRIVER,
    HOST_PATH,
    HOSTS,
    IDENTIFIED,
    LABELS,
    MOUNT_SPECS,
    MOUNTS,
    NOTHING,
    OPTIONS,
    ROWS,
    SYSCTLS,
    ULIMITS,
    plain,
    texts,
)

SUMMARY: dict[str, AnswerShape] = {
    **plain("Id Image ImageID Created SizeRw SizeRootFs State Status"),
    "Names": [PLAIN],
    "Command": COMMAND,
    "Ports": [plain("IP PrivatePort PublicPort Type")],
    "Labels": LABELS,
    "HostConfig": {"NetworkMode": PLAIN, "Annotations": ANNOTATIONS},
    "NetworkSettings": {"Networks": ENDPOINTS},
    "Mounts": MOUNTS,
    "ImageManifestDescriptor": DESCRIPTOR,
    "Health": plain("Status FailingStreak"),
}
"""One container of a list."""

_DEVICE_RATES: AnswerShape = [{"Path": HOST_PATH, "Rate": PLAIN}]

_HOST_CONFIG: dict[str, AnswerShape] = {
    **plain(
        "CpuShares Memory CgroupParent BlkioWeight CpuPeriod CpuQuota CpuRealtimePeriod"
        " CpuRealtimeRuntime CpusetCpus CpusetMems DiskQuota KernelMemory KernelMemoryTCP"
        " MemoryReservation MemorySwap MemorySwappiness NanoCpus OomKillDisable Init PidsLimit"
        " CpuCount CpuPercent IOMaximumIOps IOMaximumBandwidth NetworkMode AutoRemove VolumeDriver"
        " IpcMode Cgroup CgroupnsMode OomScoreAdj PidMode Privileged PublishAllPorts ReadonlyRootfs"
        " UTSMode UsernsMode ShmSize Runtime Isolation"
    ),
    **texts(
        "DeviceCgroupRules VolumesFrom CapAdd CapDrop Capabilities Dns DnsOptions DnsSearch"
        " GroupAdd Links SecurityOpt ConsoleSize MaskedPaths ReadonlyPaths"
    ),
    "BlkioWeightDevice": [{"Path": HOST_PATH, "Weight": PLAIN}],
    "BlkioDeviceReadBps": _DEVICE_RATES,
    "BlkioDeviceWriteBps": _DEVICE_RATES,
    "BlkioDeviceReadIOps": _DEVICE_RATES,
    "BlkioDeviceWriteIOps": _DEVICE_RATES,
    "Devices": [{"PathOnHost": HOST_PATH, **plain("PathInContainer CgroupPermissions")}],
    "DeviceRequests": [
        {
            **plain("Driver Count"),
            "DeviceIDs": [PLAIN],
            "Capabilities": ROWS,
            "Options": OPTIONS,
        }
    ],
    "Ulimits": ULIMITS,
    "Binds": HOST_PATH,
    "ContainerIDFile": HOST_PATH,
    "LogConfig": {"Type": PLAIN, "Config": OPTIONS},
    "PortBindings": Map([plain("HostIp HostPort")]),
    "RestartPolicy": plain("Name MaximumRetryCount"),
    "Mounts": MOUNT_SPECS,
    "ExtraHosts": HOSTS,
    "StorageOpt": Map(PLAIN),
    "Tmpfs": Map(PLAIN),
    "Sysctls": SYSCTLS,
    "Annotations": ANNOTATIONS,
}

_SECONDARY: AnswerShape = [plain("Addr PrefixLen")]

_NETWORK_SETTINGS: dict[str, AnswerShape] = {
    **plain(
        "Bridge Gateway Address IPAddress IPPrefixLen IPv6Gateway MacAddress PortMapping SandboxID"
        " SandboxKey HairpinMode LinkLocalIPv6Address LinkLocalIPv6PrefixLen EndpointID"
        " GlobalIPv6Address GlobalIPv6PrefixLen"
    ),
    "Ports": Map([plain("HostIp HostPort")]),
    "SecondaryIPAddresses": _SECONDARY,
    "SecondaryIPv6Addresses": _SECONDARY,
    "Networks": ENDPOINTS,
}

_STATE: dict[str, AnswerShape] = {
    **plain("Status Running Paused Restarting OOMKilled Dead Pid ExitCode StartedAt FinishedAt"),
    "Error": ERROR,
    "Health": {
        **plain("Status FailingStreak"),
        "Log": [
            {
                **plain("Start End ExitCode"),
                "Output": Masked(Mask.TEXT, "Shows what the health checks of a container print."),
            }
        ],
    },
}

LIST = Answer(SUMMARY, Form.LIST)

INSPECT = Answer(
    {
        **plain(
            "Id Created Image Name RestartCount Driver Platform MountLabel ProcessLabel"
            " AppArmorProfile SizeRw SizeRootFs"
        ),
        "Path": COMMAND,
        "Args": COMMAND,
        "State": _STATE,
        "ResolvConfPath": HOST_PATH,
        "HostnamePath": HOST_PATH,
        "HostsPath": HOST_PATH,
        "LogPath": HOST_PATH,
        "Node": NOTHING,
        "ExecIDs": [PLAIN],
        "HostConfig": _HOST_CONFIG,
        "GraphDriver": GRAPH_DRIVER,
        "Storage": {"RootFS": HOST_PATH},
        "Mounts": MOUNTS,
        "Config": CONFIG,
        "NetworkSettings": _NETWORK_SETTINGS,
        "ImageManifestDescriptor": DESCRIPTOR,
    }
)

TOP = Answer({"Titles": [PLAIN], "Processes": ROWS})

CHANGES = Answer(plain("Path Kind"), Form.LIST)

_BLOCK_COUNTS: AnswerShape = [plain("major minor op value")]

_PROCESSOR: dict[str, AnswerShape] = {
    "cpu_usage": {
        **plain("total_usage usage_in_kernelmode usage_in_usermode"),
        "percpu_usage": [PLAIN],
    },
    **plain("system_cpu_usage online_cpus"),
    "throttling_data": plain("periods throttled_periods throttled_time"),
}

STATS = Answer(
    {
        **plain("id name os_type read preread num_procs"),
        "pids_stats": plain("current limit"),
        "blkio_stats": dict.fromkeys(
            (
                "io_service_bytes_recursive",
                "io_serviced_recursive",
                "io_queue_recursive",
                "io_service_time_recursive",
                "io_wait_time_recursive",
                "io_merged_recursive",
                "io_time_recursive",
                "sectors_recursive",
            ),
            _BLOCK_COUNTS,
        ),
        "storage_stats": plain(
            "read_count_normalized read_size_bytes write_count_normalized write_size_bytes"
        ),
        "cpu_stats": _PROCESSOR,
        "precpu_stats": _PROCESSOR,
        "memory_stats": {
            **plain("usage max_usage failcnt limit commitbytes commitpeakbytes privateworkingset"),
            "stats": Map(PLAIN),
        },
        "networks": Map(
            plain(
                "rx_bytes rx_packets rx_errors rx_dropped tx_bytes tx_packets tx_errors tx_dropped"
                " endpoint_id instance_id"
            )
        ),
    },
    Form.LINES,
)

CREATE = Answer({"Id": PLAIN, "Warnings": [PLAIN]})

UPDATE = Answer({"Warnings": [PLAIN]})

# Its head comes at once, its document when the container ends.
WAIT = Answer({"StatusCode": PLAIN, "Error": {"Message": ERROR}}, Form.LINES)

PRUNE = Answer({"ContainersDeleted": [PLAIN], "SpaceReclaimed": PLAIN})

COMMIT = Answer(IDENTIFIED)

CHECKPOINTS = Answer(plain("Name"), Form.LIST)

EXEC_CREATE = Answer(IDENTIFIED)

EXEC_INSPECT = Answer(
    {
        **plain(
            "ID Running ExitCode OpenStdin OpenStderr OpenStdout CanRemove ContainerID DetachKeys"
            " Pid"
        ),
        "ProcessConfig": {
            **plain("privileged user tty"),
            "entrypoint": COMMAND,
            "arguments": COMMAND,
        },
    }
)
