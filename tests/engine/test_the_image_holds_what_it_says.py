"""The image of the project, built from its Dockerfile: what is in it.

That it serves is told by the tests of the example, which is up with it then.
"""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from sockguard import __version__
from tests.support.built_image import BASE, IMAGE, TESTS_IMAGE
from tests.support.tree import ROOT

if TYPE_CHECKING:
    from tests.support.dockerd import Engine
    from tests.support.nginx_proxy_example import Stack

pytestmark = pytest.mark.skipif(
    not TESTS_IMAGE,
    reason="builds the image, which takes minutes: make test-image",
)
LOCKED = re.compile(r"^([a-z0-9-]+)==([^ ]+)", re.MULTILINE)
BUILDS_ONLY = {"pip", "setuptools"}


@pytest.fixture
def engine(stack: Stack) -> Engine:
    return stack.engine


def in_image(engine: Engine, *command: str) -> subprocess.CompletedProcess[str]:
    flags = (
        "--rm",
        "--network=none",
        "--read-only",
        "--cap-drop=ALL",
        f"--entrypoint={command[0]}",
    )
    line = ["docker", "--host", engine.host, "run", *flags, IMAGE, *command[1:]]
    return subprocess.run(line, capture_output=True, text=True, check=False)


def test_it_says_what_it_is_and_runs_as_nobody_else(engine: Engine) -> None:
    config = json.loads(engine.docker("inspect", IMAGE))[0]["Config"]
    labels = {
        key.removeprefix("org.opencontainers.image."): v for key, v in config["Labels"].items()
    }
    assert labels["title"] == "sockguard"
    assert labels["version"] == __version__
    assert labels["revision"] == "0123abc"
    assert labels["licenses"] == "Apache-2.0"
    assert labels["base.name"] == BASE
    assert config["User"] == "65532:65532"
    assert in_image(engine, "sockguard", "--version").stdout.strip().endswith(__version__)


def test_there_is_neither_a_compiler_nor_pip_in_it(engine: Engine) -> None:
    tools = "for one in cc gcc g++ ld as make pip pip3 git; do command -v $one; done; true"
    assert in_image(engine, "sh", "-c", tools).stdout == ""
    for module in ("pip", "ensurepip", "setuptools"):
        for python in ("/usr/bin/python3", "/opt/sockguard/bin/python"):
            assert in_image(engine, python, "-c", f"import {module}").returncode == 1


def test_its_list_of_parts_is_what_was_locked(engine: Engine) -> None:
    told: dict[str, Any] = json.loads(
        in_image(engine, "cat", "/opt/sockguard/sbom.cdx.json").stdout
    )
    locked = dict(LOCKED.findall((ROOT / "requirements.lock").read_text("utf-8")))
    parts = {part["purl"]: part for part in told["components"] if "purl" in part}
    python = {
        purl.removeprefix("pkg:pypi/").partition("@")[0]: one
        for purl, one in parts.items()
        if purl.startswith("pkg:pypi/")
    }
    assert {name: one["version"] for name, one in python.items()} == {
        name: version for name, version in locked.items() if name not in BUILDS_ONLY
    }
    assert all(one["hashes"][0]["content"] and one["licenses"] for one in python.values())
    assert sum(purl.startswith("pkg:deb/debian/") for purl in parts) > 50
    assert told["metadata"]["component"]["version"] == __version__


def test_its_doctor_finds_nothing_wrong(stack: Stack) -> None:
    told = json.loads(stack.inside("sockguard", "sockguard", "doctor", "--json"))
    assert (told["problems"], told["warnings"]) == (0, 0)
