"""Targets: which objects an item is about, wherever a request names them."""

from __future__ import annotations

import json

import pytest

from sockguard.engine.facts import Need, Thing
from sockguard.policy.question import OwnObjects
from tests.support.objects import container, full_id, image, judge, network, volume
from tests.support.policies import allowing, ask, policy_of

BY_NAME = "target: {name: web-*}"
BY_LABEL = "target: {label: {team: red}}"
WEB = container("web-1", "c1", team="red")
DB = container("db", "c2", team="blue")
IMAGE = image("alpine:3", "ghcr.io/acme/app:1", team="red")


@pytest.mark.parametrize(
    ("operation", "do"),
    [
        ("containers.inspect", "GET /containers/{}/json"),
        ("containers.logs", "GET /containers/{}/logs"),
        ("containers.stop", "POST /containers/{}/stop"),
        ("containers.remove", "DELETE /containers/{}"),
        ("containers.archive_get", "GET /containers/{}/archive?path=/"),
        ("containers.attach", "POST /containers/{}/attach"),
        ("containers.wait", "POST /containers/{}/wait"),
        ("exec.create", "POST /containers/{}/exec"),
        ("checkpoints.list", "GET /containers/{}/checkpoints"),
        ("checkpoints.create", "POST /containers/{}/checkpoints"),
    ],
)
@pytest.mark.parametrize("target", [BY_NAME, BY_LABEL])
def test_what_a_path_names_is_judged_as_the_engine_resolves_it(
    operation: str, do: str, target: str
) -> None:
    policy = policy_of(allowing(f"{operation}: {{{target}}}"))
    for name in ("web-1", WEB.id, WEB.id[:12], "c1"):
        decision = judge(policy, do.format(name), WEB, DB).decision
        assert decision.allowed, decision.message
        assert decision.names[0] == WEB.id
    for name in ("db", DB.id, DB.id[:12], "nobody"):
        decision = judge(policy, do.format(name), WEB, DB).decision
        assert (decision.effect, decision.reason) == ("deny", "target")
        assert decision.absent == f"No such container: {name}"


def test_the_true_reason_stands_in_the_message_and_not_in_the_answer() -> None:
    policy = policy_of(allowing(f"containers.stop: {{{BY_NAME}}}"))
    there, gone = (judge(policy, f"POST /containers/{name}/stop", DB) for name in ("db", "x"))
    assert there.decision.message.endswith("client 'main': the container is outside the target")
    assert gone.decision.message.endswith("client 'main': the container is not there")
    assert there.decision.hint == gone.decision.hint == ""


def test_a_name_that_only_looks_right_is_resolved_first() -> None:
    """A glob for names must not be met by the beginning of another container's id."""
    policy = policy_of(allowing("containers.stop: {target: {name: c*}}"))
    decision = judge(policy, "POST /containers/c2/stop", DB).decision
    assert (decision.reason, decision.absent) == ("target", "No such container: c2")


@pytest.mark.parametrize(
    ("target", "matches"),
    [
        ("{name: web-1}", True),
        ("{name: [db, web-1]}", True),
        ("{name: web}", False),
        ("{label: {team: red}}", True),
        ("{label: {team: [blue, red]}}", True),
        ("{label: {team: {like: r*}}}", True),
        ("{label: {team: any}}", True),
        ("{label: {team: red, tier: any}}", False),
        ('{label: {team: ""}}', False),
        ("{name: web-1, label: {team: blue}}", False),
        ("{name: db, label: {team: red}}", False),
    ],
)
def test_all_words_of_a_target_must_hold(target: str, matches: bool) -> None:
    policy = policy_of(allowing(f"containers.stop: {{target: {target}}}"))
    assert judge(policy, "POST /containers/web-1/stop", WEB).decision.allowed is matches


