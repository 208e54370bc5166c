"""What a client is recognised by is not to be had through sockguard, in whatever way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.asking import ask, make
from tests.support.guarded import SLEEPS, Guarded, of
from tests.support.stack import running_stack

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.demo_engine import RunningDemo
    from tests.support.stack import Stack

KEY = "com.example/job"
POLICY = f"""version: 1
clients:
  agent: {{match: {{container: {{name: "agent-*"}}}}, allow: [system/hello]}}
  backup: {{match: {{container: {{label: {{{KEY}: backup}}}}}}, allow: [containers.export]}}
  ops: {{allow: [engine/everything]}}
"""
CREATE = "/containers/create"


@pytest.fixture
def stack(short_path: Path, engine: RunningDemo) -> Iterator[Stack]:
    with running_stack(short_path, short_path / "engine.sock", policy=POLICY) as running:
        engine.clear()
        yield running


@pytest.fixture
def ops(stack: Stack) -> Guarded:
    return of(stack, "ops")


def labels_of(engine: RunningDemo, name: str) -> Any:
    return ask(engine, "GET", f"/containers/{name}/json").json["Config"]["Labels"]


def test_a_client_of_the_network_has_no_unix_socket(stack: Stack) -> None:
    assert stack.socket("ops").exists()
    assert not stack.socket("agent").exists()
    assert not stack.socket("main").exists()


@pytest.mark.parametrize(
    ("target", "body"),
    [
        (f"{CREATE}?name=agent-2", SLEEPS),
        (f"{CREATE}?name=x", SLEEPS | {"Labels": {KEY: "backup"}}),
        ("/containers/web/rename?name=agent-2", None),
        (f"{CREATE}?name=x", SLEEPS | {"HostConfig": {"NetworkMode": "container:agent-1"}}),
        ("/build?t=x", None),
    ],
)
def test_what_would_make_a_client_never_reaches_the_engine(
    stack: Stack, ops: Guarded, engine: RunningDemo, target: str, body: object
) -> None:
    make(engine, "agent-1")
    engine.clear()
    answer = ops.ask("POST", target, body)
    assert answer.status == 403
    assert "client '" in answer.message
    assert engine.sent("POST", target.partition("?")[0]) == []
    event = stack.events(kind="decision")[-1]
    assert (event["decision"], event["reason"]) == ("deny", "self_protection")


def test_the_label_of_an_image_makes_no_container_a_client(
    ops: Guarded, engine: RunningDemo
) -> None:
    source = make(engine, "source")
    change = f"/commit?container={source}&repo=forged&changes=LABEL%20{KEY}=backup"
    assert ask(engine, "POST", change).status == 201
    assert ask(engine, "POST", f"{CREATE}?name=bare", {"Image": "forged"}).status == 201
    assert labels_of(engine, "bare")[KEY] == "backup"
    assert ops.ask("POST", f"{CREATE}?name=guarded", {"Image": "forged"}).status == 201
    assert labels_of(engine, "guarded")[KEY] == ""


def test_what_was_let_pass_before_is_judged_anew_under_the_next_policy(
    stack: Stack, ops: Guarded
) -> None:
    assert ops.ask("POST", f"{CREATE}?name=web-1", SLEEPS).status == 201
    stack.reload(POLICY.replace("agent-*", "web-*"))
    assert ops.ask("POST", f"{CREATE}?name=web-2", SLEEPS).status == 403
    assert ops.ask("POST", f"{CREATE}?name=agent-2", SLEEPS).status == 201
