"""What a person sees and types in a terminal is the same through sockguard as directly."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.support.docker_cli import environment, scrubbed
from tests.support.races import same_in_the_end
from tests.support.terminal import Window, in_terminal

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.engine.conftest import Side

Dialogue = list[tuple[str, str | Window]]

SHELL = ["busybox", "sh", "-c"]
LEAVE = "\x10\x11"  # Ctrl-P, Ctrl-Q: detach
SIZES = "trap 'stty size; exit 4' WINCH; stty size; echo go; while true; do sleep 0.1; done"
ECHO = "while read a; do echo got $a; done; exit 6"

RUNS: dict[str, tuple[list[str], Dialogue]] = {
    "ask and answer": (
        ["run", "-it", "--rm", *SHELL, "tty; echo how many; read a; exit $a"],
        [("how many", "5\r")],
    ),
    "the window has its size": (["run", "-t", "--rm", *SHELL, "sleep 1; stty size"], []),
    "the window changes its size": (
        ["run", "-it", "--rm", *SHELL, f"sleep 1; {SIZES}"],
        [("go", Window(11, 77))],
    ),
    "end of input": (
        ["run", "-it", "--rm", *SHELL, "echo go; cat"],
        [("go", "typed\r"), ("typed\r\ntyped", "\x04")],
    ),
    "interrupt": (
        ["run", "-it", "--rm", *SHELL, "trap 'exit 8' INT; echo go; sleep 9 & wait"],
        [("go", "\x03")],
    ),
    "leave without stopping": (["run", "-it", *SHELL, "echo here; sleep 60"], [("here", LEAVE)]),
    "leave by other keys": (
        ["run", "-it", "--detach-keys", "ctrl-x,q", *SHELL, "echo here; read a; exit 3"],
        [("here", "\x18q")],
    ),
    "type what is almost the keys to leave": (
        ["run", "-it", "--rm", *SHELL, "echo here; read a; echo $a | od -c | head -n 1; exit 3"],
        [("here", "\x10x\r")],
    ),
}

INSIDE: dict[str, tuple[list[str], Dialogue]] = {
    "exec asks in a window of that size": (
        ["exec", "-it", "box", "sh", "-c", "sleep 1; stty size; read a; exit $a"],
        [("31 97", "6\r")],
    ),
    "exec is told of a new size": (
        ["exec", "-it", "box", "sh", "-c", f"sleep 1; {SIZES}"],
        [("go", Window(50, 200))],
    ),
    "exec is left": (
        ["exec", "-it", "--detach-keys", "ctrl-a", "box", "sh", "-c", "echo here; sleep 60"],
        [("here", "\x01")],
    ),
    "attach, talk and leave": (
        ["attach", "box"],
        [("", "one\r"), ("got one", "two\r"), ("got two", LEAVE)],
    ),
    "attach, talk and end": (["attach", "box"], [("", "one\r"), ("got one", "\x04")]),
    "attach in a window of another size": (
        ["attach", "--detach-keys", "ctrl-y", "box"],
        [("", "one\r"), ("got one", Window(12, 34)), ("", "two\r"), ("got two", "\x19")],
    ),
    "attach without input": (["attach", "--no-stdin", "sleeper"], []),
    "start with input": (["start", "-ai", "waiting"], [("", "one\r"), ("got one", "\x04")]),
    "follow logs": (["logs", "-f", "sleeper"], []),
}


def shown_on_both(
    sides: Sequence[Side], folder: Path, arguments: list[str], dialogue: Dialogue
) -> list[tuple[int, str]]:
    """Exit code and screen of a docker command in a terminal, on each side."""

    def on(side: Side) -> tuple[int, str]:
        env = environment(side.host, folder)
        code, shown = in_terminal(["docker", *arguments], env, dialogue)
        return code, scrubbed(shown)

    with ThreadPoolExecutor() as pool:
        return list(pool.map(on, sides))


@pytest.mark.parametrize("title", RUNS)
def test_a_container_in_a_terminal(title: str, sides: tuple[Side, Side], tmp_path: Path) -> None:
    states = ("ps", "--all", "--format={{.Image}} {{.Command}} {{.State}}")

    def look(_: int) -> list[tuple[tuple[int, str], str]]:
        shown = shown_on_both(sides, tmp_path, *RUNS[title])
        return list(zip(shown, left_behind(sides, states), strict=True))

    direct, guarded = same_in_the_end(look)
    assert guarded == direct


@pytest.mark.parametrize("title", INSIDE)
def test_a_terminal_at_a_container(title: str, sides: tuple[Side, Side], tmp_path: Path) -> None:
    question = ("inspect", "--format={{.State.Status}} {{.State.ExitCode}}", "box", "waiting")

    def look(_: int) -> list[tuple[tuple[int, str], str]]:
        for side in sides:
            docker = side.engine.docker
            docker("run", "--name=box", "-dit", *SHELL, ECHO)
            docker("create", "--name=waiting", "-it", *SHELL, ECHO)
            docker("run", "--name=sleeper", "-dt", *SHELL, "sleep 2; echo awake; exit 7")
        shown = shown_on_both(sides, tmp_path, *INSIDE[title])
        return list(zip(shown, left_behind(sides, question), strict=True))

    direct, guarded = same_in_the_end(look)
    assert guarded == direct


def left_behind(sides: Sequence[Side], question: tuple[str, ...]) -> list[str]:
    """What each Engine says of its containers, which are removed then."""
    said = [side.engine.docker(*question) for side in sides]
    for side in sides:
        side.engine.remove_containers()
    return said
