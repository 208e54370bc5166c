"""What the Engine answers with on a swarm and what runs in it.

Must never hold a value, only which fields the Engine writes and what showing them gives away.
"""

from __future__ import annotations

from sockguard.engine.answer import PLAIN, Answer, AnswerShape, Form, Map, Mask, Masked
from sockguard.engine.answers.networks import NETWORK
from sockguard.engine.answers.parts import (
    COMMAND,
    DRIVER,
    ENVIRONMENT,
    ERROR,
    HEALTHCHECK,
    HOSTS,
    LABELS,
    MOUNT_SPECS,
    NOTHING,
    SYSCTLS,
    ULIMITS,
    VERSION,
    plain,
    texts,
)

_TIMES: dict[str, AnswerShape] = {"Version": VERSION, **plain("CreatedAt UpdatedAt")}

_TLS = plain("TrustRoot CertIssuerSubject CertIssuerPublicKey")

CLUSTER: dict[str, AnswerShape] = {
    **plain("ID RootRotationInProgress SubnetSize DataPathPort"),
    **_TIMES,
    "Spec": {
        "Name": PLAIN,
        "Labels": LABELS,
        "Orchestration": plain("TaskHistoryRetentionLimit"),
        "Raft": plain(
            "SnapshotInterval KeepOldSnapshots LogEntriesForSlowFollowers ElectionTick"
            " HeartbeatTick"
        ),
        "Dispatcher": plain("HeartbeatPeriod"),
        "CAConfig": {
            **plain("NodeCertExpiry SigningCACert ForceRotate"),
            "ExternalCAs": Masked(
                Mask.TEXT, "Shows which outside authorities sign for the swarm, and their options."
            ),
            "SigningCAKey": Masked(
                Mask.TEXT, "Shows the key that signs the certificates of the swarm's nodes."
            ),
        },
        "EncryptionConfig": plain("AutoLockManagers"),
        "TaskDefaults": {"LogDriver": DRIVER},
    },
    "TLSInfo": _TLS,
    "DefaultAddrPool": [PLAIN],
}

SWARM = Answer(
    {
        **CLUSTER,
        "JoinTokens": Masked(
            Mask.TEXT, "Shows the tokens with which any machine joins, managers included."
        ),
    }
)

UNLOCK_KEY = Answer(
    {"UnlockKey": Masked(Mask.TEXT, "Shows the key that unlocks the swarm's managers.")}
)

_FILE = plain("Name UID GID Mode")

_CONTAINER: dict[str, AnswerShape] = {
    **plain(
        "Image Hostname Dir User TTY OpenStdin ReadOnly StopSignal StopGracePeriod OomScoreAdj"
        " Isolation Init"
    ),
    **texts("Groups CapabilityAdd CapabilityDrop"),
    "Labels": LABELS,
    "Command": COMMAND,
    "Args": COMMAND,
    "Env": ENVIRONMENT,
    "Privileges": {
        "CredentialSpec": plain("Config File Registry"),
        "SELinuxContext": plain("Disable User Role Type Level"),
        "Seccomp": plain("Mode Profile"),
        "AppArmor": plain("Mode"),
        "NoNewPrivileges": PLAIN,
    },
    "Mounts": MOUNT_SPECS,
    "HealthCheck": HEALTHCHECK,
    "Hosts": HOSTS,
    "DNSConfig": texts("Nameservers Search Options"),
    "Secrets": [{"File": _FILE, **plain("SecretID SecretName")}],
    "Configs": [{"File": _FILE, "Runtime": NOTHING, **plain("ConfigID ConfigName")}],
    "Sysctls": SYSCTLS,
    "Ulimits": ULIMITS,
    "PullOptions": Masked(Mask.TEXT, "Shows the credentials with which an image is pulled."),
}

_PRIVILEGES: AnswerShape = [{**plain("Name Description"), "Value": [PLAIN]}]

_RESOURCES: AnswerShape = [
    {"NamedResourceSpec": plain("Kind Value"), "DiscreteResourceSpec": plain("Kind Value")}
]
_AMOUNTS: dict[str, AnswerShape] = {
    **plain("NanoCPUs MemoryBytes"),
    "GenericResources": _RESOURCES,
}
_NETWORKS: AnswerShape = [{"Target": PLAIN, "Aliases": [PLAIN], "DriverOpts": Map(PLAIN)}]
_PLATFORM = plain("Architecture OS")

