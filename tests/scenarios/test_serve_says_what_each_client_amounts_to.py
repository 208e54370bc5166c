from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from tests.support.sockguard_process import sockguard
from tests.support.wait import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.demo_engine import RunningDemo

POLICY = """\
version: 1
clients:
  lister: {allow: [system/hello, containers.list]}
  keeper: {allow: [system/hello, containers.stop, containers.logs]}
  mover: {allow: [system/hello, containers.rename]}
  shell: {allow: [system/hello, {exec.create: {target: {name: web}}}, exec.start, exec.inspect]}
  nobody: {allow: []}
"""
AMOUNTS = {
    "lister": "metadata, by containers.list, system.ping, system.version",
    "keeper": "disturb containers, by containers.stop; and secrets, by containers.logs",
    "mover": "root on the host, by containers.rename",
    "shell": "run code in containers, by exec.create, exec.start",
    "nobody": "nothing: no operation is granted",
}
CLIENTS = tuple(AMOUNTS)


def told(log: Path) -> list[str]:
    return [line for line in log.read_text().splitlines() if " amounts to " in line]


def test_each_client_has_one_line_at_the_start(short_path: Path, engine: RunningDemo) -> None:
    policy = short_path / "policy.yaml"
    policy.write_text(POLICY)
    with sockguard(short_path, str(policy), f"unix://{engine.path}", clients=CLIENTS) as guard:
        wait_until(lambda: len(told(guard.log)) >= len(AMOUNTS), "a line for each client")
        assert told(guard.log) == [
            f"sockguard: client '{name}' amounts to {says}" for name, says in AMOUNTS.items()
        ]


def test_a_new_policy_is_told_of_when_it_is_taken(short_path: Path, engine: RunningDemo) -> None:
    policy = short_path / "policy.yaml"
    policy.write_text("version: 1\nallow: [system/hello]\n")
    with sockguard(short_path, str(policy), f"unix://{engine.path}", "--no-watch") as guard:
        wait_until(lambda: told(guard.log), "the line at the start")
        policy.write_text("version: 1\nallow: [system/hello, build.run]\n")
        guard.process.send_signal(signal.SIGHUP)
        wait_until(lambda: len(told(guard.log)) > 1, "the line of the new policy")
        assert [line.partition(" amounts to ")[2] for line in told(guard.log)] == [
            "metadata, by system.ping, system.version",
            "root on the host, by build.run",
        ]