@pytest.mark.parametrize(
    ("operation", "do", "thing", "absent"),
    [
        ("networks.inspect", "GET /networks/{}", network("back"), "network {} not found"),
        ("volumes.inspect", "GET /volumes/{}", volume("back"), "get {}: no such volume"),
        ("images.inspect", "GET /images/{}/json", image("back"), "No such image: {}:latest"),
        *(
            (
                f"{kind}s.inspect",
                f"GET /{kind}s/{{}}",
                Thing(kind, "x1", ("back",)),
                f"{kind} {{}} not found",
            )
            for kind in ("service", "secret", "config", "node")
        ),
    ],
)
def test_an_object_outside_the_target_is_absent_in_the_engines_words(
    operation: str, do: str, thing: Thing, absent: str
) -> None:
    policy = policy_of(allowing(f"{operation}: {{target: {{name: front}}}}"))
    for things in ((thing,), ()):
        decision = judge(policy, do.format("back"), *things).decision
        assert (decision.effect, decision.absent) == ("deny", absent.format("back"))


# --- creates, renames and new labels -----------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "query", "labels", "detail"),
    [
        ("{name: web-*}", "?name=web-2", None, ""),
        ("{name: web-*}", "?name=/web-2", None, ""),
        ("{name: web-*}", "?name=db", None, "name"),
        ("{name: web-*}", "", None, "name"),
        ("{name: web-*}", "?name=", None, "name"),
        ("{label: {team: red}}", "", {"team": "red"}, ""),
        ("{label: {team: red}}", "", {"team": "blue"}, "Labels"),
        ("{label: {team: red}}", "", {"TEAM": "red"}, "Labels"),
        ("{label: {team: red}}", "", {"team": None}, "Labels"),
        ("{label: {team: red}}", "", None, "Labels"),
        ("{name: web-*, label: {team: red}}", "?name=web-2", {"team": "blue"}, "Labels"),
        ("{name: web-*, label: {team: red}}", "?name=db", {"team": "red"}, "name"),
    ],
)
def test_a_create_is_judged_by_the_name_and_the_labels_that_it_gives(
    target: str, query: str, labels: object, detail: str
) -> None:
    policy = policy_of(allowing(f"containers.create: {{target: {target}}}"))
    judged = judge(policy, f"POST /containers/create{query}", body={"Image": "a", "Labels": labels})
    assert judged.asked == ()
    assert (judged.decision.allowed, judged.decision.detail) == (not detail, detail)
    assert judged.decision.absent == ""


@pytest.mark.parametrize("operation", ["networks", "volumes", "secrets", "configs", "services"])
def test_other_creates_have_their_name_in_the_body(operation: str) -> None:
    policy = policy_of(allowing(f"{operation}.create: {{target: {{name: web-*}}, body: any}}"))
    for name, allowed in (("web-1", True), ("db", False), ("", False), (None, False)):
        decision = judge(policy, f"POST /{operation}/create", body={"Name": name}).decision
        assert decision.allowed is allowed, name
        assert allowed or (decision.reason, decision.detail) == ("target", "Name")


def test_labels_that_always_sets_are_judged_as_they_are_sent() -> None:
    policy = policy_of(
        allowing(f"containers.create: {{{BY_LABEL}, body: {{Labels: {{always: {{team: red}}}}}}}}")
    )
    decision = judge(
        policy, "POST /containers/create", body={"Image": "a", "Labels": {"team": "blue"}}
    ).decision
    assert decision.allowed
    assert decision.document == {"Image": "a", "Labels": {"team": "red"}}


def test_a_volume_that_is_there_already_must_be_a_target_too() -> None:
    policy = policy_of(allowing(f"volumes.create: {{{BY_LABEL}}}"))
    body = {"Name": "data", "Labels": {"team": "red"}}
    assert judge(policy, "POST /volumes/create", body=body).decision.allowed
    assert judge(
        policy, "POST /volumes/create", volume("data", team="red"), body=body
    ).decision.allowed
    decision = judge(
        policy, "POST /volumes/create", volume("data", team="blue"), body=body
    ).decision
    assert (decision.reason, decision.detail) == ("target", "Name")


