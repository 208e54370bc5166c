"""The docker command line in a clean environment, and its output without what differs each time.

Must never use the settings of the person who runs the tests.
"""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

WHOLE_PARITY = os.environ.get("PARITY") == "whole"
"""Whether all is compared over TLS as well, and what is large is larger than what memory holds."""

SAID_OR_NOT = (
    "error waiting for container: ",
    "error while CloseWrite ",
    "error removing container: ",
)
"""What the docker command says when one of its own threads has closed before another."""

DIFFERS_EACH_TIME = (
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?( ?(Z|UTC|[+-]\d\d:?\d\d))*", "<time>"),
    (r"\b1[78]\d{8}(\.\d+)?\b", "<time>"),  # in seconds since 1970, as --since is sent
    (r"\b(sha256:)?[0-9a-f]{64}\b", "<id>"),
    (r"\b[0-9a-f]{12}\b", "<id>"),
    (r"(Less than|About) an? \w+", "<duration>"),
    (r"\b\d+ (second|minute)s?\b", "<duration>"),
    *((rf'time="<time>" level=error msg="{said}[^\n]*\n', "") for said in SAID_OR_NOT),
    (r" {2,}", "  "),  # columns are as wide as what stands in them
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command left behind for the person who ran it."""

    code: int
    stdout: str
    stderr: str


def environment(host: str, folder: Path, **extra: str) -> dict[str, str]:
    """Variables for the docker command: this Engine, `folder` as home, the classic builder."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "LC_ALL": "C.UTF-8",
        "TERM": "xterm",
        "TZ": "UTC",
        "DOCKER_HOST": host,
        "DOCKER_CONFIG": str(folder),
        "DOCKER_BUILDKIT": "0",
        "DOCKER_CLI_HINTS": "false",
        **extra,
    }


def run(command: Sequence[str], host: str, folder: Path, **extra: str) -> Outcome:
    """Run a command in `folder` against the Engine at `host`; 120 seconds at most."""
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment(host, folder, **extra),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=120,
        check=False,
    )
    return Outcome(done.returncode, done.stdout.decode(), done.stderr.decode())


def scrubbed(text: str, *names: str) -> str:
    """The text with times, ids and the given names replaced by words."""
    for pattern, word in DIFFERS_EACH_TIME:
        text = re.sub(pattern, word, text)
    for name in names:  # after the ids: a port's number may stand in one
        text = text.replace(name, "<name>")
    return text
