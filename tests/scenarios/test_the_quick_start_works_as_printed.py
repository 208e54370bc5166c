"""The quick start works as printed: its portal does what it says.

What its commands print is held by test_pages_show_what_comes_out.py.
"""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING, Any

import pytest
import yaml

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


def test_its_portal_may_restart_the_container_and_not_stop_it(
    short_path: Path, engine: RunningDemo
) -> None:
    if shutil.which("docker") is None:
        pytest.skip("there is no docker command here")
    services: dict[str, Any] = yaml.safe_load(PORTAL)["services"]
    assert services["web"]["container_name"] == "web"  # as one is called in the demo engine
    policy = short_path / "policy.yaml"
    policy.write_text(POLICY)
    with sockguard(short_path, str(policy), f"unix://{engine.path}", clients=CLIENTS) as guard:
        engine.clear()
        done = run(services["portal"]["command"], guard.host("portal"), short_path)
    assert " web\n" in done.stdout
    assert "containers.stop is not allowed for client 'portal'" in done.stderr
    assert len(engine.sent("POST", "/containers/web/restart")) == 1
    assert engine.sent("POST", "/containers/web/stop") == []
