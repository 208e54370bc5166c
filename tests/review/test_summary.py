"""A summary has every number, and says what is new, what is open and what was refused."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from sockguard.audit.event import format_time
from sockguard.audit.store import Store
from sockguard.review.filters import parse_filter
from sockguard.review.find_store import Finder
from sockguard.review.index_store import opened_index
from sockguard.review.summary import NewOperation, Summary
from sockguard.review.summary_store import summarise
from sockguard.review.summary_text import lines_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(tmp_path, now=time.time)
    yield opened
    opened.close()


def ask(
    store: Store, number: int, client: str, operation: str, **fields: object
) -> dict[str, object]:
    """A decision at this second, with this number as its id; an outcome follows unless told."""
    leaves_open = fields.pop("leaves_open", False)
    event = {
        "time": format_time(number),
        "id": f"{number:026d}",
        "kind": "decision",
        "client": client,
        "operation": operation,
        "decision": "allow",
        "read_only": True,
        "text": "x",
        **fields,
    }
    store.append(event)
    if not leaves_open:
        store.append({"id": event["id"], "kind": "outcome", "status": 200, "ended": "complete"})
    return event


def summary(store: Store, folder: Path, text: str = "") -> Summary:
    store.flush()
    with opened_index(folder, {}, pytest.fail) as (database, log):
        return summarise(Finder(database, log), parse_filter(text, 0.0))


def test_clients_are_summed_up_with_counted_refusals(store: Store, tmp_path: Path) -> None:
    ask(store, 1, "ci", "containers.create", read_only=False)
    ask(store, 2, "ci", "containers.list")
    ask(store, 3, "ci", "containers.create", read_only=False, decision="deny", reason="body")
    ask(store, 4, "web", "containers.create", read_only=False, decision="would_deny", reason="body")
    store.append({"kind": "refusals_counted", "client": "ci", "reason": "body", "count": 40})
    store.append({"kind": "refusals_counted", "client": "*", "reason": "body", "count": 2})
    store.append({"kind": "connection_refused", "reason": "tls", "time": format_time(9)})
    found = summary(store, tmp_path)
    told = {
        one.client: (one.requests, one.writes, one.refused, one.would_refuse)
        for one in found.clients
    }
    assert told == {"ci": (43, 1, 41, 0), "web": (1, 1, 0, 1), "*": (2, 0, 2, 0), "": (0, 0, 1, 0)}
    assert (found.clients[0].first, found.clients[0].last) == (format_time(1), format_time(3))


def test_refusals_are_grouped_and_none_is_lost(store: Store, tmp_path: Path) -> None:
    for number in range(1, 16):
        ask(store, number, f"c{number}", "containers.kill", decision="deny", reason="not_granted")
    for number in range(20, 23):
        ask(
            store, number, "ci", "containers.create", decision="deny", reason="body",
            detail="HostConfig.Privileged",
        )  # fmt: skip
    store.append({"kind": "refusals_counted", "client": "ci", "reason": "body", "count": 40})
    found = summary(store, tmp_path)
    first, second = found.refusals[:2]
    assert (first.number, first.counted_only, first.operation) == (40, True, "")
    assert (second.number, second.detail) == (3, "HostConfig.Privileged")
    assert sum(one.number for one in found.refusals) + found.more_refusals == 15 + 3 + 40
    assert len(found.refusals) + found.more_groups == 17
    only = summary(store, tmp_path, f"group:{second.group}")
    assert [one.number for one in only.refusals] == [3]
    assert [one.requests for one in only.clients] == [3]


def test_the_busiest_objects_are_told_by_kind_and_name(store: Store, tmp_path: Path) -> None:
    for number in range(1, 4):
        ask(store, number, "ci", "containers.inspect", target="web")
    ask(store, 5, "ci", "containers.restart", target="web", read_only=False)
    ask(store, 6, "ci", "networks.inspect", target="web", decision="deny", reason="target")
    ask(store, 7, "ci", "containers.list")
    told = [
        (one.kind, one.name, one.requests, one.writes, one.refused)
        for one in summary(store, tmp_path).objects
    ]
    assert told == [("containers", "web", 4, 1, 0), ("networks", "web", 1, 0, 1)]


def test_open_is_a_stream_without_an_outcome_since_the_server_began(
    store: Store, tmp_path: Path
) -> None:
    ask(store, 1, "ci", "system.events", leaves_open=True)
    store.append({"kind": "start"})
    ask(store, 2, "ci", "system.events")
    ask(store, 3, "ci", "containers.list", leaves_open=True)
    ask(store, 4, "ci", "containers.logs", leaves_open=True, decision="deny", reason="target")
    ask(store, 5, "ci", "containers.logs", leaves_open=True, target="web")
    assert [one["target"] for one in summary(store, tmp_path).open] == ["web"]
    # A filter changes what is counted, never what runs.
    assert len(summary(store, tmp_path, "client:other").open) == 1
    store.append({"kind": "stop"})
    assert summary(store, tmp_path).open == ()


def test_new_is_what_a_client_never_asked_before_the_last_review(
    store: Store, tmp_path: Path
) -> None:
    ask(store, 1, "ci", "containers.list")
    ask(store, 2, "web", "containers.list")
    assert summary(store, tmp_path).clients[0].new == (
        NewOperation("containers.list", refused=False),
    )
    store.append({"kind": "acknowledged", "up_to": 4, "by": "anna", "time": format_time(3)})
    assert [one.new for one in summary(store, tmp_path).clients] == [(), ()]
    ask(store, 4, "ci", "containers.list")
    ask(store, 5, "ci", "containers.kill", decision="deny", reason="not_granted")
    ask(store, 6, "web", "images.pull", read_only=False)
    found = summary(store, tmp_path)
    assert {one.client: one.new for one in found.clients} == {
        "ci": (NewOperation("containers.kill", refused=True),),
        "web": (NewOperation("images.pull", refused=False),),
    }
    assert found.reviewed is not None
    assert found.reviewed["by"] == "anna"
    assert {
        one.client: one.requests for one in summary(store, tmp_path, "since:review").clients
    } == {
        "ci": 2,
        "web": 1,
    }


def test_a_review_of_some_leaves_the_rest_new(store: Store, tmp_path: Path) -> None:
    ask(store, 1, "ci", "containers.list")
    ask(store, 2, "web", "containers.list")
    store.append({"kind": "acknowledged", "up_to": 4, "by": "a", "filter": "client:ci"})
    assert {one.client: len(one.new) for one in summary(store, tmp_path).clients} == {
        "ci": 0,
        "web": 1,
    }


def test_gaps_and_what_is_no_request_are_counted(store: Store, tmp_path: Path) -> None:
    store.append({"kind": "start"})
    store.append({"kind": "gap", "count": 7})
    store.append({"kind": "gap", "count": 5})
    store.append({"kind": "checkpoint"})
    found = summary(store, tmp_path)
    assert found.happened == {"gap": 2, "start": 1}
    assert found.missing == 12


def test_what_went_for_age_or_room_is_not_missing(store: Store, tmp_path: Path) -> None:
    store.append({"kind": "gap", "count": 1, "text": "torn"})
    store.append({"kind": "gap", "count": 40_000, "begins": 40_001, "text": "were older"})
    found = summary(store, tmp_path)
    assert (found.happened, found.missing) == ({"gap": 2}, 1)


def test_an_empty_log_is_told_in_words(store: Store, tmp_path: Path) -> None:
    lines = list(lines_of(summary(store, tmp_path)))
    assert lines == [
        "nothing; last event: seq 0",
        "reviewed: never (`sockguard audit ack` marks what you have seen)",
        "",
        "open now: no stream",
    ]


def test_the_page_has_a_table_for_each_question(store: Store, tmp_path: Path) -> None:
    ask(store, 1, "ci", "containers.kill", decision="deny", reason="not_granted", target="web")
    store.append({"kind": "refusals_counted", "client": "*", "reason": "tls", "count": 2000})
    ask(store, 5, "ci", "containers.logs", leaves_open=True, target="w" * 64)
    text = "\n".join(lines_of(summary(store, tmp_path)))
    assert "(other clients)  2,000     0       2,000    0             -" in text
    assert "new of ci: containers.kill (refused), containers.logs" in text
    assert "2,000     (other clients)  (counted only)   tls" in text
    assert "containers  web" in text
    assert f"containers.logs  {'w' * 39}…" in text
