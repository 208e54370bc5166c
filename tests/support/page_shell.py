"""A shell for the commands of a page: what is not here has a stand-in, and the rest is real.

Must never write outside its folder, nor let a command that fails pass for one that works.
"""

from __future__ import annotations

import os
import re
import shlex
import socket
import subprocess
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING, NamedTuple, Self

from tests.support.processes import wait_until
from tests.support.sockguard_process import environment, sockguard
from tests.support.tree import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.sockguard_process import Guard

HOST, PORT = "docker.home.lab", "2376"
"""What a page calls the server. Here it is localhost, with a port that is free."""

STAND_INS = f"""
sudo() {{ "$@"; }}
ssh() {{ shift; "$@"; }}
scp() {{ cp "${{1#*:}}" "$2"; }}
sockguard() {{
  if [ "$1" = certs ] && [[ " $* " != *" --ca-dir "* ]]; then
    set -- certs "$2" --ca-dir "$CERTS" "${{@:3}}"
  fi
  {shlex.quote(sys.executable)} -m sockguard "$@"
}}
"""
"""There is one machine: all that another would do is done on it. The authority is in the folder."""


class Said(NamedTuple):
    """How a command ended, and what it printed, in the words of the page."""

    code: int
    output: str


class PageShell:
    """Runs commands one after the other, with what they exported, and serves where one asks to."""

    def __init__(self, folder: Path, upstream: str) -> None:
        self._folder = folder
        self._upstream = upstream
        self._open = ExitStack()
        self._serving: list[str] = []
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = str(free.getsockname()[1])
        self._places = {
            "/var/lib/sockguard/certs": str(folder / "certs"),
            "/etc/sockguard": str(folder / "etc"),
            HOST: "localhost",
            PORT: self._port,
        }
        (folder / "etc").mkdir()
        kept = {
            "HOME": str(folder),
            "CERTS": str(folder / "certs"),
            "PYTHONPATH": os.fspath(ROOT),
            "SOCKGUARD_AUDIT_DIR": str(folder / "audit"),
            "SOCKGUARD_SOCKET_DIR": str(folder / "sockets"),
        }
        self._shell = subprocess.Popen(
            ["bash", "--norc"],
            cwd=folder,
            env={**_without_docker(environment()), **kept},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.run(STAND_INS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()
        self._shell.communicate(timeout=10)

    def policy(self, text: str) -> None:
        """Write the policy that a page shows; what is served is served with it from now on."""
        for path in (self._folder / "policy.yaml", self._folder / "etc" / "policy.yaml"):
            path.write_text(text)
        if self._serving:
            self._serve()

    def run(self, command: str) -> Said:
        """Run a command as it stands on the page."""
        words = self._here(command).split("sockguard serve ")
        if len(words) > 1:
            self._serving = [self._absolute(word) for word in shlex.split(words[1])]
            self._serve()
            return Said(0, "")
        return self._in_shell(self._here(command))

    def _in_shell(self, command: str) -> Said:
        shell = self._shell
        assert shell.stdin is not None
        assert shell.stdout is not None
        shell.stdin.write(f"{{ {command}\n}} </dev/null; printf '\\n<<%s>>\\n' $?\n")
        shell.stdin.flush()
        lines: list[str] = []
        for line in shell.stdout:
            if ended := re.fullmatch(r"<<(\d+)>>\n", line):
                # The one newline before the mark is ours.
                output = "".join(lines).removesuffix("\n")
                return Said(int(ended[1]), self._on_the_page(output))
            lines.append(line)
        raise AssertionError(f"the shell ended within {command!r}: {''.join(lines)}")

    def _serve(self) -> None:
        self._open.close()
        self._open.enter_context(self._guard())

    def _guard(self) -> _Serving:
        return _Serving(self._folder, self._upstream, self._serving, int(self._port))

    def _here(self, text: str) -> str:
        for told, real in self._places.items():
            text = text.replace(told, real)
        return text

    def _on_the_page(self, text: str) -> str:
        for told, real in self._places.items():
            text = text.replace(real, told)
        return text

    def _absolute(self, word: str) -> str:
        path = self._folder / word
        return str(path) if not word.startswith("-") and path.exists() else word


class _Serving:
    """A sockguard that listens at the page's port, for as long as the block lasts."""

    def __init__(self, folder: Path, upstream: str, flags: list[str], port: int) -> None:
        self._folder = folder
        self._flags = flags
        self._port = port
        self._running = sockguard(folder, "read-only", upstream, *flags, clients=())

    def __enter__(self) -> Guard:
        guard = self._running.__enter__()
        if "--listen" in self._flags:
            wait_until(self._accepts, seconds=10, process=guard.process, log=guard.log)
        return guard

    def __exit__(self, *_: object) -> None:
        self._running.__exit__(None, None, None)

    def _accepts(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self._port), 1).close()
        except OSError:
            return False
        return True


def _without_docker(variables: dict[str, str]) -> dict[str, str]:
    return {name: text for name, text in variables.items() if not name.startswith("DOCKER_")}
