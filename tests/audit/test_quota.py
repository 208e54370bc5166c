from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from sockguard.audit.event import encode
from sockguard.audit.quota import BURST, INTERVAL, MOST_BUCKETS, OTHERS, Quota

refusals = st.lists(
    st.tuples(
        st.sampled_from(["ci", "web", ""]), st.sampled_from(["body", "query"]), st.floats(0, 3)
    ),
    max_size=400,
)


def admitted(quota: Quota, client: str, now: float, tries: int = 1000) -> int:
    return sum(quota.admit(client, "body", now) for _ in range(tries))


def test_a_burst_of_a_hundred_is_recorded_and_then_ten_a_second() -> None:
    quota = Quota()
    assert admitted(quota, "ci", 50.0) == 100
    assert admitted(quota, "ci", 50.5) == 5
    assert admitted(quota, "ci", 51.5) == 10
    assert admitted(quota, "ci", 5000.0) == BURST


def test_clients_and_reasons_have_buckets_of_their_own() -> None:
    quota = Quota()
    assert admitted(quota, "ci", 1.0) == admitted(quota, "web", 1.0) == 100
    assert quota.admit("ci", "malformed", 1.0)
    assert not quota.admit("ci", "body", 1.0)


def test_the_rest_is_told_once_per_interval_with_its_exact_number() -> None:
    quota = Quota()
    quota.drain(100.0)
    admitted(quota, "ci", 100.0, tries=350)
    assert quota.due(100.0 + INTERVAL - 0.1) == []
    (event,) = quota.due(100.0 + INTERVAL)
    assert (event["kind"], event["client"], event["reason"]) == ("refusals_counted", "ci", "body")
    assert event["count"] == 250
    assert "250 more refusals of client 'ci' (body)" in str(event["text"])
    assert encode(event)
    assert quota.due(100.0 + 3 * INTERVAL) == []


@given(refusals, st.integers(1, 7))
def test_no_refusal_is_lost(steps: list[tuple[str, str, float]], flood: int) -> None:
    quota = Quota()
    sent: Counter[tuple[str, str]] = Counter()
    told: Counter[tuple[str, str]] = Counter()
    now = 0.0

    def listen(events: list[dict[str, object]]) -> None:
        for event in events:
            told[str(event["client"]), str(event["reason"])] += int(str(event["count"]))

    for client, reason, pause in steps:
        now += pause
        for _ in range(flood * 20):
            sent[client, reason] += 1
            told[client, reason] += quota.admit(client, reason, now)
        listen(quota.due(now))
    listen(quota.drain(now))
    assert told == sent


def test_memory_is_bounded_and_still_no_number_is_lost() -> None:
    quota = Quota()
    clients = [f"c{number}" for number in range(MOST_BUCKETS + 500)]
    recorded = sum(quota.admit(client, "body", 1.0) for client in clients)
    assert len(quota._buckets) == MOST_BUCKETS + 1
    (event,) = quota.drain(1.0)
    assert event["client"] == OTHERS
    assert recorded + int(str(event["count"])) == len(clients)
    assert recorded == MOST_BUCKETS + 100


def test_buckets_that_are_full_again_are_forgotten() -> None:
    quota = Quota()
    for number in range(50):
        quota.admit(f"c{number}", "body", 1.0)
    quota.drain(30.0)
    assert quota._buckets == {}
