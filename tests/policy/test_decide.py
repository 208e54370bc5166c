from __future__ import annotations

import time
import timeit
from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sockguard.engine.catalogue.all import OPERATIONS
from sockguard.policy.asked import read_asked
from sockguard.policy.decide import decide, grants_for
from sockguard.policy.question import Body, OwnObjects, Query, Question
from tests.support.policies import allowing, ask, policy_of

PLAIN = "allow: [system/hello, containers.list, containers.stats, containers.attach]"
STOPS = """
allow:
  - containers.stop: {query: {t: {at_most: 30}, signal: [TERM, SIGTERM, "15"]}}
"""
TOPS = """
allow:
  - containers.top: {query: {ps_args: {one_of: ["aux", "-o pid"]}}}
"""
FORCED = """
allow:
  - containers.remove: {query: {force: {always: false}, v: {always: true}}}
"""
NAMED = """
allow:
  - containers.create: {body: any, query: {name: {like: "ci-*", required: true}}}
"""
FILTERED = """
allow:
  - containers.list:
      query:
        filters: {entries: {label: {equals: ["app=a"], required: true}}, required: true}
"""
LIMITED = "allow: [{containers.list: {query: {limit: {at_most: 10}}}}]"
OPEN = "allow: [{containers.remove: {query: any}}, {containers.create: {body: any}}]"

CASES = [
    # policy, request, decision, reason, detail
    (PLAIN, "GET /containers/json", "allow", None, ""),
    (PLAIN, "GET /v1.47/containers/json?all=true&size=1&limit=0", "allow", None, ""),
    (PLAIN, "GET /containers/json?new=1", "allow", None, ""),
    (PLAIN, "GET /info", "deny", "not_granted", ""),
    (PLAIN, "POST /containers/web/attach?stream=1&stdout=1", "allow", None, ""),
    (PLAIN, "POST /containers/web/attach?stream=1&stdin=1", "deny", "query", "stdin"),
    (PLAIN, "POST /containers/web/attach?stream=1&stdin=0&logs=", "allow", None, ""),
    (PLAIN, "POST /containers/web/attach?logs=true", "deny", "query", "logs"),
    (PLAIN, "POST /containers/web/attach?newer=1", "deny", "query", "newer"),
    (PLAIN, "POST /containers/web/attach?STDIN=1", "deny", "malformed", "STDIN"),
    (PLAIN, "GET /nothing", "deny", "unknown_operation", ""),
    (PLAIN, "GET /networks/", "deny", "unknown_operation", ""),
    (PLAIN, "OPTIONS /containers/json", "deny", "unknown_operation", ""),
    (PLAIN, "GET /v1.9999/containers/json", "deny", "malformed", "version"),
    (STOPS, "POST /containers/web/stop", "allow", None, ""),
    (STOPS, "POST /containers/web/stop?t=30&signal=SIGTERM", "allow", None, ""),
    (STOPS, "POST /containers/web/stop?t=&signal=", "allow", None, ""),
    (STOPS, "POST /containers/web/stop?t=31", "deny", "query", "t"),
    (STOPS, "POST /containers/web/stop?t=-1", "deny", "query", "t"),
    (STOPS, "POST /containers/web/stop?signal=KILL", "deny", "query", "signal"),
    (STOPS, "POST /containers/web/stop?signal=term", "deny", "query", "signal"),
    (TOPS, "GET /containers/web/top", "allow", None, ""),
    (TOPS, "GET /containers/web/top?ps_args=-ef", "allow", None, ""),
    (TOPS, "GET /containers/web/top?ps_args=aux", "allow", None, ""),
    (TOPS, "GET /containers/web/top?ps_args=-o+pid", "allow", None, ""),
    (TOPS, "GET /containers/web/top?ps_args=auxe", "deny", "query", "ps_args"),
    (NAMED, "POST /containers/create?name=ci-1", "allow", None, ""),
    (NAMED, "POST /containers/create?name=web", "deny", "query", "name"),
    (NAMED, "POST /containers/create", "deny", "query", "name"),
    (NAMED, "POST /containers/create?name=", "deny", "query", "name"),
    (NAMED, "POST /containers/create?name=ci-1%2Fx", "deny", "malformed", "name"),
    (FILTERED, 'GET /containers/json?filters={"label":["app=a"]}', "allow", None, ""),
    (FILTERED, 'GET /containers/json?filters={"label":{"app=a":true}}', "allow", None, ""),
    (FILTERED, 'GET /containers/json?filters={"label":{"app=a":false}}', "allow", None, ""),
    (FILTERED, 'GET /containers/json?filters={"label":["app=a","x"]}', "deny", "query", "filters"),
    (FILTERED, 'GET /containers/json?filters={"status":["x"]}', "deny", "query", "filters"),
    (FILTERED, "GET /containers/json", "deny", "query", "filters"),
    (LIMITED, "GET /containers/json?limit=10", "allow", None, ""),
    (LIMITED, "GET /containers/json?limit=0", "deny", "query", "limit"),
    (LIMITED, "GET /containers/json?limit=-1", "deny", "query", "limit"),
    (LIMITED, "GET /containers/json", "deny", "query", "limit"),
    (OPEN, "DELETE /containers/web?force=1&v=1&newer=1", "allow", None, ""),
    (OPEN, "DELETE /containers/web?FORCE=1", "deny", "malformed", "FORCE"),
    (OPEN, "POST /containers/create", "allow", None, ""),
    (OPEN, "POST /containers/create?newer=1", "deny", "query", "newer"),
]


