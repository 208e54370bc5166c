"""Operations on containers, their checkpoints and their files.

Must never decide: each entry says what the Engine does, from its documents and its source.
"""

from __future__ import annotations

from sockguard.engine.answers import containers as answers
from sockguard.engine.bodies import containers as bodies
from sockguard.engine.bodies import host_config
from sockguard.engine.catalogue.columns import dropped as unread
from sockguard.engine.catalogue.columns import (
    filters,
    flag,
    integer,
    limit,
    parameters,
    sensitive,
    text,
    texts,
)
from sockguard.engine.level import Level
from sockguard.engine.operation import BodyKind, Operation, Risk, Streaming

_HISTORY = "Replays everything the container wrote so far, secrets in its output included."
_TYPING = "Lets the client type into whatever runs in the container, root shells included."
_ATTACH = (
    text("detachKeys"),
    sensitive(flag("logs"), _HISTORY, Level.SECRETS),
    flag("stream"),
)

OPERATIONS = (
    Operation(
        name="containers.list",
        risk=Risk.READ_META,
        level=Level.METADATA,
        writes=False,
        hands_over="Shows all containers with labels and networks; commands and paths are masked.",
        parameters=parameters(
            flag("all"), limit("limit"), flag("size"), filters(), unread("trunc_cmd")
        ),
        answer=answers.LIST,
        quick=True,
    ),
    Operation(
        name="containers.create",
        risk=Risk.HOST_ROOT,
        level=Level.CODE,
        writes=True,
        hands_over="Creates containers of any image, confined as the Engine confines by default.",
        body=BodyKind.JSON,
        shape=bodies.CREATE,
        parameters=parameters(text("name", names="container"), text("platform", since=41)),
        answer=answers.CREATE,
    ),
    Operation(
        name="containers.inspect",
        risk=Risk.READ_SECRET,
        level=Level.SECRETS,
        writes=False,
        hands_over="Shows a container; its environment, commands and host paths are masked.",
        parameters=parameters(flag("size")),
        answer=answers.INSPECT,
        quick=True,
    ),
    Operation(
        name="containers.top",
        risk=Risk.READ_SECRET,
        level=Level.SECRETS,
        writes=False,
        hands_over="Shows the processes in a container with their full command lines.",
        parameters=parameters(
            sensitive(
                text("ps_args", absent="-ef"),
                "Passes options to ps on the host, which can print the environment of processes.",
                Level.SECRETS,
            )
        ),
        answer=answers.TOP,
    ),
    Operation(
        name="containers.logs",
        risk=Risk.READ_SECRET,
        level=Level.SECRETS,
        writes=False,
        hands_over="Shows all output of a container, which often holds tokens and passwords.",
        streaming=Streaming.RESPONSE,
        parameters=parameters(
            flag("follow"),
            flag("stdout"),
            flag("stderr"),
            text("since"),
            text("until", since=35),
            flag("timestamps"),
            text("tail"),
            text("format"),
            flag("details"),
        ),
        bulk_read=True,
    ),
    Operation(
        name="containers.changes",
        risk=Risk.READ_META,
        level=Level.METADATA,
        writes=False,
        hands_over="Shows the paths of files that a container added, changed or deleted.",
        answer=answers.CHANGES,
    ),
    Operation(
        name="containers.stats",
        risk=Risk.READ_META,
        level=Level.METADATA,
        writes=False,
        hands_over="Shows the processor, memory, disk and network use of a container.",
        streaming=Streaming.RESPONSE,
        parameters=parameters(flag("stream"), flag("one-shot", since=41)),
        answer=answers.STATS,
    ),
    Operation(
        name="containers.export",
        risk=Risk.EXFILTRATE,
        level=Level.SECRETS,
        writes=False,
        hands_over="Carries away the whole file system of a container.",
        streaming=Streaming.RESPONSE,
        bulk_read=True,
    ),
    Operation(
        name="containers.resize",
        risk=Risk.WRITE,
        level=Level.DISTURB,
        writes=True,
        hands_over="Sets the size of a container's terminal.",
        parameters=parameters(integer("h"), integer("w")),
    ),
    Operation(
        name="containers.start",
        risk=Risk.WRITE,
        level=Level.DISTURB,
        writes=True,
        hands_over="Starts any existing container with whatever powers it was created with.",
        parameters=parameters(
            text("detachKeys"),
            sensitive(
                text("checkpoint", names="checkpoint"),
                "Restores the memory of processes from a checkpoint.",
                Level.CODE,
            ),
            sensitive(
                text("checkpoint-dir"), "Reads the checkpoint from any directory of the host."
            ),
        ),
    ),
    Operation(
        name="containers.stop",
        risk=Risk.WRITE,
        level=Level.DISTURB,
        writes=True,
        hands_over="Stops containers.",
        parameters=parameters(text("signal", since=42), integer("t")),
    ),
    Operation(
        name="containers.restart",
        risk=Risk.WRITE,
        level=Level.DISTURB,
        writes=True,
        hands_over="Stops containers and starts them again.",
        parameters=parameters(text("signal", since=42), integer("t")),
    ),
    Operation(
        name="containers.kill",
        risk=Risk.WRITE,
        level=Level.DISTURB,
        writes=True,
        hands_over="Sends any signal to the main process of a container.",
        parameters=parameters(text("signal")),
    ),
    Operation(
        name="containers.update",
        risk=Risk.WRITE,
        level=Level.DISTURB,
        writes=True,
        hands_over="Changes or lifts the resource limits and the restart policy of a container.",
        body=BodyKind.JSON,
        shape=host_config.UPDATE,
        answer=answers.UPDATE,
    ),
    Operation(
        name="containers.rename",
        risk=Risk.WRITE,
        level=Level.DISTURB,
        writes=True,
        hands_over="Gives a container another name, also one that others trust.",
        parameters=parameters(text("name", names="container")),
    ),
    Operation(
        name="containers.pause",
        risk=Risk.WRITE,
        level=Level.DISTURB,
        writes=True,
        hands_over="Freezes all processes of a container.",
    ),
    Operation(
        name="containers.unpause",
        risk=Risk.WRITE,
        level=Level.DISTURB,
        writes=True,
        hands_over="Lets the processes of a paused container run on.",
    ),
    Operation(
        name="containers.attach",
        risk=Risk.WRITE,
        level=Level.SECRETS,
        writes=True,
        hands_over="Shows the live output of a container; with stdin it types into the container.",
        streaming=Streaming.HIJACK,
        parameters=parameters(
            *_ATTACH,
            sensitive(flag("stdin"), _TYPING, Level.CODE),
            flag("stdout"),
            flag("stderr"),
        ),
        upgrade="tcp",
    ),
    Operation(
        name="containers.attach_ws",
        risk=Risk.WRITE,
        level=Level.SECRETS,
        writes=True,
        hands_over="Attaches to a container over a WebSocket; with stdin it types into it.",
        streaming=Streaming.HIJACK,
        parameters=parameters(
            *_ATTACH,
            sensitive(flag("stdin", since=42), _TYPING, Level.CODE),
            flag("stdout", since=42),
            flag("stderr", since=42),
        ),
        headers=frozenset({"sec-websocket-key", "sec-websocket-version", "sec-websocket-protocol"}),
        upgrade="websocket",
    ),
    Operation(
        name="containers.wait",
        risk=Risk.READ_META,
        level=Level.METADATA,
        writes=False,
        hands_over="Waits until a container stops and tells its exit code.",
        streaming=Streaming.RESPONSE,
        parameters=parameters(text("condition", since=30)),
        answer=answers.WAIT,
    ),
    Operation(
        name="containers.remove",
        risk=Risk.WRITE,
        level=Level.DISTURB,
        writes=True,
        hands_over="Deletes containers, by force and with their anonymous volumes if asked.",
        parameters=parameters(flag("v"), flag("force"), flag("link", since=27)),
    ),
    Operation(
        name="containers.prune",
        risk=Risk.WRITE,
        level=Level.DISTURB,
        writes=True,
        hands_over="Deletes all stopped containers.",
        parameters=parameters(filters()),
        answer=answers.PRUNE,
    ),
    Operation(
        name="containers.commit",
        risk=Risk.WRITE,
        level=Level.CODE,
        writes=True,
        hands_over="Makes an image of a container, secrets included, under any tag.",
        body=BodyKind.JSON,
        shape=bodies.COMMIT,
        parameters=parameters(
            text("container", names="container"),
            text("repo", names="image"),
            text("tag", names="tag"),
            text("comment"),
            text("author"),
            flag("pause", on_by_default=True),
            sensitive(
                texts("changes"),
                "Rewrites the image's command, user, environment and labels by Dockerfile lines.",
                Level.CODE,
            ),
        ),
        answer=answers.COMMIT,
    ),
    Operation(
        name="containers.archive_info",
        risk=Risk.READ_META,
        level=Level.METADATA,
        writes=False,
        hands_over="Tells whether a path exists in a container, its size, mode and link target.",
        parameters=parameters(text("path")),
    ),
    Operation(
        name="containers.archive_get",
        risk=Risk.EXFILTRATE,
        level=Level.SECRETS,
        writes=False,
        hands_over="Copies any file out of a container, also from host paths mounted into it.",
        streaming=Streaming.RESPONSE,
        parameters=parameters(text("path")),
        headers=frozenset({"accept-encoding"}),
        bulk_read=True,
    ),
    Operation(
        name="containers.archive_put",
        risk=Risk.HOST_ROOT,
        level=Level.CODE,
        writes=True,
        hands_over="Writes any file into a container, also into host paths mounted into it.",
        streaming=Streaming.REQUEST,
        body=BodyKind.TAR,
        parameters=parameters(
            text("path"), flag("noOverwriteDirNonDir"), flag("copyUIDGID", since=39)
        ),
    ),
    Operation(
        name="containers.copy",
        risk=Risk.EXFILTRATE,
        level=Level.SECRETS,
        writes=False,
        hands_over="Copies any file out of a container, in the form that Engines dropped long ago.",
        streaming=Streaming.RESPONSE,
        body=BodyKind.JSON,
        refused="The Engine dropped this route with API 1.24; use containers.archive_get.",
    ),
    Operation(
        name="checkpoints.list",
        risk=Risk.READ_META,
        level=Level.METADATA,
        writes=False,
        hands_over="Lists the checkpoints of a container.",
        parameters=parameters(
            sensitive(
                text("dir"), "Lists the content of any directory of the host.", Level.METADATA
            )
        ),
        answer=answers.CHECKPOINTS,
        quick=True,
    ),
    Operation(
        name="checkpoints.create",
        risk=Risk.HOST_ROOT,
        level=Level.DISTURB,
        writes=True,
        hands_over="Writes the memory of a container's processes to disk, in any host directory.",
        body=BodyKind.JSON,
        shape=bodies.CHECKPOINT,
    ),
    Operation(
        name="checkpoints.remove",
        risk=Risk.HOST_ROOT,
        level=Level.DISTURB,
        writes=True,
        hands_over="Deletes checkpoints of a container.",
        parameters=parameters(
            sensitive(
                text("dir"),
                "Deletes a directory below any directory of the host, with all it holds.",
            )
        ),
    ),
)
