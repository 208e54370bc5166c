"""What a person sees and types in a terminal is the same through sockguard as directly."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.support.docker_cli import environment, scrubbed
from tests.support.terminal import Window, in_terminal

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.engine.conftest import Side

Dialogue = list[tuple[str, str | Window]]

SHELL = ["busybox", "sh", "-c"]
LEAVE = "\x10\x11"  # Ctrl-P, Ctrl-Q: detach
SIZED = "until stty size 2>&1 | grep -x '31 97'; do sleep 0.1; done"
SIZES = f"{SIZED}; trap 'stty size; exit 4' WINCH; echo go; while true; do sleep 0.1; done"
ECHO = "while read a; do echo got $a; done; exit 6"

RUNS: dict[str, tuple[list[str], Dialogue]] = {
    "ask and answer": (
        ["run", "-it", "--rm", *SHELL, "tty; echo how many; read a; exit $a"],
        [("how many", "5\r")],
    ),
    "the window has its size": (["run", "-t", "--rm", *SHELL, SIZED], []),
    "the window changes its size": (
        ["run", "-it", "--rm", *SHELL, SIZES],
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
    "leave without stopping": (
        ["run", "-it", *SHELL, "echo here; sleep 60"],
        [("here\r\n", LEAVE)],
    ),
    "leave by other keys": (
        ["run", "-it", "--detach-keys", "ctrl-x,q", *SHELL, "echo here; read a; exit 3"],
        [("here\r\n", "\x18q")],
    ),
    "type what is almost the keys to leave": (
        ["run", "-it", "--rm", *SHELL, "echo here; read a; echo $a | od -c | head -n 1; exit 3"],
        [("here\r\n", "\x10x\r")],
    ),
}

BOX = ["run", "--name=box", "-dit", *SHELL, ECHO]
WAITING = ["create", "--name=waiting", "-it", *SHELL, ECHO]
SLEEPER = ["run", "--name=sleeper", "-dt", *SHELL, "sleep 3; echo awake; exit 7"]

INSIDE: dict[str, tuple[list[str], list[str], Dialogue]] = {
    "exec asks in a window of that size": (
        BOX,
        ["exec", "-it", "box", "sh", "-c", f"{SIZED}; read a; exit $a"],
        [("31 97", "6\r")],
    ),
    "exec is told of a new size": (
        BOX,
        ["exec", "-it", "box", "sh", "-c", SIZES],
        [("go", Window(50, 200))],
    ),
    "exec is left": (
        BOX,
        ["exec", "-it", "--detach-keys", "ctrl-a", "box", "sh", "-c", "echo here; sleep 60"],
        [("here\r\n", "\x01")],
    ),
    "attach, talk and leave": (
        BOX,
        ["attach", "box"],
        [("", "one\r"), ("got one\r\n", "two\r"), ("got two\r\n", LEAVE)],
    ),
    "attach, talk and end": (BOX, ["attach", "box"], [("", "one\r"), ("got one\r\n", "\x04")]),
    "attach in a window of another size": (
        BOX,
        ["attach", "--detach-keys", "ctrl-y", "box"],
        [("", "one\r"), ("got one\r\n", Window(12, 34)), ("", "two\r"), ("got two\r\n", "\x19")],
    ),
    "attach without input": (SLEEPER, ["attach", "--no-stdin", "sleeper"], []),
    "start with input": (
        WAITING,
        ["start", "-ai", "waiting"],
        [("", "one\r"), ("got one\r\n", "\x04")],
    ),
    "follow logs": (SLEEPER, ["logs", "-f", "sleeper"], []),
}


@pytest.mark.parametrize("title", RUNS)
def test_a_container_in_a_terminal(title: str, sides: tuple[Side, Side], tmp_path: Path) -> None:
    direct, guarded = seen_on_both(sides, tmp_path, [], *RUNS[title])
    assert guarded == direct


@pytest.mark.parametrize("title", INSIDE)
def test_a_terminal_at_a_container(title: str, sides: tuple[Side, Side], tmp_path: Path) -> None:
    direct, guarded = seen_on_both(sides, tmp_path, *INSIDE[title])
    assert guarded == direct


def seen_on_both(
    sides: Sequence[Side],
    folder: Path,
    before: list[str],
    arguments: list[str],
    dialogue: Dialogue,
) -> list[tuple[int, str, str]]:
    """Exit code and screen of a docker command in a terminal, and what containers it leaves."""

    def on(side: Side) -> tuple[int, str, str]:
        if before:
            side.engine.docker(*before)
        env = environment(side.host, folder, **side.settings)
        code, shown = in_terminal(["docker", *arguments], env, dialogue)
        states = side.engine.docker("ps", "--all", "--format={{.Command}} {{.Status}}")
        side.engine.remove_containers()
        return code, scrubbed(shown), scrubbed(states)

    with ThreadPoolExecutor() as pool:
        return list(pool.map(on, sides))