_TASK_SPEC: dict[str, AnswerShape] = {
    **plain("ForceUpdate Runtime"),
    "ContainerSpec": _CONTAINER,
    "PluginSpec": {
        **plain("Name Remote Disabled"),
        "PluginPrivilege": _PRIVILEGES,
        "Env": ENVIRONMENT,
    },
    "NetworkAttachmentSpec": plain("ContainerID"),
    "Resources": {
        "Limits": {**_AMOUNTS, "Pids": PLAIN},
        "Reservations": _AMOUNTS,
        **plain("SwapBytes MemorySwappiness"),
    },
    "RestartPolicy": plain("Condition Delay MaxAttempts Window"),
    "Placement": {
        "Constraints": [PLAIN],
        "Preferences": [{"Spread": plain("SpreadDescriptor")}],
        "MaxReplicas": PLAIN,
        "Platforms": [_PLATFORM],
    },
    "Networks": _NETWORKS,
    "LogDriver": DRIVER,
}

_ROLLOUT = plain("Parallelism Delay FailureAction Monitor MaxFailureRatio Order")
_PORTS: AnswerShape = [plain("Name Protocol TargetPort PublishedPort PublishMode")]
_ENDPOINT_SPEC: dict[str, AnswerShape] = {"Mode": PLAIN, "Ports": _PORTS}

_SERVICE_SPEC: dict[str, AnswerShape] = {
    "Name": PLAIN,
    "Labels": LABELS,
    "TaskTemplate": _TASK_SPEC,
    "Mode": {
        "Replicated": plain("Replicas"),
        "Global": NOTHING,
        "ReplicatedJob": plain("MaxConcurrent TotalCompletions"),
        "GlobalJob": NOTHING,
    },
    "UpdateConfig": _ROLLOUT,
    "RollbackConfig": _ROLLOUT,
    "Networks": _NETWORKS,
    "EndpointSpec": _ENDPOINT_SPEC,
}

SERVICE: dict[str, AnswerShape] = {
    "ID": PLAIN,
    **_TIMES,
    "Spec": _SERVICE_SPEC,
    "PreviousSpec": _SERVICE_SPEC,
    "Endpoint": {
        "Spec": _ENDPOINT_SPEC,
        "Ports": _PORTS,
        "VirtualIPs": [plain("NetworkID Addr")],
    },
    "UpdateStatus": plain("State StartedAt CompletedAt Message"),
    "ServiceStatus": plain("RunningTasks DesiredTasks CompletedTasks"),
    "JobStatus": {"JobIteration": VERSION, "LastExecution": PLAIN},
}

TASK: dict[str, AnswerShape] = {
    **plain("ID Name ServiceID Slot NodeID DesiredState"),
    **_TIMES,
    "Labels": LABELS,
    "Spec": _TASK_SPEC,
    "Status": {
        **plain("Timestamp State Message"),
        "Err": ERROR,
        "ContainerStatus": plain("ContainerID PID ExitCode"),
        "PortStatus": {"Ports": _PORTS},
    },
    "NetworksAttachments": [{"Network": NETWORK, "Addresses": [PLAIN]}],
    "AssignedGenericResources": _RESOURCES,
    "JobIteration": VERSION,
}

NODE: dict[str, AnswerShape] = {
    "ID": PLAIN,
    **_TIMES,
    "Spec": {**plain("Name Role Availability"), "Labels": LABELS},
    "Description": {
        "Hostname": PLAIN,
        "Platform": _PLATFORM,
        "Resources": _AMOUNTS,
        "Engine": {"EngineVersion": PLAIN, "Labels": LABELS, "Plugins": [plain("Type Name")]},
        "TLSInfo": _TLS,
    },
    "Status": plain("State Message Addr"),
    "ManagerStatus": plain("Leader Reachability Addr"),
}

_CONFIG_SPEC: dict[str, AnswerShape] = {
    "Name": PLAIN,
    "Labels": LABELS,
    "Data": Masked(Mask.BYTES, "Shows the content itself."),
    "Templating": DRIVER,
}

CONFIG: dict[str, AnswerShape] = {"ID": PLAIN, **_TIMES, "Spec": _CONFIG_SPEC}

SECRET: dict[str, AnswerShape] = {**CONFIG, "Spec": {**_CONFIG_SPEC, "Driver": DRIVER}}

SERVICES = Answer(SERVICE, Form.LIST)
SERVICE_INSPECT = Answer(SERVICE)
SERVICE_CREATE = Answer({**plain("ID Warning"), "Warnings": [PLAIN]})
SERVICE_UPDATE = Answer({"Warnings": [PLAIN]})
TASKS = Answer(TASK, Form.LIST)
TASK_INSPECT = Answer(TASK)
NODES = Answer(NODE, Form.LIST)
NODE_INSPECT = Answer(NODE)
SECRETS = Answer(SECRET, Form.LIST)
SECRET_INSPECT = Answer(SECRET)
CONFIGS = Answer(CONFIG, Form.LIST)
CONFIG_INSPECT = Answer(CONFIG)
CREATED = Answer(plain("ID"))
"""A secret or a config that was created."""
