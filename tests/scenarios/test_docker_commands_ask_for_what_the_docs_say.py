"""Each docker command of the table in docs/policy.md asks for the operations beside it."""

from __future__ import annotations

import re
import shlex
import shutil
from typing import TYPE_CHECKING, NamedTuple

import pytest

from sockguard.engine.catalogue.all import OPERATIONS
from sockguard.policy.asked import read_asked
from tests.support.docker_cli import run
from tests.support.tree import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.demo_engine import RunningDemo

HELLO = {"system.ping"}
ROW = re.compile(r"^\| `(docker [^`]+)` \| ([^|]+) \| ([^|]*)\|$", re.MULTILINE)
SPAN = re.compile(r"`([a-z]+\.[a-z_]+)`")
ENDS = {"docker stats": "--no-stream", "docker events": "--until 0s"}
"""What makes a command end that otherwise goes on."""


class Row(NamedTuple):
    """A command, what it always asks for, and what it may ask for besides."""

    command: str
    always: set[str]
    besides: set[str]


def rows() -> list[Row]:
    page = (ROOT / "docs" / "policy.md").read_text(encoding="utf-8")
    return [
        Row(command, set(SPAN.findall(always)), set(SPAN.findall(besides)))
        for command, always, besides in ROW.findall(page)
    ]


def test_the_table_has_the_commands_that_people_ask_about() -> None:
    wanted = "ps logs inspect exec run cp stats events top build pull images network volume"
    assert {row.command.split()[1] for row in rows()} >= set(wanted.split())


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.command)
def test_a_docker_command_asks_for_what_the_table_says(
    row: Row, short_path: Path, engine: RunningDemo
) -> None:
    if shutil.which("docker") is None:
        pytest.skip("there is no docker command here")
    (short_path / "Dockerfile").write_text("FROM busybox\n")
    (short_path / "notes.txt").write_text("notes\n")
    engine.clear()
    command = f"{row.command} {ENDS.get(row.command, '')}"
    done = run(["timeout", "10", *shlex.split(command)], f"unix://{engine.path}", short_path)
    asked = {
        read_asked(one.method, one.target).recognised.operation.name for one in engine.received
    }
    assert (done.code, done.stderr[:200] if done.code else "") == (0, "")
    assert row.always <= asked - HELLO <= row.always | row.besides
    assert row.besides <= OPERATIONS.keys()
