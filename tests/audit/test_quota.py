from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from sockguard.audit.event import encode
from sockguard.audit.quota import (
    ALIKE,
    IN_ALL,
    INTERVAL,
    MOST_BUCKETS,
    MOST_REMEMBERED,
    OTHERS,
    Quota,
    Refused,
)

PRIVILEGED = Refused("ci", "body", "containers.create", "job", "HostConfig.Privileged")

refused = st.builds(
    Refused,
    st.sampled_from(["ci", "web", ""]),
    st.sampled_from(["body", "query"]),
    st.sampled_from(["containers.create", "images.list", ""]),
    st.sampled_from(["", "job", "é" * MOST_REMEMBERED]),
    st.text(max_size=2),
)


def admitted(quota: Quota, thing: Refused, now: float, tries: int = 1000) -> int:
    return sum(quota.admit(thing, now) for _ in range(tries))


def admitted_of_many(quota: Quota, client: str, now: float) -> int:
    """How many of 1000 refusals are recorded of which each is another thing."""
    things = (Refused(client, "target", "containers.kill", f"c{one}") for one in range(1000))
    return sum(quota.admit(thing, now) for thing in things)


def counts(events: list[dict[str, object]]) -> Counter[tuple[str, str]]:
    """How many refusals the events count, by client and reason."""
    told: Counter[tuple[str, str]] = Counter()
    for event in events:
        told[str(event["client"]), str(event["reason"])] += int(str(event["count"]))
    return told


def test_the_same_thing_is_recorded_twenty_times_and_then_once_per_interval() -> None:
    quota = Quota()
    assert admitted(quota, PRIVILEGED, 50.0) == 20
    assert admitted(quota, PRIVILEGED, 50.0 + INTERVAL - 0.1) == 0
    assert admitted(quota, PRIVILEGED, 50.0 + INTERVAL) == 1
    assert admitted(quota, PRIVILEGED, 5000.0) == ALIKE.burst


def test_a_thing_asked_for_again_and_again_hides_no_other() -> None:
    quota = Quota()
    for second in range(60):
        admitted(quota, PRIVILEGED, second, tries=3)
    assert quota.admit(Refused("ci", "body", "containers.create", "job", "HostConfig.Binds"), 60.0)
    assert quota.admit(Refused("ci", "body", "containers.create", "other", PRIVILEGED.detail), 60.0)
    assert quota.admit(Refused("ci", "body", "networks.create", "job", PRIVILEGED.detail), 60.0)


def test_of_many_things_a_hundred_are_recorded_and_then_ten_a_second() -> None:
    quota = Quota()
    assert admitted_of_many(quota, "ci", 50.0) == 100
    assert admitted_of_many(quota, "ci", 50.5) == 5
    assert admitted_of_many(quota, "ci", 5000.0) == IN_ALL.burst


def test_clients_and_reasons_have_buckets_of_their_own() -> None:
    quota = Quota()
    assert admitted_of_many(quota, "ci", 1.0) == admitted_of_many(quota, "web", 1.0) == 100
    assert quota.admit(Refused("ci", "malformed"), 1.0)
    assert not quota.admit(Refused("ci", "target", "containers.stop"), 1.0)


def test_the_rest_is_told_once_per_interval_with_its_exact_number() -> None:
    quota = Quota()
    quota.drain(100.0)
    admitted(quota, PRIVILEGED, 100.0, tries=50)
    assert quota.due(100.0 + INTERVAL - 0.1) == []
    (event,) = quota.due(100.0 + INTERVAL)
    assert {name: event[name] for name in event if name != "text"} == {
        "kind": "refusals_counted",
        "client": "ci",
        "operation": "containers.create",
        "target": "job",
        "reason": "body",
        "detail": "HostConfig.Privileged",
        "count": 30,
    }
    assert event["text"] == (
        "containers.create job of client 'ci' refused 30 times more"
        " (body: HostConfig.Privileged), beyond what is recorded one by one"
    )
    assert encode(event)
    assert quota.due(100.0 + 3 * INTERVAL) == []


@given(st.lists(st.tuples(refused, st.floats(0, 3)), max_size=60), st.integers(1, 7))
def test_no_refusal_is_lost(steps: list[tuple[Refused, float]], flood: int) -> None:
    quota = Quota()
    sent: Counter[tuple[str, str]] = Counter()
    told: Counter[tuple[str, str]] = Counter()
    now = 0.0
    for thing, pause in steps:
        now += pause
        for _ in range(flood * 20):
            sent[thing.client, thing.reason] += 1
            told[thing.client, thing.reason] += quota.admit(thing, now)
        told += counts(quota.due(now))
    assert told + counts(quota.drain(now)) == sent


def test_memory_is_bounded_and_still_no_number_is_lost() -> None:
    quota = Quota()
    clients = [f"c{number}" for number in range(MOST_BUCKETS + 500)]
    recorded = sum(quota.admit(Refused(client, "body"), 1.0) for client in clients)
    assert len(quota._in_all) == len(quota._alike) == MOST_BUCKETS + 1
    (event,) = quota.drain(1.0)
    assert event["client"] == OTHERS
    assert recorded + int(str(event["count"])) == len(clients)
    assert recorded == MOST_BUCKETS + ALIKE.burst


def test_what_a_client_makes_up_is_not_remembered_without_bound() -> None:
    quota = Quota()
    long = [Refused("ci", "query", "images.list", f"{n}" * MOST_REMEMBERED, "x") for n in range(9)]
    assert [quota.admit(thing, 1.0) for thing in long] == [True] * 9
    assert list(quota._alike) == [Refused("ci", "query", "images.list")]
    for second in range(10_000):
        for number in range(20):
            quota.admit(Refused("ci", "query", "images.list", "", f"{second}.{number}"), second)
        quota.due(second)
        assert len(quota._alike) <= MOST_BUCKETS + 2


def test_things_at_rest_are_forgotten() -> None:
    quota = Quota()
    admitted(quota, PRIVILEGED, 1.0, tries=30)
    assert len(quota.drain(2.0)) == 1
    assert quota.drain(2.0 + ALIKE.burst * INTERVAL) == []
    assert (quota._alike, quota._in_all) == ({}, {})