@pytest.mark.parametrize(("text", "do", "decision", "reason", "detail"), CASES)
def test_a_request_gets_its_verdict_for_its_reason(
    text: str, do: str, decision: str, reason: str | None, detail: str
) -> None:
    got = ask(policy_of(text), do)
    assert (got.effect, got.reason, got.detail) == (decision, reason, detail)


def test_a_refusal_names_operation_client_and_field() -> None:
    refused = ask(policy_of(STOPS), "POST /containers/web/stop?t=99")
    assert refused.message == (
        "containers.stop is not allowed for client 'main': t, which is not what the policy admits"
        " there"
    )
    refused = ask(policy_of(PLAIN), "POST /containers/create", body=b"{}")
    assert refused.message == "containers.create is not allowed for client 'main'"


def test_an_allowed_request_names_its_grant() -> None:
    grant = ask(policy_of(STOPS), "POST /containers/web/stop").grant
    assert grant is not None
    assert str(grant.source) == "policy.yaml:4"


def test_always_takes_the_place_of_what_was_sent_before_anything_is_judged() -> None:
    policy = policy_of(FORCED)
    sent = ask(policy, "DELETE /containers/web?force=1&link=1")
    assert sent.allowed
    assert sent.pairs == (("link", "1"), ("force", "0"), ("v", "1"))
    assert ask(policy, "DELETE /containers/web").pairs == (("force", "0"), ("v", "1"))


def test_a_verdict_hands_on_the_query_that_it_was_given_for() -> None:
    policy = policy_of(allowing("containers.attach: {query: {stdin: {always: false}, logs: any}}"))
    got = ask(policy, "POST /containers/web/attach?stream=1&stdin=1&logs=1")
    assert got.query.values == {"stream": True, "logs": True, "stdin": False}
    assert got.pairs == (("stream", "1"), ("logs", "1"), ("stdin", "0"))


@pytest.mark.parametrize(
    ("always", "sent", "left"),
    [
        ("[]", "[]", None),
        ("[{Type: local}]", '[{"Type":"local"}]', [{"Type": "local"}]),
    ],
)
def test_always_covers_up_whatever_stood_within_the_value(
    always: str, sent: str, left: object
) -> None:
    policy = policy_of(allowing(f"build.run: {{query: {{outputs: {{always: {always}}}}}}}"))
    for query in ("", '?outputs=[{"Type":"tar","Push":true}]'):
        got = ask(policy, f"POST /build{query}")
        assert got.allowed
        assert got.pairs == (("outputs", sent),)
        assert got.query.values.get("outputs") == left


LIMITS = """
allow:
  - containers.stop: {query: {signal: TERM, t: {at_most: 5}}}
  - containers.restart: {query: {signal: any}}
  - containers.attach_ws: {query: {stdin: {always: false}}}
  - system.df: {query: {type: {each: image, required: true}}}
  - containers.kill: {query: any}
"""


