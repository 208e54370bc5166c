from __future__ import annotations

import pytest

from sockguard.engine.facts import UNKNOWN, Need, Thing
from sockguard.history.past import HIDDEN, Lack, known_to, read_past, read_query
from sockguard.policy.load import load_text
from sockguard.policy.mask import MASK
from sockguard.policy.rehearse import rehearse
from tests.support.past_requests import event_of, past_of

ID = "4bb9a7d1c0de" + "0" * 52


@pytest.mark.parametrize(
    ("do", "body"),
    [
        ("GET /_ping", None),
        (
            "GET /v1.47/containers/json?all=1&filters=%7B%22label%22%3A%5B%22a%26b%3Dc%22%5D%7D",
            None,
        ),
        ("GET /containers/web/top?ps_args=-o%20pid%2Ccmd", None),
        ("POST /v1.44/containers/create?name=web", {"Image": "a", "HostConfig": {"Memory": 1}}),
        ("GET /images/localhost:5000/a/b:1@sha256:" + "0" * 64 + "/json", None),
    ],
)
def test_a_past_request_is_judged_as_it_was_asked(do: str, body: object) -> None:
    policy = load_text("version: 1\nallow: [engine/everything]\n")
    past = past_of(do, body)
    method, _, target = do.partition(" ")
    data = past.body.encode() or None
    first = rehearse(policy.clients["main"], method, target, data).question
    again = rehearse(policy.clients["main"], past.method, past.line, data).question
    assert again == first
    assert past.is_whole


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("", []),
        ("a=1&b=", [("a", "1"), ("b", "")]),
        ("a=x&y", [("a", "x&y")]),
        ('f={"a":"b&c=d"}&e=1', [("f", '{"a":"b&c=d"}'), ("e", "1")]),
        ("f=[open&x=1", [("f", "[open&x=1")]),
    ],
)
def test_a_query_that_was_written_to_be_read_is_taken_apart(
    text: str, pairs: list[tuple[str, str]]
) -> None:
    assert list(read_query(text)) == pairs


@pytest.mark.parametrize(
    "changed",
    [{"kind": "outcome"}, {"client": ""}, {"operation": "nothing"}, {"path": None}, {"method": 1}],
)
def test_what_is_no_request_of_a_client_is_passed_over(changed: dict[str, object]) -> None:
    assert read_past(event_of("GET /_ping", **changed)) is None


@pytest.mark.parametrize(
    ("do", "body", "fields", "lacks"),
    [
        ("POST /containers/create", None, {"body_sha256": "0" * 64}, {Lack.BODY}),
        (
            "POST /containers/create",
            None,
            {"mode": "enforce", "reason": "not_granted"},
            {Lack.UNREAD},
        ),
        ("POST /containers/create", None, {"mode": "enforce", "reason": "body"}, set()),
        ("POST /containers/web/start", None, {"mode": "enforce", "reason": "not_granted"}, set()),
        ("GET /containers/json", None, {"query": "filters=x…"}, {Lack.TEXT}),
        ("POST /containers/create", {"Env": ["A=b"]}, {}, {Lack.VALUES}),
        ("POST /secrets/create", {"Name": "a", "Data": "eA=="}, {}, {Lack.VALUES}),
    ],
)
def test_what_the_log_does_not_tell_of_a_request_is_named(
    do: str, body: object, fields: dict[str, object], lacks: set[Lack]
) -> None:
    past = past_of(do, body, **fields)
    assert past.lacks == lacks
    assert past.is_whole == (lacks <= {Lack.VALUES})


def test_a_hidden_value_is_replaced_by_a_text_that_is_no_mask() -> None:
    past = past_of("POST /containers/create", {"Image": "a", "Env": ["A=b"]})
    assert MASK not in past.body
    assert f"A={HIDDEN}" in past.body


@pytest.mark.parametrize(
    ("facts", "reference", "names"),
    [
        ("container web=4bb9a7d1c0de", "web", ("web",)),
        ("container 4bb9a7d1c0de=4bb9a7d1c0de named web", ID, ("web",)),
        ("container 4bb9=4bb9a7d1c0de", "4bb9", ()),
        ("", "web", ("web",)),
    ],
)
def test_a_name_is_known_where_the_log_tells_it_or_it_was_asked_for_by_it(
    facts: str, reference: str, names: tuple[str, ...]
) -> None:
    past = past_of("GET /containers/web/logs?stdout=1", facts=facts)
    thing = known_to(past, by_name=True, need=Need("container", reference))
    assert isinstance(thing, Thing)
    assert thing.names == names


@pytest.mark.parametrize(
    ("facts", "need"),
    [
        ("", Need("container", ID)),
        ("", Need("container", "beef")),
        ("", Need("exec", "x")),
        ("container web=4bb9…", Need("container", "beef")),
    ],
)
def test_what_could_be_an_id_is_not_taken_for_a_name(facts: str, need: Need) -> None:
    past = past_of("GET /containers/web/logs?stdout=1", facts=facts)
    assert known_to(past, by_name=True, need=need) is UNKNOWN


def test_labels_are_never_known_and_absence_is() -> None:
    past = past_of("GET /containers/web/logs?stdout=1", facts="container web=none")
    assert known_to(past, by_name=False, need=Need("container", "web")) is None
    past = past_of("GET /containers/web/logs?stdout=1", facts="container web=4bb9a7d1c0de")
    assert known_to(past, by_name=False, need=Need("container", "web")) is UNKNOWN


def test_an_image_counts_by_the_name_that_it_was_asked_for_by() -> None:
    facts = "image busybox=4bb9a7d1c0de named docker.io/library/other:1"
    past = past_of("DELETE /images/busybox", facts=facts)
    thing = known_to(past, by_name=True, need=Need("image", "busybox"))
    assert isinstance(thing, Thing)
    assert thing.names == ("docker.io/library/busybox:latest",)
