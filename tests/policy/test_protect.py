from __future__ import annotations

import pytest

from sockguard.engine.catalogue.all import OPERATIONS
from sockguard.engine.reference import normalise_image
from sockguard.policy.protect import EXEMPT, is_protected
from sockguard.policy.question import OwnObjects
from tests.support.policies import allowing, ask, policy_of

ID = "4bb9" + "0c" * 30
IMAGE_ID = "77fe" + "1d" * 30
OWN = OwnObjects(
    container_id=ID,
    container_names=frozenset({"sockguard"}),
    volumes=frozenset({"sockguard-audit"}),
    images=frozenset({"ghcr.io/acme/sockguard:1.2"}),
    image_ids=frozenset({IMAGE_ID}),
)
EVERYTHING = policy_of(allowing("engine/everything"))


@pytest.mark.parametrize(
    "do",
    [
        "POST /containers/sockguard/stop",
        f"POST /containers/{ID}/stop",
        "POST /v1.47/containers/4bb9/kill",
        "POST /containers/4/restart",
        "DELETE /containers/sockguard?force=1",
        "POST /containers/sockguard/exec",
        "POST /containers/sockguard/rename?name=x",
        "POST /containers/sockguard/attach",
        "GET /containers/sockguard/attach/ws",
        "GET /containers/sockguard/archive?path=/",
        "HEAD /containers/sockguard/archive?path=/",
        "PUT /containers/sockguard/archive?path=/",
        "GET /containers/sockguard/export",
        "GET /containers/sockguard/logs",
        "GET /containers/sockguard/top",
        "GET /containers/s%6Fckguard/logs",
        "POST /containers/sockguard/checkpoints",
        "DELETE /containers/4bb90c/checkpoints/one",
        "POST /commit?container=sockguard",
        f"POST /commit?container={ID[:12]}",
        "POST /commit?container=web&repo=ghcr.io/acme/sockguard&tag=1.2",
        "DELETE /volumes/sockguard-audit",
        "DELETE /images/ghcr.io/acme/sockguard:1.2",
        f"DELETE /images/ghcr.io/acme/sockguard@sha256:{'ab' * 32}",
        f"DELETE /images/sha256:{IMAGE_ID}",
        f"DELETE /images/{IMAGE_ID[:12]}",
        "POST /images/alpine/tag?repo=ghcr.io/acme/sockguard&tag=1.2",
        "POST /images/alpine/tag?repo=ghcr.io/acme/sockguard:1.2",
        "POST /images/create?fromImage=ghcr.io/acme/sockguard&tag=1.2",
        "POST /images/create?fromImage=ghcr.io/acme/sockguard:1.2",
        "POST /images/create?fromImage=ghcr.io/acme/sockguard",
        "POST /images/create?fromSrc=-&repo=ghcr.io/acme/sockguard&tag=1.2",
        "POST /build?t=x&t=ghcr.io/acme/sockguard:1.2",
        'POST /build?outputs=[{"Type":"moby","Attrs":{"name":"a:1,ghcr.io/acme/sockguard:1.2"}}]',
        "POST /build?networkmode=container:sockguard",
        "POST /commit?container=/sockguard",
        "POST /images/ghcr.io/acme/sockguard:1.2/push",
        "POST /images/ghcr.io/acme/sockguard/push?tag=1.2",
        "POST /images/ghcr.io/acme/sockguard/push",
    ],
)
def test_what_belongs_to_sockguard_is_refused_to_everybody(do: str) -> None:
    decision = ask(EVERYTHING, do, own=OWN)
    assert decision.reason == "self_protection", decision
    assert not decision.allowed
    assert decision.message.endswith("belongs to sockguard itself")
    assert "including_sockguard: true" in decision.hint


@pytest.mark.parametrize(
    "do",
    [
        "GET /containers/json",
        "GET /containers/sockguard/json",
        "GET /containers/sockguard/stats",
        "GET /containers/sockguard/changes",
        "POST /containers/sockguard/wait",
        "POST /containers/web/stop",
        "POST /containers/Sockguard/stop",
        "POST /containers/4BB9/stop",
        "POST /containers/4bba/stop",
        "POST /containers/sockguard2/stop",
        "POST /containers/create?name=sockguard2",
        "DELETE /volumes/sockguard-audit2",
        "DELETE /images/ghcr.io/acme/sockguard:1.1",
        "DELETE /images/sockguard:1.2",
        "GET /images/ghcr.io/acme/sockguard:1.2/json",
        "POST /images/create?fromImage=ghcr.io/acme/sockguard&tag=1.1",
        "POST /images/ghcr.io/acme/sockguard/push?tag=1.1",
        "POST /images/ghcr.io/acme/sockguard:1.1/push",
        'POST /build?outputs=[{"Type":"moby","Attrs":{"name":"ghcr.io/acme/sockguard:1.1"}}]',
        "POST /build?networkmode=container:web",
    ],
)
def test_looking_passes_and_so_does_what_belongs_to_others(do: str) -> None:
    assert ask(EVERYTHING, do, own=OWN).allowed