@pytest.mark.parametrize(
    ("do", "detail"),
    [
        ("POST /v1.42/containers/web/stop?signal=TERM", ""),
        ("POST /containers/web/stop?signal=TERM", ""),
        ("POST /v1.41/containers/web/stop?signal=TERM", "signal"),
        ("POST /v1.41/containers/web/stop", "signal"),
        ("POST /v1.41/containers/web/restart?signal=KILL", ""),
        ("GET /v1.42/containers/web/attach/ws?stream=1&stdin=1", ""),
        ("GET /v1.41/containers/web/attach/ws?stream=1&stdin=1", "stdin"),
        ("GET /v1.42/system/df?type=image", ""),
        ("GET /v1.41/system/df?type=image", "type"),
        ("POST /v1.41/containers/web/kill?signal=9", ""),
    ],
)
def test_a_limit_that_an_old_engine_would_not_read_covers_nothing(do: str, detail: str) -> None:
    got = ask(policy_of(LIMITS), do)
    assert (got.allowed, got.detail) == (not detail, detail)
    assert ("which Engines read from API 1.42 on" in got.message) is bool(detail)


def test_a_bare_path_is_judged_for_the_newest_version_that_is_served() -> None:
    asked = read_asked("POST", "/containers/web/stop", 41)
    assert (asked.version, asked.sent) == (None, 41)
    asked = read_asked("POST", "/v1.40/containers/web/stop", 41)
    assert (asked.version, asked.sent) == (40, 40)


def test_the_reason_is_that_of_the_nearest_alternative() -> None:
    policy = policy_of(
        allowing(
            "containers.stop: {any_of: [{query: {t: 1, signal: A}}, {query: {t: 5, signal: B}}]}"
        )
    )
    assert ask(policy, "POST /containers/web/stop?t=5&signal=C").detail == "signal"
    assert ask(policy, "POST /containers/web/stop?t=7&signal=A").detail == "t"


def test_what_passes_as_it_is_is_never_rewritten() -> None:
    policy = policy_of(
        allowing("containers.stop: {any_of: [{query: {t: {always: 9}}}, {query: {t: 5}}]}")
    )
    assert ask(policy, "POST /containers/web/stop?t=5").pairs == (("t", "5"),)
    assert ask(policy, "POST /containers/web/stop?t=7").pairs == (("t", "9"),)


@pytest.mark.parametrize(
    ("do", "reason", "pairs"),
    [
        ("POST /containers/web/kill?signal=9", "not_granted", (("signal", "9"),)),
        ("POST /containers/web/stop?t=99", "query", (("t", "99"),)),
        ("POST /containers/web/stop?newer=1", "query", (("newer", "1"),)),
    ],
)
def test_report_mode_lets_through_in_canonical_form_and_says_so(
    do: str, reason: str, pairs: tuple[tuple[str, str], ...]
) -> None:
    got = ask(policy_of(dedent(STOPS) + "mode: report\n"), do)
    assert (got.effect, got.reason, got.pairs, got.grant) == ("would_deny", reason, pairs, None)
    assert got.allowed


def test_report_mode_lets_unknown_body_fields_through() -> None:
    policy = policy_of("mode: report\nallow: [exec.start]")
    got = ask(policy, "POST /exec/1a/start", body=b'{"New":1}')
    assert (got.effect, got.reason, got.detail) == ("would_deny", "body", "New")
    got = ask(policy, "POST /containers/create", body=b'{"Image":"a"}')
    assert (got.effect, got.reason) == ("would_deny", "not_granted")


@pytest.mark.parametrize(
    ("do", "reason"),
    [
        ("GET /containers/json?all=1&all=1", "malformed"),
        ("GET /nothing", "unknown_operation"),
        ("OPTIONS /containers/json", "unknown_operation"),
    ],
)
def test_report_mode_still_refuses_what_is_unknown_or_malformed(do: str, reason: str) -> None:
    got = ask(policy_of("mode: report\nallow: []"), do)
    assert (got.effect, got.reason) == ("deny", reason)


