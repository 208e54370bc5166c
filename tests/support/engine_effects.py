"""What commands did to a real Engine: the writes that it received, and what it holds afterwards.

Must never ask through sockguard: the Engine's own socket and log are the witnesses.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from tests.support.docker_cli import scrubbed

if TYPE_CHECKING:
    from tests.support.dockerd import Engine

HELD = (
    ("ps", "--all", "--no-trunc", "--format={{.Names}} {{.Image}} {{.Command}} {{.State}}"),
    ("images", "--all", "--format={{.Repository}}:{{.Tag}} {{.Size}}"),
    ("network", "ls", "--format={{.Name}} {{.Driver}} {{.Internal}} {{.Labels}}"),
    ("volume", "ls", "--format={{.Name}} {{.Driver}} {{.Labels}}"),
)
VERSION = re.compile(r"(?<= )/v1\.\d+(?=/)")
CHOSEN_AT_RANDOM = ("session", "buildid")
RANDOM_NAME = re.compile(r"^(/?)[a-z]+_[a-z]+\d?(?= )", re.MULTILINE)
SETTINGS = (
    "{{.Name}} {{json .HostConfig}} {{json .Config}} {{len .Mounts}} {{.State.ExitCode}} "
    "{{.State.Error}} {{.RestartCount}}"
)


def effects(engine: Engine, mark: int, *names: str) -> list[str]:
    """What happened since the mark, one fact a line, without ids, times and the given names.

    Requests are sorted: a docker command sends some at the same time.
    """
    calls = [call for call in engine.received(mark) if not call.startswith(("GET", "HEAD"))]
    facts = sorted(scrubbed(as_read(call), *names) for call in calls)
    held = "".join(engine.docker(*question) for question in HELD)
    containers = engine.docker("ps", "--all", "--quiet").split()
    if containers:
        held += engine.docker("inspect", "--format", SETTINGS, *containers)
    things = re.sub(RANDOM_NAME, r"\1<random>", scrubbed(held, *names))
    return facts + sorted(things.splitlines())


def as_read(call: str) -> str:
    """A call as the Engine reads it: no version, JSON without spaces, one of the words for 1."""
    parts = urlsplit(re.sub(VERSION, "", call))
    words = {"true": "1", "True": "1", "false": "0", "False": "0"}
    settings = [
        (name, words.get(value, value.replace(": ", ":").replace(", ", ",")))
        for name, value in parse_qsl(parts.query)
        if name not in CHOSEN_AT_RANDOM
    ]
    return f"{parts.path} {settings}"
