"""What pages show of commands is what comes out of them.

A page's commands are run where the policy that it showed last is `policy.yaml`, and the compose
file `compose.yaml`. Those of docker are run by the client that the page named last, in front of the
demo engine.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.support.docker_cli import run
from tests.support.sockguard_process import environment, sockguard
from tests.support.tree import ROOT, name_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.demo_engine import RunningDemo

BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$|\bAs `([a-z]+)`", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^\$ ", re.MULTILINE)
CLIENT = re.compile(r"^  ([a-z]+):", re.MULTILINE)
STORY = ROOT / "docs" / "identity.md"
"""Told in one piece by test_the_page_on_identity_works_as_printed.py."""
PAGES = [ROOT / "README.md", *sorted({*ROOT.glob("docs/*.md")} - {STORY})]
SOCKGUARD = f'sockguard() {{ {sys.executable} -m sockguard "$@"; }}\n'

EVENT = re.compile(r"\b01[0-9A-HJKMNP-TV-Z]{24}\b")
NUMBERS = re.compile(r"\bgroups [0-9, ]+|\d+")
IDENTITY = re.compile(r"\b[0-9a-f]{12}(?:[0-9a-f]{52})?\b")
AGE = re.compile(r"\b(?:About |Less than )?(?:\d+|an?) (?:second|minute|hour)s?\b( ago)?")
TIME = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d\b")
BLANKS = re.compile(r" {2,}")


class Shown(NamedTuple):
    """A command on a page with what it prints, under which policy, and asked by which client."""

    place: str
    policy: str
    compose: str
    client: str
    command: str
    output: str

    def __str__(self) -> str:
        return f"{self.place} {self.command[:60]}"


def shown() -> Iterator[Shown]:
    for page in PAGES:
        policy, compose, client = "", "", "main"
        text = page.read_text(encoding="utf-8")
        for kind, content, named in BLOCK.findall(text):
            client = named or client
            if kind == "yaml" and "version: 1\n" in content:
                policy, client = content, "main"
            if kind == "yaml" and content.startswith("services:\n"):
                compose = content
            for one in COMMAND.split(content)[1:] if kind == "console" else ():
                command, _, output = one.partition("\n")
                yield Shown(name_of(page), policy, compose, client, command, output)


SHOWN = list(shown())
BY_LOG = ("sockguard audit ", "sockguard policy learn ", "sockguard policy compare ")
OURS = [
    one for one in SHOWN if "sockguard policy" in one.command and not one.command.startswith(BY_LOG)
]
DOCKERS = [one for one in SHOWN if one.command.startswith("docker ")]
RECORDS = [one for one in SHOWN if one.command.startswith(BY_LOG)]
DOCTORED = [one for one in SHOWN if one.command == "sockguard doctor"]


def alike(text: str) -> str:
    """The text without what differs from run to run: ids, ages, and blanks between columns."""
    text = TIME.sub("TIME", EVENT.sub("EVENT", IDENTITY.sub("ID", AGE.sub("AGE", text))))
    lines = (BLANKS.sub(" ", line).rstrip() for line in text.splitlines())
    return "\n".join(line for line in lines if line and "--help' for more" not in line)


DIFFERS = (
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z", "TIME"),
    (r"\b[0-9a-f]{64}@\d+", "HEAD"),
    (r"\bms=[0-9.]+", "MS"),
    (r"\b(seq|events) \d+( to \d+)?|\b\d+ lines", "NUMBERS"),
    (r"^(portal +)\d+", r"\1REQUESTS"),
)
"""What the log tells of differently each time, or with each docker command."""


def told(text: str, folder: Path) -> str:
    """The text of a command about the log, in the words of the page."""
    text = text.replace(f"{folder}/audit", "/var/lib/sockguard/audit").replace(f"{folder}/", "")
    for pattern, word in DIFFERS:
        text = re.sub(pattern, word, text, flags=re.MULTILINE)
    return alike(text)


def test_each_command_that_is_shown_with_its_output_is_tried() -> None:
    rest = [str(one) for one in SHOWN if one not in (*OURS, *DOCKERS, *RECORDS, *DOCTORED)]
    assert rest == [str(one) for one in SHOWN if one.command.startswith("sockguard health")]
    assert len(OURS) >= 5
    assert len(DOCTORED) == 1
    assert {one.place for one in DOCKERS} >= {"README.md", "docs/policy.md"}


@pytest.mark.parametrize("one", OURS, ids=str)
def test_a_command_about_policies_prints_what_is_shown(one: Shown, short_path: Path) -> None:
    (short_path / "policy.yaml").write_text(one.policy)
    (short_path / "compose.yaml").write_text(one.compose)
    done = subprocess.run(
        ["bash", "-c", SOCKGUARD + one.command],
        cwd=short_path,
        env={**environment(), "PYTHONPATH": os.fspath(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout + done.stderr == one.output


@pytest.mark.parametrize("place", sorted({one.place for one in DOCKERS}))
def test_docker_and_the_log_print_what_is_shown(
    place: str, short_path: Path, engine: RunningDemo
) -> None:
    if shutil.which("docker") is None:
        pytest.skip("there is no docker command here")
    there = [one for one in SHOWN if one.place == place and one in (*DOCKERS, *RECORDS)]
    for policy in sorted({one.policy for one in there}):
        (short_path / "policy.yaml").write_text(policy)
        names = CLIENT.findall(policy) if "\nclients:" in policy else ["main"]
        path = str(short_path / "policy.yaml")
        events: dict[str, str] = {}
        with sockguard(short_path, path, f"unix://{engine.path}", clients=names) as guard:
            for one in (one for one in there if one.policy == policy):
                command = SOCKGUARD + one.command
                for printed, real in events.items():
                    command = command.replace(printed, real)
                variables = {
                    "PYTHONPATH": os.fspath(ROOT),
                    "SOCKGUARD_AUDIT_DIR": str(guard.audit),
                    "SOCKGUARD_SOCKET_DIR": str(guard.sockets),
                }
                host = guard.host(one.client)
                done = run(["bash", "-c", command], host, short_path, **variables)
                said = done.stdout + done.stderr
                events |= dict(zip(EVENT.findall(one.output), EVENT.findall(said), strict=False))
                assert told(said, short_path) == told(one.output, short_path), one.command


def test_doctor_prints_what_is_shown(short_path: Path, engine: RunningDemo) -> None:
    """Of the server that the page tells of: its socket is open to all, and mounted as a file."""
    places = {
        "/run/sockguard": str(short_path / "sockets"),
        "/var/run/docker.sock": engine.path,
        "/var/lib/sockguard/audit": str(short_path / "audit"),
    }
    file = f"{places['/run/sockguard']}/main/docker.sock"
    engine.populate(1, "traefik", {"HostConfig": {"Binds": [f"{file}:/run/sg/docker.sock"]}})
    engine.populate(1, "portainer", {"HostConfig": {"Binds": ["/var/run/docker.sock:/d.sock"]}})
    variables = {
        "PYTHONPATH": os.fspath(ROOT),
        "SOCKGUARD_POLICY": "traefik",
        "SOCKGUARD_SOCKET_DIR": places["/run/sockguard"],
        "SOCKGUARD_UPSTREAM": f"unix://{engine.path}",
        "SOCKGUARD_AUDIT_DIR": places["/var/lib/sockguard/audit"],
    }
    with sockguard(short_path, "traefik", f"unix://{engine.path}") as guard:
        guard.socket().chmod(0o666)
        done = subprocess.run(
            ["bash", "-c", SOCKGUARD + DOCTORED[0].command],
            env={**environment(), **variables},
            capture_output=True,
            text=True,
            check=False,
        )
    said = done.stdout + done.stderr
    for printed, real in places.items():
        said = said.replace(real, printed)
    assert NUMBERS.sub("N", said) == NUMBERS.sub("N", DOCTORED[0].output)
    assert done.returncode == 1