@pytest.mark.parametrize(
    ("item", "do"),
    [
        ("images.tag", "POST /images/evil/tag?repo=ghcr.io/acme/sockguard&tag=x"),
        ("images.pull", "POST /images/create?fromImage=ghcr.io/acme/sockguard&tag=x"),
        ("images.import", "POST /images/create?fromSrc=-&repo=ghcr.io/acme/sockguard"),
    ],
)
@pytest.mark.parametrize("mode", ["enforce", "report"])
def test_no_value_that_the_policy_sets_makes_a_client_reach_sockguard(
    item: str, do: str, mode: str
) -> None:
    always = allowing(f'{item}: {{query: {{tag: {{always: "1.2"}}}}}}') + f"mode: {mode}\n"
    decision = ask(policy_of(always), do, own=OWN)
    assert (decision.effect, decision.reason) == ("deny", "self_protection")


def test_what_is_judged_is_what_is_sent_and_not_what_the_policy_replaced() -> None:
    policy = policy_of(allowing('images.tag: {query: {tag: {always: "1.1"}}}'))
    do = "POST /images/mine/tag?repo=ghcr.io/acme/sockguard&tag=1.2"
    decision = ask(policy, do, own=OWN)
    assert decision.allowed
    assert decision.pairs == (("repo", "ghcr.io/acme/sockguard"), ("tag", "1.1"))


def test_where_only_a_digest_says_what_runs_the_whole_repository_is_sockguards() -> None:
    own = OwnObjects(repositories=frozenset({"ghcr.io/acme/sockguard"}))
    for tag in ("1.1", "1.2", "latest"):
        do = f"POST /images/mine/tag?repo=ghcr.io/acme/sockguard&tag={tag}"
        assert ask(EVERYTHING, do, own=own).reason == "self_protection"
    do = "POST /images/create?fromImage=ghcr.io/acme/sockguard"
    assert ask(EVERYTHING, do, own=own).reason == "self_protection"
    assert ask(EVERYTHING, "POST /images/mine/tag?repo=ghcr.io/acme/other", own=own).allowed


def test_outside_of_containers_nothing_is_sockguards_own() -> None:
    assert ask(EVERYTHING, "POST /containers/sockguard/stop").allowed


def test_an_item_can_include_sockguard() -> None:
    policy = policy_of(
        allowing("containers.stop: {including_sockguard: true}", "containers/lifecycle")
    )
    assert ask(policy, "POST /containers/sockguard/stop", own=OWN).allowed
    assert ask(policy, "POST /containers/sockguard/kill", own=OWN).reason == "self_protection"


def test_an_item_that_includes_sockguard_still_has_to_cover_the_request() -> None:
    policy = policy_of(allowing("containers.stop: {query: {t: 5}, including_sockguard: true}"))
    assert ask(policy, "POST /containers/sockguard/stop?t=5", own=OWN).allowed
    assert ask(policy, "POST /containers/sockguard/stop?t=9", own=OWN).reason == "self_protection"


@pytest.mark.parametrize("item", ["containers.list", "containers.stop"])
def test_report_mode_gives_no_way_to_sockguard(item: str) -> None:
    policy = policy_of(allowing(item) + "mode: report\n")
    decision = ask(policy, "POST /containers/sockguard/stop", own=OWN)
    assert (decision.effect, decision.reason) == ("deny", "self_protection")
    assert ask(policy, "POST /containers/web/kill", own=OWN).effect == "would_deny"


def test_what_is_not_granted_is_refused_as_that() -> None:
    policy = policy_of(allowing("system/hello"))
    assert ask(policy, "POST /containers/sockguard/stop", own=OWN).reason == "not_granted"


def test_every_write_is_protected_but_waiting() -> None:
    writes = {name for name, operation in OPERATIONS.items() if operation.writes}
    assert not writes & EXEMPT
    assert all(is_protected(OPERATIONS[name]) for name in writes)
    assert not any(is_protected(OPERATIONS[name]) for name in EXEMPT)


@pytest.mark.parametrize(
    ("name", "full"),
    [
        ("alpine", "docker.io/library/alpine:latest"),
        ("alpine:3", "docker.io/library/alpine:3"),
        ("acme/app", "docker.io/acme/app:latest"),
        ("index.docker.io/alpine", "docker.io/library/alpine:latest"),
        ("docker.io/alpine", "docker.io/library/alpine:latest"),
        ("localhost/app", "localhost/app:latest"),
        ("localhost:5000/app", "localhost:5000/app:latest"),
        ("Registry/app", "Registry/app:latest"),
        ("ghcr.io/a/b:1@sha256:ab", "ghcr.io/a/b:1@sha256:ab"),
        ("a/b@sha256:ab", "docker.io/a/b:latest@sha256:ab"),
    ],
)
def test_image_names_are_completed_as_the_engine_does(name: str, full: str) -> None:
    assert normalise_image(name) == full
    assert normalise_image(full) == full