@pytest.mark.parametrize(
    ("name", "to", "detail"),
    [
        ("web-1", "web-2", ""),
        ("web-1", "/web-2", ""),
        ("web-1", "db2", "name"),
        ("db", "web-2", ""),
    ],
)
def test_of_a_rename_both_names_must_match(name: str, to: str, detail: str) -> None:
    policy = policy_of(allowing(f"containers.rename: {{{BY_NAME}}}"))
    decision = judge(policy, f"POST /containers/{name}/rename?name={to}", WEB, DB).decision
    assert decision.allowed is (name == "web-1" and not detail)
    assert decision.detail == detail


def test_a_rename_without_a_name_goes_nowhere() -> None:
    policy = policy_of(allowing(f"containers.rename: {{{BY_NAME}}}"))
    assert judge(policy, "POST /containers/web-1/rename", WEB).decision.reason == "target"


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ({"Name": "web", "Labels": {"team": "red"}}, ""),
        ({"Labels": {"team": "red", "x": "y"}}, ""),
        ({"Labels": {"team": "blue"}}, "Labels"),
        ({"Labels": {}}, "Labels"),
        ({}, "Labels"),
    ],
)
@pytest.mark.parametrize("kind", ["service", "secret", "config", "node"])
def test_an_update_that_replaces_labels_may_not_take_an_object_out_of_its_target(
    kind: str, body: object, detail: str
) -> None:
    thing = Thing(kind, "x1", ("web",), {"team": "red"})
    policy = policy_of(allowing(f"{kind}s.update: {{{BY_LABEL}, body: any}}"))
    decision = judge(policy, f"POST /{kind}s/web/update?version=1", thing, body=body).decision
    assert (decision.allowed, decision.detail) == (not detail, detail)


# --- several objects ---------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["connect", "disconnect"])
@pytest.mark.parametrize(
    ("net", "name", "detail"),
    [
        ("front", "web-1", None),
        ("front", "db", "Container"),
        ("back", "web-1", ""),
        ("front", "nobody", "Container"),
    ],
)
def test_every_object_of_a_connection_must_match(
    verb: str, net: str, name: str, detail: str | None
) -> None:
    policy = policy_of(allowing(f"networks.{verb}: {{{BY_LABEL}}}"))
    there = (WEB, DB, network("front", "d1", team="red"), network("back", "d2", team="blue"))
    decision = judge(
        policy, f"POST /networks/{net}/{verb}", *there, body={"Container": name}
    ).decision
    if detail is None:
        assert decision.names == (full_id("d1"),)
        assert decision.document == {"Container": WEB.id}
    else:
        assert (decision.reason, decision.detail) == ("target", detail)
        assert decision.absent


def test_a_connection_by_another_networks_id_is_judged_by_that_network_too() -> None:
    policy = policy_of(allowing(f"networks.connect: {{{BY_LABEL}, body: any}}"))
    there = (WEB, network("front", "d1", team="red"), network("back", "d2", team="blue"))
    body = {"Container": "web-1", "EndpointConfig": {"NetworkID": full_id("d2")}}
    decision = judge(policy, "POST /networks/front/connect", *there, body=body).decision
    assert (decision.reason, decision.detail) == ("target", "EndpointConfig.NetworkID")


def test_a_commit_is_judged_by_its_container() -> None:
    policy = policy_of(allowing(f"containers.commit: {{{BY_LABEL}}}"))
    decision = judge(policy, "POST /commit?container=web-1&repo=a", WEB, DB).decision
    assert decision.pairs == (("container", WEB.id), ("repo", "a"))
    decision = judge(policy, "POST /commit?container=db&repo=a", WEB, DB).decision
    assert (decision.reason, decision.detail, decision.absent) == (
        "target",
        "container",
        "No such container: db",
    )


