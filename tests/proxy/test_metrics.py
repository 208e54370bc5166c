from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from prometheus_client.parser import text_string_to_metric_families as read

from sockguard.proxy.metrics import DURATIONS, FAMILIES, Metrics, Sources
from sockguard.proxy.places import Places
from tests.support.demo_engine import running_demo_engine
from tests.support.stack import running_stack, send
from tests.support.wait import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sockguard.proxy.gate import Gate
    from tests.support.stack import Stack

LIST = b"GET /v1.44/containers/json HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n"
EVIL = (
    b"GET /v1.44/evil-path?evil=1 HTTP/1.1\r\nHost: evil\r\nUser-Agent: evil\r\n"
    b"Connection: close\r\n\r\n"
)


@pytest.fixture
def stack(short_path: Path) -> Iterator[Stack]:
    upstream = short_path / "engine.sock"
    with running_demo_engine(upstream), running_stack(short_path, upstream) as running:
        yield running


def numbers(gate: Gate) -> dict[tuple[str, tuple[str, ...]], float]:
    """Every number of a scrape by its name and the values of its labels, sorted by label."""
    text = Metrics(Sources(gate, Places(9))).text().decode()
    return {
        (sample.name, tuple(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in read(text)
        for sample in family.samples
    }


def test_every_family_is_there_and_named_by_the_rules(stack: Stack) -> None:
    text = Metrics(Sources(stack.gate, Places(9))).text().decode()
    helps = dict(re.findall(r"^# HELP (\S+) (.+)$", text, re.MULTILINE))

    assert {family.name for family in FAMILIES} | {DURATIONS} <= helps.keys()
    assert {family.name for family in FAMILIES if not family.name.startswith("sockguard_")} == set()
    assert len({family.name for family in FAMILIES}) == len(FAMILIES)


def test_requests_are_counted_by_words_of_the_policy_and_the_catalogue(stack: Stack) -> None:
    assert send(stack.socket(), LIST).startswith(b"HTTP/1.1 200")
    assert send(stack.socket(), EVIL).startswith(b"HTTP/1.1 403")
    assert send(stack.socket(), b"evil\r\n\r\n").startswith(b"HTTP/1.1 400")
    wait_until(lambda: stack.gate.recorder.tally.completed == 1, "the answer to be counted")
    found = numbers(stack.gate)

    assert found["sockguard_requests_total", ("main", "allow", "containers.list")] == 1
    assert found["sockguard_requests_total", ("main", "deny", "")] == 2
    assert found["sockguard_refusals_total", ("main", "unknown_operation")] == 1
    assert found["sockguard_refusals_total", ("main", "malformed")] == 1
    assert found["sockguard_response_bytes_total", ("main",)] > 0
    assert found[f"{DURATIONS}_count", ("containers.list",)] == 1
    assert found[f"{DURATIONS}_bucket", ("+Inf", "containers.list")] == 1
    assert found["sockguard_engine_up", ()] == 1
    assert not any("evil" in word for _, labels in found for word in labels)


def test_the_kernels_numbers_of_the_process_are_among_them(stack: Stack) -> None:
    found = numbers(stack.gate)

    assert found["process_open_fds", ()] > 0
    assert found["process_resident_memory_bytes", ()] > 0