@pytest.mark.parametrize(
    ("body", "reason", "detail"),
    [
        (b'{"Image":"a","Newer":1}', None, ""),
        (b'{"Image":"a","Image":"b"}', "malformed", ""),
        (b'{"Image":"a","image":"b"}', "malformed", "Image"),
        (b'{"Image":"a","HostConfig":{"privileged":true}}', "malformed", "HostConfig.Privileged"),
        (b'{"Image":5}', "malformed", "Image"),
        (b"[]", "malformed", ""),
        (b"null", "malformed", ""),
        (b'{"Image":"a"}}', "malformed", ""),
        (b'{"Image":"a","Privileged":true}', "malformed", "Privileged"),
    ],
)
def test_body_any_lets_unknown_fields_in_but_never_a_second_reading(
    body: bytes, reason: str | None, detail: str
) -> None:
    got = ask(policy_of(OPEN), "POST /containers/create", body=body)
    assert got.reason == reason
    if detail:
        assert got.detail == detail


def test_what_is_not_granted_is_refused_before_its_body_is_read() -> None:
    policy = policy_of(PLAIN)
    client = policy.clients["main"]
    assert grants_for(client, OPERATIONS["containers.create"]) == ()
    assert ask(policy, "POST /containers/create", body=b"not json").reason == "not_granted"


# --- taking away never gives -------------------------------------------------------------------

ITEMS = (
    "system/hello",
    "containers/lifecycle",
    "engine/everything",
    "containers.list",
    "containers.list: {query: {all: false}}",
    "containers.stop",
    "containers.stop: {query: {t: 5}}",
    "containers.stop: {query: {t: {always: 9}}}",
    "containers.stop: {any_of: [{query: {t: 1}}, {query: {t: {always: 2}}}]}",
    "containers.remove: {query: any}",
    "containers.attach: {query: {stdin: true}}",
    "containers.attach: {any_of: [{query: {logs: true}}, {query: {stdin: any}}]}",
)
REQUESTS = (
    "GET /_ping",
    "GET /containers/json?all=1",
    "POST /containers/web/stop",
    "POST /containers/web/stop?t=5",
    "POST /containers/web/stop?t=7",
    "POST /containers/web/kill?signal=9",
    "DELETE /containers/web?newer=1",
    "POST /containers/web/attach?stdin=1",
    "POST /containers/web/attach?stdin=1&logs=1",
    "POST /containers/sockguard/stop",
)
EVERYTHING = policy_of(allowing("engine/everything"))
OWN = OwnObjects(container_names=frozenset({"sockguard"}))


def operation_of(item: str) -> str:
    return item.partition(":")[0]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sampled_from(ITEMS), min_size=1, unique_by=operation_of),
    st.sampled_from(REQUESTS),
    st.data(),
)
def test_taking_an_item_away_never_gives_a_right(
    items: list[str], do: str, data: st.DataObject
) -> None:
    gone = data.draw(st.sampled_from(items))
    rest = [item for item in items if item != gone]
    less = ask(policy_of(allowing(*rest) if rest else "allow: []"), do, own=OWN)
    more = ask(policy_of(allowing(*items)), do, own=OWN)
    if less.allowed:
        assert more.allowed
        assert more.pairs in (less.pairs, ask(EVERYTHING, do).pairs)


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(st.sampled_from(["alice", "bob", "carol"]), st.sampled_from(ITEMS), min_size=1),
    st.sampled_from(REQUESTS),
)
def test_taking_a_client_away_gives_the_others_nothing(rights: dict[str, str], do: str) -> None:
    def policy(names: list[str]) -> str:
        lines = (f"  {name}:\n    allow:\n      - {rights[name]}\n" for name in names)
        return "clients:\n" + "".join(lines)

    *kept, _ = names = sorted(rights)
    whole = policy_of(policy(names))
    for name in kept:
        before = ask(whole, do, client=name, own=OWN)
        after = ask(policy_of(policy(kept)), do, client=name, own=OWN)
        assert (after.effect, after.pairs) == (before.effect, before.pairs)


def test_a_plain_request_is_decided_within_microseconds() -> None:
    client = policy_of(PLAIN).clients["main"]
    own = OwnObjects(container_id="ab" * 32, container_names=frozenset({"sockguard"}))
    question = Question(OPERATIONS["containers.stats"], ("web",), Query(), Body(), own)
    timed = timeit.repeat(
        lambda: decide(client, question), timer=time.process_time, number=2000, repeat=5
    )
    assert min(timed) / 2000 < 25e-6  # about 5e-6 on an idle core; the margin is for a busy one
