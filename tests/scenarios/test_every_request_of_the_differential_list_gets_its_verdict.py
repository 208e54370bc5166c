from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.corpus.requests import ENTRIES, FORWARDED, SMUGGLED, Entry
from tests.support.demo_engine import RunningDemo, running_demo_engine
from tests.support.raw_client import connected
from tests.support.stack import Stack, read_all, running_stack, status_of

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

OWN_QUESTIONS = ("/version", "/info")
OPENS_A_SESSION = 127
FINAL_STATUS = re.compile(rb"^HTTP/1\.[01] [2-5]", re.MULTILINE)
POLICY = """
version: 1
clients:
  all: {allow: [engine/everything]}
  narrow: {allow: [system/hello]}
"""


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    with running_demo_engine(tmp_path_factory.mktemp("e") / "e.sock") as running:
        yield running


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, engine: RunningDemo) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("s")
    with running_stack(folder, Path(engine.path), policy=POLICY) as running:
        yield running


@pytest.mark.parametrize("entry", [e for e in ENTRIES if not e.tcp], ids=lambda entry: entry.id)
def test_the_verdict_is_the_one_due(stack: Stack, engine: RunningDemo, entry: Entry) -> None:
    engine.clear()

    client = "narrow" if entry.number == OPENS_A_SESSION else "all"
    with connected(stack.socket(client)) as peer:
        peer.sendall(entry.raw)
        answer = first_answer(peer)

    arrived = [item for item in engine.received if item.path not in OWN_QUESTIONS]
    assert not any(item.target.startswith(SMUGGLED) for item in arrived)
    assert len(arrived) <= 1
    verdict = FORWARDED if arrived else status_of(answer)
    assert verdict in entry.outcomes, answer[:300]
    assert len(FINAL_STATUS.findall(answer)) <= 1


def first_answer(peer: socket.socket) -> bytes:
    """What has come once nothing more comes for a moment; a first byte is waited for."""
    data = peer.recv(65536)
    peer.settimeout(0.05)
    return data + read_all(peer)
