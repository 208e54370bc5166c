"""Operations on a swarm and its nodes, services, tasks, secrets and configs.

Must never decide: each entry says what the Engine does, from its documents and its source.
"""

from __future__ import annotations

from sockguard.engine.answers import swarm as answers
from sockguard.engine.bodies import services
from sockguard.engine.bodies import swarm as bodies
from sockguard.engine.catalogue.columns import (
    filters,
    flag,
    integer,
    parameters,
    sensitive,
    strict_flag,
    text,
)
from sockguard.engine.level import Level
from sockguard.engine.operation import BodyKind, Operation, Risk, Streaming

_LOGS = parameters(
    flag("details"),
    flag("follow"),
    flag("stdout"),
    flag("stderr"),
    text("since"),
    flag("timestamps"),
    text("tail"),
)
_REGISTRY = frozenset({"x-registry-auth"})

SWARM = (
    Operation(
        name="swarm.inspect",
        risk=Risk.READ_SECRET,
        level=Level.SECRETS,
        writes=False,
        hands_over="Shows the swarm's settings; its join tokens are masked.",
        answer=answers.SWARM,
        quick=True,
    ),
    Operation(
        name="swarm.unlock_key",
        risk=Risk.READ_SECRET,
        level=Level.SECRETS,
        writes=False,
        hands_over="Shows that there is a key to unlock managers with; the key is masked.",
        answer=answers.UNLOCK_KEY,
    ),
    Operation(
        name="swarm.init",
        risk=Risk.HOST_ROOT,
        level=Level.ROOT,
        writes=True,
        hands_over="Makes this host a swarm manager that listens on the network.",
        body=BodyKind.JSON,
        shape=bodies.SWARM_INIT,
    ),
    Operation(
        name="swarm.join",
        risk=Risk.HOST_ROOT,
        level=Level.ROOT,
        writes=True,
        hands_over="Hands this host to the managers of another swarm: root on the host.",
        body=BodyKind.JSON,
        shape=bodies.SWARM_JOIN,
    ),
    Operation(
        name="swarm.leave",
        risk=Risk.WRITE,
        level=Level.DISTURB,
        writes=True,
        hands_over="Takes this host out of its swarm.",
        parameters=parameters(flag("force")),
    ),
    Operation(
        name="swarm.update",
        risk=Risk.HOST_ROOT,
        level=Level.DISTURB,
        writes=True,
        hands_over="Changes the swarm's settings, its certificate authority included.",
        body=BodyKind.JSON,
        shape=bodies.SWARM_SPEC,
        parameters=parameters(
            integer("version"),
            sensitive(
                strict_flag("rotateWorkerToken"),
                "Makes the workers' present join token useless.",
                Level.DISTURB,
            ),
            sensitive(
                strict_flag("rotateManagerToken"),
                "Makes the managers' present join token useless.",
                Level.DISTURB,
            ),
            sensitive(
                strict_flag("rotateManagerUnlockKey"),
                "Makes the present unlock key useless.",
                Level.DISTURB,
            ),
        ),
    ),
    Operation(
        name="swarm.unlock",
        risk=Risk.WRITE,
        level=Level.DISTURB,
        writes=True,
        hands_over="Unlocks a locked manager with the key that the client sends.",
        body=BodyKind.JSON,
        shape=bodies.SWARM_UNLOCK,
    ),
)

SERVICES = (
    Operation(
        name="services.list",
        risk=Risk.READ_SECRET,
        level=Level.SECRETS,
        writes=False,
        hands_over="Shows all services; their environment, commands and host paths are masked.",
        parameters=parameters(filters(), strict_flag("status", since=41)),
        answer=answers.SERVICES,
        quick=True,
    ),
    Operation(
        name="services.inspect",
        risk=Risk.READ_SECRET,
        level=Level.SECRETS,
        writes=False,
        hands_over="Shows a service; its environment, commands and host paths are masked.",
        parameters=parameters(strict_flag("insertDefaults", since=29)),
        answer=answers.SERVICE_INSPECT,
        quick=True,
    ),
    Operation(
        name="services.create",
        risk=Risk.HOST_ROOT,
        level=Level.CODE,
        writes=True,
        hands_over="Runs containers of any image on any node, confined as by default.",
        body=BodyKind.JSON,
        shape=services.SERVICE,
        headers=_REGISTRY,
        answer=answers.SERVICE_CREATE,
    ),
    Operation(
        name="services.update",
        risk=Risk.HOST_ROOT,
        level=Level.CODE,
        writes=True,
        hands_over="Replaces what a service runs by containers of any other image.",
        body=BodyKind.JSON,
        shape=services.SERVICE,
        parameters=parameters(
            integer("version"),
            sensitive(
                text("registryAuthFrom", absent="spec"),
                "Uses the registry credentials stored with the service.",
                Level.SECRETS,
            ),
            sensitive(
                text("rollback", absent="none", since=28),
                "Brings back the previous specification, which nobody judges again.",
            ),
        ),
        headers=_REGISTRY,
        answer=answers.SERVICE_UPDATE,
    ),
    Operation(
        name="services.remove",
        risk=Risk.WRITE,
        level=Level.DISTURB,
        writes=True,
        hands_over="Deletes services with all their tasks.",
    ),
    Operation(
        name="services.logs",
        risk=Risk.READ_SECRET,
        level=Level.SECRETS,
        writes=False,
        hands_over="Shows all output of a service, which often holds tokens and passwords.",
        streaming=Streaming.RESPONSE,
        parameters=_LOGS,
        bulk_read=True,
    ),
)