# --- images ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "name", "allowed"),
    [
        ('{name: "docker.io/library/alpine:*"}', "alpine:3", True),
        ('{name: "docker.io/library/alpine:*"}', "ghcr.io/acme/app:1", False),
        ('{name: "docker.io/library/alpine:*"}', IMAGE.id, False),
        ('{name: ["docker.io/library/alpine:*", "ghcr.io/acme/**"]}', IMAGE.id, True),
        ('{name: ["docker.io/library/alpine:*", "ghcr.io/acme/**"]}', IMAGE.id[:12], True),
        ("{label: {team: red}}", IMAGE.id, True),
        ("{label: {team: blue}}", "alpine:3", False),
    ],
)
def test_an_image_counts_by_the_name_it_is_asked_for_by_else_by_all_of_them(
    target: str, name: str, allowed: bool
) -> None:
    policy = policy_of(allowing(f"images.remove: {{target: {target}}}"))
    decision = judge(policy, f"DELETE /images/{name}", IMAGE).decision
    assert decision.allowed is allowed
    assert not allowed or decision.names == (name,)  # by id it would go with all its names


def test_an_image_without_a_name_matches_none() -> None:
    policy = policy_of(allowing('images.remove: {target: {name: "**"}}'))
    assert not judge(policy, "DELETE /images/e1", image()).decision.allowed


# --- lists and prunes --------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["before", "since"])
def test_what_a_list_is_compared_with_must_be_a_target(word: str) -> None:
    policy = policy_of(allowing(f"containers.list: {{{BY_NAME}}}"))
    for name, allowed in (("web-1", True), ("db", False), ("x", False)):
        filters = json.dumps({word: [name]}, separators=(",", ":"))
        decision = judge(policy, f"GET /containers/json?filters={filters}", WEB, DB).decision
        assert decision.allowed is allowed
        assert allowed or decision.absent == f"No such container: {name}"
    policy = policy_of(allowing('images.list: {target: {name: "ghcr.io/acme/**"}}'))
    for name, allowed in (("ghcr.io/acme/app:1", True), ("alpine:3", False), ("x", False)):
        filters = json.dumps({word: [name]}, separators=(",", ":"))
        decision = judge(policy, f"GET /images/json?filters={filters}", IMAGE).decision
        assert decision.allowed is allowed


@pytest.mark.parametrize("kind", ["containers", "images", "networks", "volumes"])
@pytest.mark.parametrize(
    ("sent", "forwarded"),
    [
        ("", '{"label":["team=red"]}'),
        ("?filters=", '{"label":["team=red"]}'),
        ("?filters={}", '{"label":["team=red"]}'),
        ('?filters={"label":["a=b"]}', '{"label":["a=b","team=red"]}'),
        ('?filters={"label":{"a=b":true}}', '{"label":{"a=b":true,"team=red":true}}'),
        ('?filters={"label!":["a"]}', '{"label!":["a"],"label":["team=red"]}'),
        ('?filters={"label!":{"a":true}}', '{"label!":{"a":true},"label":{"team=red":true}}'),
        ('?filters={"label":["team=blue"]}', '{"label":["team=blue","team=red"]}'),
        ('?filters={"label":{"team=red":false}}', '{"label":{"team=red":true}}'),
    ],
)
def test_a_prune_is_narrowed_by_the_labels_of_its_target(
    kind: str, sent: str, forwarded: str
) -> None:
    policy = policy_of(allowing(f"{kind}.prune: {{{BY_LABEL}}}"))
    judged = judge(policy, f"POST /{kind}/prune{sent}")
    assert judged.asked == ()
    assert judged.decision.pairs == (("filters", forwarded),)


def test_an_item_that_narrows_a_prune_never_narrows_what_a_set_allows_whole() -> None:
    narrow, whole = f"containers.prune: {{{BY_LABEL}}}", "engine/everything"
    for items in ([narrow, whole], [whole, narrow], [whole]):
        assert ask(policy_of(allowing(*items)), "POST /containers/prune").pairs == ()


