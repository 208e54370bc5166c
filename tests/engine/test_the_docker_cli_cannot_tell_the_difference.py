"""Every docker command gives the same through sockguard as on the Engine's own socket.

Each file in `sessions/` is run once on either way, in a folder of its own, with `$NAME` for what
it creates. Output, errors and the exit code of each line must be equal but for ids, names, times.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.docker_cli import Outcome, environment, run, scrubbed
from tests.support.terminal import in_terminal

if TYPE_CHECKING:
    from tests.engine.conftest import Paths
    from tests.support.dockerd import Engine

SESSIONS = sorted((Path(__file__).parent / "sessions").glob("*.sh"))
EVERY_EXIT_CODE = "set -o pipefail; trap 'echo \"[exit $?]\"' DEBUG EXIT\n"


def outcome(session: Path, host: str, folder: Path) -> Outcome:
    """What a session shows, without what differs each time."""
    name = f"{folder.name}-{session.stem}"  # history, as of events, must not mix
    folder.mkdir()
    script = EVERY_EXIT_CODE + session.read_text(encoding="utf-8")
    seen = run(["bash", "-c", script], host, folder, NAME=name)
    return Outcome(seen.code, scrubbed(seen.stdout, name), scrubbed(seen.stderr, name))


@pytest.mark.parametrize("session", SESSIONS, ids=lambda path: path.stem)
def test_a_session_gives_the_same(
    session: Path, paths: Paths, dockerd: Engine, tmp_path: Path
) -> None:
    direct = outcome(session, paths.direct, tmp_path / "side-a")
    guarded = outcome(session, paths.guarded, tmp_path / "side-b")
    dockerd.remove_containers()
    assert guarded == direct


TERMINALS = {
    "ask and answer": (
        ["run", "-it", "--rm", "busybox", "sh", "-c", "tty; echo how many; read a; exit $a"],
        [("how many", "5\r")],
    ),
    "the window has its size": (
        ["run", "-t", "--rm", "busybox", "sh", "-c", "sleep 1; stty size"],
        [],
    ),
    "end of input": (
        ["run", "-it", "--rm", "busybox", "sh", "-c", "echo go; cat"],
        [("go", "typed\r"), ("typed\r\ntyped", "\x04")],
    ),
    "interrupt": (
        ["run", "-it", "--rm", "busybox", "sh", "-c", "trap 'exit 8' INT; echo go; sleep 9 & wait"],
        [("go", "\x03")],
    ),
    "leave without stopping": (
        ["run", "-it", "busybox", "sh", "-c", "echo here; sleep 60"],
        [("here", "\x10\x11")],
    ),
}


@pytest.mark.parametrize("title", TERMINALS)
def test_a_terminal_shows_the_same(
    title: str, paths: Paths, dockerd: Engine, tmp_path: Path
) -> None:
    arguments, dialogue = TERMINALS[title]
    seen = []
    for host in (paths.direct, paths.guarded):
        code, shown = in_terminal(["docker", *arguments], environment(host, tmp_path), dialogue)
        seen.append((code, scrubbed(shown)))
    dockerd.remove_containers()
    assert seen[1] == seen[0]


def test_exec_in_a_terminal_shows_the_same(paths: Paths, dockerd: Engine, tmp_path: Path) -> None:
    box = dockerd.docker("run", "--detach", "busybox", "sleep", "60").strip()
    program = "sleep 1; stty size; read a; exit $a"
    seen = [
        in_terminal(
            ["docker", "exec", "-it", box, "sh", "-c", program],
            environment(host, tmp_path),
            [("31 97", "6\r")],
        )
        for host in (paths.direct, paths.guarded)
    ]
    dockerd.remove_containers()
    assert seen[1] == seen[0]
    assert seen[1][0] == 6


def test_piped_input_reaches_the_container_and_comes_back(paths: Paths, tmp_path: Path) -> None:
    seen = run(["sh", "-c", "echo hi | docker run -i --rm busybox cat"], paths.guarded, tmp_path)
    assert (seen.code, seen.stdout) == (0, "hi\n")


def test_an_exit_code_comes_through(paths: Paths, tmp_path: Path) -> None:
    seen = run(["docker", "run", "--rm", "busybox", "sh", "-c", "exit 42"], paths.guarded, tmp_path)
    assert seen.code == 42


def test_a_version_from_the_future_gets_the_engines_own_words(paths: Paths, tmp_path: Path) -> None:
    for host in (paths.direct, paths.guarded):
        seen = run(["docker", "ps"], host, tmp_path, DOCKER_API_VERSION="1.99")
        assert seen.code == 1
        words = "client version 1.99 is too new. Maximum supported API version is 1.41"
        assert words in seen.stderr


@pytest.mark.parametrize("name", ["a b", "ü", "%2e%2e", "a%2Fb", "x" * 300, "-a"])
def test_a_name_that_no_engine_allows_is_refused_in_one_line(
    name: str, paths: Paths, tmp_path: Path
) -> None:
    seen = run(["docker", "rm", "--", name], paths.guarded, tmp_path)
    assert (seen.code, len(seen.stderr.splitlines()), "{" in seen.stderr) == (1, 1, False)
    assert run(["docker", "ps"], paths.guarded, tmp_path).code == 0