TASKS = (
    Operation(
        name="tasks.list",
        risk=Risk.READ_SECRET,
        level=Level.SECRETS,
        writes=False,
        hands_over="Shows all tasks; their environment, commands and host paths are masked.",
        parameters=parameters(filters()),
        answer=answers.TASKS,
        quick=True,
    ),
    Operation(
        name="tasks.inspect",
        risk=Risk.READ_SECRET,
        level=Level.SECRETS,
        writes=False,
        hands_over="Shows a task; its environment, commands and host paths are masked.",
        answer=answers.TASK_INSPECT,
        quick=True,
    ),
    Operation(
        name="tasks.logs",
        risk=Risk.READ_SECRET,
        level=Level.SECRETS,
        writes=False,
        hands_over="Shows all output of a task, which often holds tokens and passwords.",
        streaming=Streaming.RESPONSE,
        parameters=_LOGS,
        bulk_read=True,
    ),
)

NODES = (
    Operation(
        name="nodes.list",
        risk=Risk.READ_META,
        level=Level.METADATA,
        writes=False,
        hands_over="Shows all nodes of the swarm with their addresses and labels.",
        parameters=parameters(filters()),
        answer=answers.NODES,
        quick=True,
    ),
    Operation(
        name="nodes.inspect",
        risk=Risk.READ_META,
        level=Level.METADATA,
        writes=False,
        hands_over="Shows a node of the swarm with its address, labels and resources.",
        answer=answers.NODE_INSPECT,
        quick=True,
    ),
    Operation(
        name="nodes.update",
        risk=Risk.HOST_ROOT,
        level=Level.DISTURB,
        writes=True,
        hands_over="Changes the name of a node.",
        body=BodyKind.JSON,
        shape=bodies.NODE,
        parameters=parameters(integer("version")),
    ),
    Operation(
        name="nodes.remove",
        risk=Risk.WRITE,
        level=Level.DISTURB,
        writes=True,
        hands_over="Takes nodes out of the swarm.",
        parameters=parameters(flag("force")),
    ),
)

SECRETS = (
    Operation(
        name="secrets.list",
        risk=Risk.READ_META,
        level=Level.METADATA,
        writes=False,
        hands_over="Shows the names and labels of all secrets, not their values.",
        parameters=parameters(filters()),
        answer=answers.SECRETS,
        quick=True,
    ),
    Operation(
        name="secrets.inspect",
        risk=Risk.READ_META,
        level=Level.METADATA,
        writes=False,
        hands_over="Shows the name and labels of a secret, not its value.",
        answer=answers.SECRET_INSPECT,
        quick=True,
    ),
    Operation(
        name="secrets.create",
        risk=Risk.WRITE,
        level=Level.DISTURB,
        writes=True,
        hands_over="Creates secrets.",
        body=BodyKind.JSON,
        shape=bodies.SECRET,
        answer=answers.CREATED,
    ),
    Operation(
        name="secrets.update",
        risk=Risk.WRITE,
        level=Level.DISTURB,
        writes=True,
        hands_over="Changes the labels of secrets.",
        body=BodyKind.JSON,
        shape=bodies.SECRET,
        parameters=parameters(integer("version")),
    ),
    Operation(
        name="secrets.remove",
        risk=Risk.WRITE,
        level=Level.DISTURB,
        writes=True,
        hands_over="Deletes secrets.",
    ),
)

CONFIGS = (
    Operation(
        name="configs.list",
        risk=Risk.READ_SECRET,
        level=Level.SECRETS,
        writes=False,
        hands_over="Shows the names and labels of all configs; their content is masked.",
        parameters=parameters(filters()),
        answer=answers.CONFIGS,
        quick=True,
    ),
    Operation(
        name="configs.inspect",
        risk=Risk.READ_SECRET,
        level=Level.SECRETS,
        writes=False,
        hands_over="Shows the name and labels of a config; its content is masked.",
        answer=answers.CONFIG_INSPECT,
        quick=True,
    ),
    Operation(
        name="configs.create",
        risk=Risk.WRITE,
        level=Level.DISTURB,
        writes=True,
        hands_over="Creates configs.",
        body=BodyKind.JSON,
        shape=bodies.CONFIG,
        answer=answers.CREATED,
    ),
    Operation(
        name="configs.update",
        risk=Risk.WRITE,
        level=Level.DISTURB,
        writes=True,
        hands_over="Changes the labels of configs.",
        body=BodyKind.JSON,
        shape=bodies.CONFIG,
        parameters=parameters(integer("version")),
    ),
    Operation(
        name="configs.remove",
        risk=Risk.WRITE,
        level=Level.DISTURB,
        writes=True,
        hands_over="Deletes configs.",
    ),
)

OPERATIONS = SWARM + SERVICES + TASKS + NODES + SECRETS + CONFIGS
