"""docs/identity.md from top to bottom: each command runs and prints what stands there."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING, NamedTuple

import pytest
import yaml

from tests.scenarios.test_pages_show_what_comes_out import alike
from tests.support.page_shell import PageShell
from tests.support.tree import ROOT
from tests.support.wait import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.demo_engine import RunningDemo

PAGE = (ROOT / "docs" / "identity.md").read_text(encoding="utf-8")
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
STEP = re.compile(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)
DIFFERS = (
    (r"\d{4}-\d\d-\d\d", "DATE"),
    (r"sockguard CA [0-9a-f]{8}", "sockguard CA"),
    (r"\bv1\.\d+/", "VERSION/"),
)


MTLS = ROOT / "examples" / "mtls"
AUTHORITY, CERTS = "sockguard/examples/mtls/authority", "/var/lib/sockguard/certs"
ELSEWHERE = re.compile(r"^(sudo install|docker compose (build|exec)) ?")
"""What needs compose itself: the folders' owner, the image, and a container to ask in."""
COMPOSED = """
docker() {
  if [ "$1 $2 $3 $4" = "compose run --rm certs" ]; then sockguard certs "${@:5}"
  else command docker "$@"; fi
}
"""


class Block(NamedTuple):
    """A block of the page, and the line on which it begins."""

    line: int
    kind: str
    text: str


def blocks() -> Iterator[Block]:
    for found in FENCE.finditer(PAGE):
        yield Block(PAGE.count("\n", 0, found.start()) + 1, found[1], found[2])


def told(text: str) -> str:
    """The text without what differs between two authorities, days and versions of docker."""
    text = alike(text)
    for pattern, word in DIFFERS:
        text = re.sub(pattern, word, text)
    return text


def test_every_command_of_the_page_runs_and_prints_what_stands_there(
    short_path: Path, engine: RunningDemo
) -> None:
    if shutil.which("docker") is None or shutil.which("openssl") is None:
        pytest.skip("there is no docker or no openssl command here")
    seen = 0
    with PageShell(short_path, f"unix://{engine.path}") as shell:
        for block in blocks():
            place = f"docs/identity.md:{block.line}"
            if block.kind == "yaml" and block.text.startswith("version: 1\n"):
                shell.policy(block.text)
            elif block.kind == "sh":
                said = shell.run(block.text)
                assert said.code == 0, (place, said)
                seen += 1
            elif block.kind == "console":
                for command, output in STEP.findall(block.text):
                    assert told(shell.run(command).output) == told(output), (place, command)
                    seen += 1
    assert seen >= 30
    assert [one.method for one in engine.received if one.path.endswith("/restart")] == ["POST"]


def test_the_commands_of_the_example_make_callers_that_are_served(
    short_path: Path, engine: RunningDemo
) -> None:
    if shutil.which("docker") is None:
        pytest.skip("there is no docker command here")
    page = (MTLS / "README.md").read_text(encoding="utf-8").replace(AUTHORITY, CERTS)
    service = yaml.safe_load((MTLS / "compose.yaml").read_text("utf-8"))["services"]["sockguard"]
    listen, tls_dir = (service["environment"][f"SOCKGUARD_{one}"] for one in ("LISTEN", "TLS_DIR"))
    served = f"sockguard serve --policy policy.yaml --listen {listen} --tls-dir {tls_dir}"
    outputs: list[str] = []
    with PageShell(short_path, f"unix://{engine.path}") as shell:
        shell.policy((MTLS / "policy" / "policy.yaml").read_text(encoding="utf-8"))
        shell.run(COMPOSED)
        lines = [
            line for kind, text in FENCE.findall(page) if kind == "sh" for line in text.splitlines()
        ]
        for line in filter(lambda line: not ELSEWHERE.match(line), lines):
            said = shell.run(served if line.startswith("docker compose up ") else line)
            assert said.code == 0, (line, said.output)
            outputs.append(said.output)
        wait_until(lambda: shell.run("docker --context home ps").code, "anna to be shut out")
    assert any(" web\n" in output for output in outputs)
    assert engine.sent("GET", "/containers/json")
