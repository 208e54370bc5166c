from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from demo.faults import Kind as FaultKind
from sockguard.audit.event import Kind
from sockguard.proxy import engine_facts
from sockguard.proxy.health import condition
from sockguard.proxy.watchdog import Watchdog
from tests.support.stack import running_stack, send

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.demo_engine import RunningDemo
    from tests.support.stack import Stack

PING = b"GET /v1.44/_ping HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n"


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_facts, "_PING_SECONDS", 0.2)


def looked(stack: Stack, watchdog: Watchdog, times: int = 1) -> str:
    """What is wrong with the Engine after so many looks."""

    async def look() -> str:
        for _ in range(times):
            await watchdog.look()
        return stack.gate.engine.fault

    return stack.wait_for(look())


def kinds(stack: Stack) -> list[str]:
    """The kinds of events that belong to no request."""
    return [event["kind"] for event in stack.events() if event["kind"].startswith("engine")]


def test_an_engine_that_accepts_and_never_answers_is_told_once_and_so_is_its_return(
    stack: Stack, engine: RunningDemo
) -> None:
    watchdog = Watchdog(stack.gate)
    assert looked(stack, watchdog) == ""
    engine.fault(FaultKind.HANG, times=0)

    assert looked(stack, watchdog, times=3) == "the Engine did not answer within 0.2 s"
    assert asyncio.run(condition(stack.gate))["engine"] == "the Engine did not answer within 0.2 s"
    assert kinds(stack) == [Kind.ENGINE_DOWN]

    engine.clear()
    assert looked(stack, watchdog, times=2) == ""
    assert kinds(stack) == [Kind.ENGINE_DOWN, Kind.ENGINE_BACK]


def test_an_engine_that_is_not_there_is_told_like_a_silent_one(short_path: Path) -> None:
    with running_stack(short_path, short_path / "nothing.sock") as stack:
        assert "cannot be reached" in looked(stack, Watchdog(stack.gate), times=2)
        assert kinds(stack) == [Kind.ENGINE_DOWN]


def test_an_engine_that_answers_requests_is_not_asked(stack: Stack, engine: RunningDemo) -> None:
    watchdog = Watchdog(stack.gate)
    send(stack.socket(), PING)
    looked(stack, watchdog)
    assert len(engine.sent("GET", "/_ping")) == 1

    looked(stack, watchdog)
    assert len(engine.sent("GET", "/_ping")) == 2


def test_many_who_ask_at_once_share_one_question(stack: Stack, engine: RunningDemo) -> None:
    async def ask() -> list[str]:
        return await asyncio.gather(*(stack.gate.engine.ping() for _ in range(20)))

    assert asyncio.run(ask()) == [""] * 20
    assert len(engine.sent("GET", "/_ping")) == 1


def test_an_engine_that_came_back_is_asked_which_versions_it_serves(
    stack: Stack, engine: RunningDemo
) -> None:
    watchdog = Watchdog(stack.gate)
    looked(stack, watchdog)
    assert stack.gate.engine.cure_for(57).startswith("the Engine serves API 1.24 to 1.47")

    stack.gate.engine.forget()
    assert stack.gate.engine.cure_for(57) == ""
    looked(stack, watchdog, times=2)
    assert stack.gate.engine.cure_for(57)
    assert stack.gate.engine.cure_for(47) == ""
    assert len(engine.sent("GET", "/version")) == 2
