"""Containers write to their volumes, so no folder stands for where the Engine keeps these."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from demo.faults import Kind
from tests.support.guarded import SLEEPS, of
from tests.support.stack import running_stack

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.demo_engine import RunningDemo
    from tests.support.stack import Stack

POLICY = """
version: 1
clients:
  under: {allow: [containers.create: {host_paths: {under: /data}}]}
  spelt: {allow: [containers.create: {host_paths: /data/docker/volumes/logs/_data}]}
"""


@pytest.fixture
def stack(short_path: Path, engine: RunningDemo) -> Iterator[Stack]:
    told = json.dumps({"ID": "it", "DockerRootDir": "/data/docker"})
    engine.fault(Kind.BODY, path="/info", status=200, text=told)
    with running_stack(short_path, short_path / "engine.sock", policy=POLICY) as running:
        yield running


@pytest.mark.parametrize("version", ["", "/v1.41"])
@pytest.mark.parametrize(
    ("client", "path", "status"),
    [
        ("under", "/data/web", 201),
        ("under", "/data/docker/volumes/mine/_data/link", 403),
        ("under", "/data/docker", 403),
        ("under", "/data", 403),
        ("spelt", "/data/docker/volumes/logs/_data", 201),
    ],
)
def test_it_has_to_be_written_out(
    stack: Stack, version: str, client: str, path: str, status: int
) -> None:
    body = SLEEPS | {"HostConfig": {"Binds": [f"{path}:/x:ro"]}}
    answer = of(stack, client).ask("POST", f"{version}/containers/create", body)
    assert answer.status == status
