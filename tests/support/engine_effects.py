"""What commands did to a real Engine: the writes that it received, and what it holds afterwards.

Must never ask through sockguard: the Engine's own socket and log are the witnesses.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from tests.support.docker_cli import scrubbed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.dockerd import Engine

FIELDS = {
    "/containers/json?all=1": ("Names", "Image", "Command", "State"),
    "/images/json?all=1": ("RepoTags", "Size"),
    "/networks": ("Name", "Driver", "Internal", "Labels"),
    "/volumes": ("Name", "Driver", "Labels"),
}
"""What there is, and what of it has to be the same on both sides."""
VERSION = re.compile(r"(?<= )/v1\.\d+(?=/)")
CHOSEN_AT_RANDOM = ("session", "buildid")
RANDOM_NAME = re.compile(r"^(/?)[a-z]+_[a-z]+\d?(?= )", re.MULTILINE)


def effects(engine: Engine, mark: int, *names: str) -> list[str]:
    """What happened since the mark, one fact a line, without ids, times and the given names.

    Requests are sorted: a docker command sends some at the same time.
    """
    calls = [call for call in engine.received(mark) if not call.startswith(("GET", "HEAD"))]
    facts = sorted(scrubbed(as_read(call), *names) for call in calls)
    things = re.sub(RANDOM_NAME, r"\1<random>", scrubbed("\n".join(held(engine)), *names))
    return facts + sorted(things.splitlines())


def held(engine: Engine) -> Iterator[str]:
    """What the Engine holds, one thing a line, and the settings of each container."""
    for target, fields in FIELDS.items():
        told = engine.ask("GET", target).json
        for one in (told["Volumes"] or []) if target == "/volumes" else told:
            yield " ".join(in_words(one[field]) for field in fields)
            if "Names" in one:
                yield settings_of(engine.ask("GET", f"/containers/{one['Id']}/json").json)


def in_words(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def settings_of(container: dict[str, Any]) -> str:
    """How a container was made, and how it ended."""
    state = container["State"]
    kept = [json.dumps(container[part], sort_keys=True) for part in ("HostConfig", "Config")]
    ended = (len(container["Mounts"]), state["ExitCode"], state["Error"], container["RestartCount"])
    return " ".join(map(str, (container["Name"], *kept, *ended)))


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
