"""Commands and wire forms of API 1.44 to 1.47 are the same through sockguard as directly.

The real Engine of these tests, Debian's, serves API 1.41 at most: here the demo engine stands in
for newer ones. The docker command in use speaks to it as it does to an Engine of that version; what
clients send that this command does not is replayed byte by byte.
"""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest

from tests.support.demo_engine import RunningDemo, running_demo_engine
from tests.support.docker_cli import Outcome, run, scrubbed
from tests.support.engine_effects import as_read
from tests.support.raw_client import exchange
from tests.support.sockguard_process import sockguard

if TYPE_CHECKING:
    from collections.abc import Iterator

VERSIONS = ("1.44", "1.45", "1.46", "1.47")
COMMANDS = (Path(__file__).parent / "commands_of_newer_engines.txt").read_text().splitlines()

WIRE = {
    "docker 28 commits": ("POST", "/commit?comment=why&container=web&pause=0&repo=a", {}),
    "docker 28 creates": (
        "POST",
        "/containers/create?name=wire&platform=linux%2Famd64",
        {
            "Image": "busybox",
            "Cmd": ["echo", "hi"],
            "Tty": True,
            "Healthcheck": {"Test": ["CMD", "true"], "StartInterval": 1_000_000_000},
            "HostConfig": {
                "ConsoleSize": [31, 97],
                "Annotations": {"a": "b"},
                "Mounts": [
                    {
                        "Type": "volume",
                        "Source": "db-data",
                        "Target": "/v",
                        "VolumeOptions": {"Subpath": "sub"},
                    },
                    {
                        "Type": "bind",
                        "Source": "/srv",
                        "Target": "/b",
                        "BindOptions": {"ReadOnlyForceRecursive": True, "CreateMountpoint": True},
                    },
                ],
                "CgroupnsMode": "private",
            },
            "NetworkingConfig": {
                "EndpointsConfig": {
                    "frontend": {"MacAddress": "02:42:ac:11:00:03", "DriverOpts": {"a": "b"}}
                }
            },
        },
    ),
    "docker 28 lists images with manifests": ("GET", "/images/json?manifests=1&shared-size=1", ""),
    "docker 28 makes a network": (
        "POST",
        "/networks/create",
        {"Name": "wire", "Driver": "bridge", "EnableIPv6": True, "EnableIPv4": True},
    ),
    "docker 28 asks for usage of some kinds": ("GET", "/system/df?type=image&type=volume", ""),
    "docker 29 reads statistics": ("GET", "/containers/web/stats?stream=false&one-shot=true", ""),
    "docker 29 prunes named volumes too": (
        "POST",
        "/volumes/prune?filters=%7B%22all%22%3A%7B%22true%22%3Atrue%7D%7D",
        "",
    ),
    "docker-py waits": ("POST", "/containers/nothing/wait?condition=not-running", ""),
    "compose makes a volume": ("POST", "/volumes/create", {"Name": "wire", "Labels": {"a": "b"}}),
}

ASKED_BY_SOCKGUARD_TOO = re.compile(r"/_ping|/version|/info|/exec/[0-9a-f]{64}/json")
"""What sockguard looks up for itself: versions, and the container behind an exec that was made."""


@dataclass(frozen=True, slots=True)
class Way:
    """A demo engine and the socket on which it is asked."""

    demo: RunningDemo
    socket: str

    def requests(self) -> list[str]:
        """What the engine was asked since it was last cleared, in any order."""
        asked = [
            f"{as_read(f'{item.method} {item.target}')} {as_kept(item.body)}"
            for item in self.demo.received
            if not ASKED_BY_SOCKGUARD_TOO.fullmatch(item.path)
        ]
        return sorted(scrubbed(line) for line in asked)


def as_kept(body: bytes) -> object:
    """A body as an Engine keeps it: JSON without what is empty; of an archive, the length."""
    if body == b"null\n":  # of no config, as the docker command 20.10 writes it
        return 0
    return without_empty(json.loads(body)) if body.startswith(b"{") else len(body)


def without_empty(document: object) -> object:
    if isinstance(document, dict):
        kept = {name: without_empty(value) for name, value in sorted(document.items())}
        return {name: value for name, value in kept.items() if value not in (None, [], {}, "")}
    return [without_empty(item) for item in document] if isinstance(document, list) else document


@pytest.fixture
def ways() -> Iterator[tuple[Way, Way]]:
    """Two equal demo engines; the second is asked through a sockguard that grants everything."""
    with ExitStack() as stack:
        folders = [Path(stack.enter_context(TemporaryDirectory(prefix="sg-"))) for _ in range(2)]
        paths = [folder / "engine.sock" for folder in folders]
        demos = [stack.enter_context(running_demo_engine(path)) for path in paths]
        guard = stack.enter_context(sockguard(folders[1], "everything", f"unix://{paths[1]}"))
        demos[1].clear()
        yield Way(demos[0], str(paths[0])), Way(demos[1], str(guard.socket()))


@pytest.mark.parametrize("version", VERSIONS)
def test_a_docker_command_gives_the_same(
    version: str, ways: tuple[Way, Way], tmp_path: Path
) -> None:
    def on(way: Way) -> list[tuple[Outcome, list[str]]]:
        folder = tmp_path / str(ways.index(way))
        folder.mkdir()
        seen = []
        for command in COMMANDS:
            way.demo.clear()
            line = ["bash", "-c", f"trap 'echo \"[exit $?]\"' DEBUG EXIT; {command}"]
            shown = run(line, f"unix://{way.socket}", folder, DOCKER_API_VERSION=version)
            text = [scrubbed(text, str(folder)) for text in (shown.stdout, shown.stderr)]
            seen.append((Outcome(shown.code, *text), way.requests()))
        return seen

    with ThreadPoolExecutor() as pool:
        direct, guarded = pool.map(on, ways)
    for command, expected, found in zip(COMMANDS, direct, guarded, strict=True):
        assert found == expected, command


def test_a_replayed_request_gives_the_same(ways: tuple[Way, Way]) -> None:
    for title, (method, target, body) in WIRE.items():
        for version in VERSIONS:
            answers = [replay(way, method, f"/v{version}{target}", body) for way in ways]
            assert answers[1] == answers[0], (title, version)
            assert answers[1][0].split(b" ")[1] in (b"200", b"201", b"404", b"409"), title


def test_a_commit_with_null_for_a_body_is_one_without(ways: tuple[Way, Way]) -> None:
    """The docker command 20.10 sends it, and the Engine of its time reads it as no config."""
    direct, guarded = ways
    answer = replay(guarded, "POST", "/v1.41/commit?container=web&repo=a&tag=b", "null\n")
    assert answer[0].endswith(b" 201 Created")
    assert replay(direct, "POST", "/v1.41/commit?container=web&repo=a&tag=b", "") == answer


def replay(way: Way, method: str, target: str, body: object) -> tuple[bytes, str, list[str]]:
    """Status line and body of the answer, and what the engine was asked."""
    way.demo.clear()
    content = body if isinstance(body, str) else json.dumps(body)
    head = f"{method} {target} HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n"
    if content:
        head += f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n"
    answer = exchange(way.socket, f"{head}\r\n{content}".encode())
    status, _, rest = answer.partition(b"\r\n")
    return status, scrubbed(rest.partition(b"\r\n\r\n")[2].decode()), way.requests()