# --- execs -------------------------------------------------------------------------------------

EXEC = full_id("ab")
STARTS = "exec.start", "exec.resize", "exec.inspect"
DO = {
    "exec.start": f"POST /exec/{EXEC}/start",
    "exec.resize": f"POST /exec/{EXEC}/resize?h=1&w=1",
    "exec.inspect": f"GET /exec/{EXEC}/json",
}
TWO = """
clients:
  alice: {{allow: [{create}, {item}]}}
  bob: {{allow: [exec.create, {item}]}}
"""


def made_by(client: str, granted: str, inside: Thing = WEB) -> Thing:
    return Thing("exec", EXEC, container=inside.id, creator=client, granted=granted)


def line_of(text: str, client: str = "alice") -> str:
    (grant,) = policy_of(text).clients[client].role.grants["exec.create"]
    return grant.meaning


@pytest.mark.parametrize("operation", STARTS)
def test_an_exec_is_for_the_client_that_made_it_while_it_holds_the_line_it_made_it_under(
    operation: str,
) -> None:
    text = TWO.format(create="exec.create", item=operation)
    policy, made = policy_of(text), made_by("alice", line_of(text))
    assert judge(policy, DO[operation], made, WEB, client="alice").decision.allowed
    refused = judge(policy, DO[operation], made, WEB, client="bob").decision
    assert (refused.reason, refused.absent) == ("target", f"No such exec instance: {EXEC}")
    changed = policy_of(TWO.format(create=f"exec.create: {{{BY_NAME}}}", item=operation))
    assert judge(changed, DO[operation], made, WEB, client="alice").decision.reason == "target"
    moved = policy_of("# one line further down\n" + text)
    assert judge(moved, DO[operation], made, WEB, client="alice").decision.allowed


@pytest.mark.parametrize("operation", STARTS)
def test_an_exec_that_nobody_made_through_us_needs_a_word(operation: str) -> None:
    strange = Thing("exec", EXEC, container=WEB.id)
    closed = policy_of(allowing("exec.create", operation))
    for things in ((strange, WEB), ()):
        decision = judge(closed, DO[operation], *things).decision
        assert (decision.reason, decision.absent) == ("target", f"No such exec instance: {EXEC}")
    open_ = policy_of(allowing("exec.create", f"{operation}: {{target: any}}"))
    judged = judge(open_, DO[operation], strange, WEB)
    assert (judged.decision.allowed, judged.asked) == (True, ())


@pytest.mark.parametrize("operation", STARTS)
def test_an_exec_is_judged_by_the_container_behind_it(operation: str) -> None:
    policy = policy_of(allowing("exec.create", f"{operation}: {{{BY_NAME}}}"))
    line = line_of(allowing("exec.create"), "main")
    assert judge(policy, DO[operation], made_by("main", line, WEB), WEB, DB).decision.allowed
    for things in ((WEB, DB), (WEB,)):
        decision = judge(policy, DO[operation], made_by("main", line, DB), *things).decision
        assert (decision.reason, decision.absent) == ("target", f"No such exec instance: {EXEC}")


@pytest.mark.parametrize("operation", ["exec.start", "exec.resize"])
def test_sockguard_is_protected_against_execs_in_its_own_container(operation: str) -> None:
    own = OwnObjects(container_id=WEB.id, container_names=frozenset({"web-1"}))
    policy = policy_of(allowing("exec.create", f"{operation}: {{target: any}}"))
    judged = judge(policy, DO[operation], Thing("exec", EXEC, container=WEB.id), WEB, own=own)
    assert judged.decision.reason == "self_protection"
    assert judged.asked == (Need("exec", EXEC),)
    elsewhere = judge(policy, DO[operation], Thing("exec", EXEC, container=DB.id), DB, own=own)
    assert elsewhere.decision.allowed
    included = policy_of(allowing(f"{operation}: {{target: any, including_sockguard: true}}"))
    exec_in_own = Thing("exec", EXEC, container=WEB.id)
    assert judge(included, DO[operation], exec_in_own, own=own).decision.allowed


