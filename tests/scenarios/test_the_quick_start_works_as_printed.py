"""The quick start works as printed: its commands say, and its portal does, what it says."""

from __future__ import annotations

import re
import shlex
import shutil
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from sockguard.cli.main import main
from tests.support.docker_cli import run
from tests.support.sockguard_process import sockguard
from tests.support.tree import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.demo_engine import RunningDemo

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PAGE = BLOCK.findall((ROOT / "docs" / "quickstart.md").read_text(encoding="utf-8"))
POLICY = next(text for kind, text in PAGE if kind == "yaml" and text.startswith("version: 1\n"))
PORTAL = next(text for kind, text in PAGE if kind == "yaml" and text.startswith("services:\n"))
CLIENTS = ("portal", "traefik")
CONSOLE = next(text for kind, text in PAGE if kind == "console")


@pytest.fixture
def policy(short_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The policy of the page in a folder of its own, which is where the commands run."""
    monkeypatch.chdir(short_path)
    path = short_path / "policy.yaml"
    path.write_text(POLICY)
    return path


@pytest.mark.usefixtures("policy")
def test_its_commands_say_what_it_shows(capsys: pytest.CaptureFixture[str]) -> None:
    shown = re.split(r"^\$ sockguard ", CONSOLE, flags=re.MULTILINE)[1:]
    assert len(shown) >= 3
    for command, _, output in (one.partition("\n") for one in shown):
        main(shlex.split(command))
        assert capsys.readouterr().out == output


def test_its_portal_may_restart_the_container_and_not_stop_it(
    short_path: Path, policy: Path, engine: RunningDemo
) -> None:
    if shutil.which("docker") is None:
        pytest.skip("there is no docker command here")
    services: dict[str, Any] = yaml.safe_load(PORTAL)["services"]
    assert services["web"]["container_name"] == "web"  # as one is called in the demo engine
    with sockguard(short_path, str(policy), f"unix://{engine.path}", clients=CLIENTS) as guard:
        engine.clear()
        done = run(services["portal"]["command"], guard.host("portal"), short_path)
    assert " web\n" in done.stdout
    assert "containers.stop is not allowed for client 'portal'" in done.stderr
    assert len(engine.sent("POST", "/containers/web/restart")) == 1
    assert engine.sent("POST", "/containers/web/stop") == []
