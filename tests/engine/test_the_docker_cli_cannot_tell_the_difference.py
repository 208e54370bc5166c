"""Every docker command gives the same through sockguard as on the Engine's own socket.

Each file in `sessions/` is run on both of two equal Engines at the same time, in a folder of its
own, with `$NAME`, `$NETWORK` (half a subnet) and `$PORT` for what it creates, `$BULK` for what is
large, and the functions in `before_each_session.bash`. Output, errors, the exit code of each line,
the writes that reach the Engine and what it holds afterwards must be equal but for ids, names and
times. Nothing is looked at twice: a session waits for what has to be there, never for a time.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.docker_cli import WHOLE_PARITY, run, scrubbed
from tests.support.engine_effects import effects

if TYPE_CHECKING:
    from tests.engine.conftest import Paths, Side

SESSIONS = sorted((Path(__file__).parent / "sessions").glob("*.sh"))
BEFORE_EACH = (Path(__file__).parent / "before_each_session.bash").read_text(encoding="utf-8")
BULK = 310_000_000 if WHOLE_PARITY else 50_000_000


def outcome(session: Path, side: Side, folder: Path) -> list[str]:
    """What a session shows and what it does to the Engine, without what differs each time."""
    folder.mkdir()
    mark = side.engine.mark()
    words = (str(folder), f"{folder.name}-{session.stem}", *side.words)
    names = {"NAME": words[1], "NETWORK": side.network, "PORT": side.port, "BULK": str(BULK)}
    script = BEFORE_EACH + session.read_text(encoding="utf-8")
    seen = run(["bash", "-c", script], side.host, folder, **names, **side.settings)
    shown = (scrubbed(text, *words) for text in (seen.stdout, seen.stderr))
    parts = (f"exit {seen.code}", *shown, *effects(side.engine, mark, *words))
    side.engine.remove_containers()
    return [line for part in parts for line in part.splitlines()]


@pytest.mark.parametrize("session", SESSIONS, ids=lambda path: path.stem)
def test_a_session_gives_the_same(session: Path, sides: tuple[Side, Side], tmp_path: Path) -> None:
    def on(side: Side) -> list[str]:
        return outcome(session, side, tmp_path / side.name)

    with ThreadPoolExecutor() as pool:
        direct, guarded = pool.map(on, sides)
    assert guarded == direct


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


REFUSED_BY_BOTH = (
    "docker create --name 'not a name' busybox",
    "docker create -v relative/path:/x busybox",
    "docker rename nothing 'not a name'",
    "docker volume create 'not a name'",
    "docker tag busybox 'NOT A NAME'",
    "docker container prune -f --filter nonsense=1",
    "DOCKER_API_VERSION=1.99 docker ps",
)


@pytest.mark.parametrize("command", REFUSED_BY_BOTH)
def test_what_the_engine_would_refuse_may_be_refused_in_other_words(
    command: str, sides: tuple[Side, Side], tmp_path: Path
) -> None:
    codes = [
        run(["bash", "-c", command], side.host, tmp_path, **side.settings).code for side in sides
    ]
    assert codes == [1, 1]
