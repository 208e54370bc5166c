from __future__ import annotations

import pytest

from sockguard.errors import Reason, Refusal
from sockguard.policy.model import Client, Limits, Rate, Role, Source
from sockguard.proxy.limits import BUFFERED_PER_CLIENT, Bucket, Limiter

SOURCE = Source("policy.yaml", 1)


def client(name: str = "ci", **limits: object) -> Client:
    role = Role(name, {}, SOURCE)
    return Client(name, role, SOURCE, limits=Limits(**limits))  # type: ignore[arg-type]


def test_a_bucket_starts_full_and_refills_with_time() -> None:
    bucket = Bucket(Rate(2, 1), now=0.0)

    assert [bucket.take(0.0), bucket.take(0.0)] == [0.0, 0.0]
    assert bucket.take(0.0) == pytest.approx(0.5)
    assert bucket.take(0.5) == 0.0


def test_a_bucket_never_holds_more_than_its_rate() -> None:
    bucket = Bucket(Rate(1, 60), now=0.0)

    assert bucket.take(10_000.0) == 0.0
    assert bucket.take(10_000.0) == pytest.approx(60.0)


def test_a_clock_that_goes_back_gives_no_tokens() -> None:
    bucket = Bucket(Rate(1, 1), now=100.0)
    bucket.take(100.0)

    assert bucket.take(50.0) > 0


def test_requests_over_the_rate_are_refused_with_whole_seconds() -> None:
    limiter, limited = Limiter(), client(requests=Rate(1, 60))
    limiter.admit(limited, 0.0)

    with pytest.raises(Refusal) as caught:
        limiter.admit(limited, 0.5)

    assert caught.value.reason is Reason.RATE_LIMITED
    assert caught.value.status == 429
    assert caught.value.detail == "60"


def test_one_client_at_its_limit_does_not_touch_another() -> None:
    limiter = Limiter()
    limiter.open_stream(client("a", streams=1))

    with pytest.raises(Refusal):
        limiter.open_stream(client("a", streams=1))
    limiter.open_stream(client("b", streams=1))


def test_a_closed_stream_makes_room_for_the_next() -> None:
    limiter, limited = Limiter(), client(streams=1)
    limiter.open_stream(limited)
    limiter.close_stream(limited)

    limiter.open_stream(limited)

    assert limiter.uses["ci"].streams == 1


def test_buffered_bodies_have_a_budget_per_client_and_give_it_back() -> None:
    limiter, one, other = Limiter(), client("one"), client("other")
    limiter.buffer(one, BUFFERED_PER_CLIENT)

    with pytest.raises(Refusal):
        limiter.buffer(one, 1)
    limiter.buffer(other, 1)
    limiter.unbuffer(one, BUFFERED_PER_CLIENT)
    limiter.buffer(one, 1)

    assert limiter.buffered == 2