# --- when facts are asked for ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("item", "do", "body"),
    [
        (f"containers.stop: {{{BY_NAME}, query: {{t: 5}}}}", "POST /containers/db/stop?t=9", None),
        (f"containers.stop: {{{BY_NAME}}}", "POST /containers/db/stop?newer=1", None),
        (
            f"networks.connect: {{{BY_NAME}}}",
            "POST /networks/a/connect",
            {"Container": "db", "EndpointConfig": {"MacAddress": "02:42:ac:11:00:02"}},
        ),
        ("exec.start", f"POST /exec/{EXEC}/start", {"New": 1}),
    ],
)
def test_no_fact_is_asked_for_where_the_request_fails_without(
    item: str, do: str, body: object
) -> None:
    own = OwnObjects(container_id=full_id("f"), container_names=frozenset({"sockguard"}))
    judged = judge(policy_of(allowing(item)), do, DB, body=body, own=own)
    assert judged.asked == ()
    assert judged.decision.reason in ("query", "body")


def test_what_the_engine_does_not_have_to_be_asked_for_is_not() -> None:
    policy = policy_of(allowing("containers.stop"))
    judged = judge(policy, "POST /containers/web-1/stop", WEB)
    assert (judged.asked, judged.decision.names) == ((), ("web-1",))


def test_a_verdict_names_only_the_facts_that_it_rests_on() -> None:
    policy = policy_of(
        allowing(
            "networks.connect:\n      any_of:\n"
            "        - {target: {label: {team: blue}}}\n"
            "        - {target: {label: {team: red}}, body: any}\n"
        )
    )
    there = (WEB, network("front", "d1", team="red"))
    decision = judge(
        policy, "POST /networks/front/connect", *there, body={"Container": "web-1"}
    ).decision
    assert decision.allowed
    assert decision.facts.keys() == {Need("network", "front"), Need("container", "web-1")}
    free = policy_of(allowing("containers.stop: {any_of: [{target: {name: a}}, {query: {t: 5}}]}"))
    judged = judge(free, "POST /containers/web-1/stop?t=5", WEB)
    assert (judged.asked, judged.decision.facts) == ((), {})


# --- alternatives ------------------------------------------------------------------------------


def test_one_alternative_must_hold_for_all_objects() -> None:
    policy = policy_of(
        allowing(
            "networks.connect: {any_of: [{target: {label: {team: red}}},"
            " {target: {label: {team: blue}}}]}"
        )
    )
    there = (WEB, DB, network("front", "d1", team="red"), network("back", "d2", team="blue"))
    for net, name, allowed in (
        ("front", "web-1", True),
        ("back", "db", True),
        ("front", "db", False),
        ("back", "web-1", False),
    ):
        do = f"POST /networks/{net}/connect"
        assert judge(policy, do, *there, body={"Container": name}).decision.allowed is allowed


def test_of_a_read_all_alternatives_that_cover_it_show_something() -> None:
    policy = policy_of(
        allowing(
            "containers.inspect: {any_of: [{target: {name: web-*}, response: any},"
            " {target: {label: {team: any}}}]}"
        )
    )
    both = judge(policy, "GET /containers/web-1/json", WEB, DB).decision
    one = judge(policy, "GET /containers/db/json", WEB, DB).decision
    assert [len(both.grants), len(one.grants)] == [2, 1]
    assert [grant.response.any for grant in both.grants] == [True, False]
    assert not one.grants[0].response.any


def test_a_list_is_shown_by_all_its_alternatives_together() -> None:
    policy = policy_of(
        allowing("containers.list: {any_of: [{target: {name: a}}, {target: {name: b}}]}")
    )
    assert len(judge(policy, "GET /containers/json").decision.grants) == 2
