"""No request through sockguard makes a container that would be taken for a client."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sockguard.policy.container_match import could_be_made_up, task_fits
from sockguard.policy.model import ContainerMatch
from tests.support.objects import container, judge
from tests.support.policies import policy_of

if TYPE_CHECKING:
    from sockguard.policy.model import Policy
    from sockguard.policy.question import Decision

POLICY = policy_of(
    """
    clients:
      agent: {allow: [], match: {container: {name: ["agent-*", monitor, "*_agent_1"]}}}
      tier: {allow: [], match: {container: {label: {com.acme/role: db, com.acme/tier: "1"}}}}
      both: {allow: [], match: {container: {name: both, label: {trusted: "yes"}}}}
      ops: {allow: [engine/everything]}
    """
)
SWARM = policy_of(
    """
    clients:
      tasks: {allow: [], match: {container: {name: "web.*"}}}
      service: {allow: [], match: {container: {label: {com.docker.swarm.service.name: db}}}}
      ops: {allow: [engine/everything]}
    """
)
ROLE = {"com.acme/role": "db", "com.acme/tier": "1"}


def asked(do: str, body: object = None, policy: Policy = POLICY) -> Decision:
    return judge(policy, do, body=body, client="ops").decision


def create(name: str = "", **body: object) -> Decision:
    target = f"?name={name}" if name else ""
    return asked(f"POST /containers/create{target}", {"Image": "alpine", **body})


def service(name: str, labels: object = None, policy: Policy = POLICY) -> Decision:
    spec: dict[str, object] = {"Image": "alpine", "Labels": labels or {}}
    body = {"Name": name, "TaskTemplate": {"ContainerSpec": spec}}
    return asked("POST /services/create", body, policy)


@pytest.mark.parametrize(
    ("name", "labels", "detail"),
    [
        ("monitor", {}, "name"),
        ("/monitor", {}, "name"),
        ("agent-", {}, "name"),
        ("agent-7", {"a": "b"}, "name"),
        ("ci_agent_1", {}, "name"),
        ("m%6Fnitor", {}, "name"),
        ("", ROLE, "Labels"),
        ("any", {**ROLE, "more": "x"}, "Labels"),
        ("both", {"trusted": "yes"}, "name"),
    ],
)
def test_nobody_makes_a_container_that_is_a_client(
    name: str, labels: dict[str, str], detail: str
) -> None:
    decision = create(name, Labels=labels)
    assert (decision.effect, decision.reason) == ("deny", "self_protection")
    assert decision.detail == detail
    assert f"{detail} would make a container that is taken for client '" in decision.message
    assert "including_sockguard: true" in decision.hint


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("", {}),
        ("monitor2", {}),
        ("Monitor", {}),
        ("my-agent-7", {}),
        ("", {"com.acme/role": "db"}),
        ("", {"com.acme/role": "db", "com.acme/tier": "2"}),
        ("", {"com.acme/role": "db", "com.acme/tier": None}),
        ("", {"Com.acme/role": "db", "com.acme/tier": "1"}),
        ("both", {}),
        ("both", {"trusted": "no"}),
        ("other", {"trusted": "yes"}),
    ],
)
def test_other_containers_are_made_as_before(name: str, labels: dict[str, str]) -> None:
    assert create(name, Labels=labels).allowed


def test_a_label_that_a_client_is_recognised_by_is_never_left_to_the_image() -> None:
    decision = create("x", Labels={"com.acme/role": "db", "own": "1"})
    document = decision.document
    assert isinstance(document, dict)
    assert document["Labels"] == {
        "com.acme/role": "db",
        "com.acme/tier": "",
        "trusted": "",
        "own": "1",
    }
    for sent in (create("x"), create("x", Labels=None)):
        assert isinstance(sent.document, dict)
        assert set(sent.document["Labels"].values()) == {""}


def test_the_containers_of_a_service_bear_these_labels_too() -> None:
    document = service("x", {"own": "1"}).document
    assert isinstance(document, dict)
    labels = document["TaskTemplate"]["ContainerSpec"]["Labels"]
    assert labels == {"com.acme/role": "", "com.acme/tier": "", "trusted": "", "own": "1"}


def test_what_a_policy_sets_counts_as_if_it_had_been_sent() -> None:
    item = 'containers.create: {body: {Labels: {always: {trusted: "yes"}}}}'
    policy = policy_of(
        "clients:\n"
        "  it: {allow: [], match: {container: {label: {trusted: 'yes'}}}}\n"
        f"  ops: {{allow: [{item}]}}\n"
    )
    decision = asked("POST /containers/create", {"Image": "alpine", "Labels": {}}, policy)
    assert (decision.reason, decision.detail) == ("self_protection", "Labels")
    item = 'containers.create: {body: {Labels: {always: {trusted: "no"}}}}'
    policy = policy_of(
        "clients:\n"
        "  it: {allow: [], match: {container: {label: {trusted: 'yes'}}}}\n"
        f"  ops: {{allow: [{item}]}}\n"
    )
    body = {"Image": "alpine", "Labels": {"trusted": "yes"}}
    assert asked("POST /containers/create", body, policy).allowed


@pytest.mark.parametrize("name", ["monitor", "/monitor", "agent-x", "both"])
def test_nobody_renames_a_container_into_a_client(name: str) -> None:
    decision = judge(POLICY, f"POST /containers/web/rename?name={name}", client="ops").decision
    assert (decision.reason, decision.detail) == ("self_protection", "name")


def test_other_renames_pass() -> None:
    assert asked("POST /containers/web/rename?name=web2").allowed
    assert asked("POST /containers/monitor/rename?name=old").allowed


@pytest.mark.parametrize(
    "do",
    [
        "POST /containers/web/update",
        "POST /containers/monitor/update",
        "POST /networks/net/connect",
    ],
)
def test_what_changes_neither_name_nor_labels_passes(do: str) -> None:
    body: dict[str, object] = {"Memory": 1 << 30}
    if do.endswith("connect"):
        body = {
            "Container": "web",
            "EndpointConfig": {"IPAMConfig": {"IPv4Address": "10.0.0.5"}, "Aliases": ["monitor"]},
        }
    assert asked(do, body).allowed


# --- by address ------------------------------------------------------------------------------

THERE = (
    container("web"),
    container("monitor", "1" * 64),
    container("data", "2" * 64, **ROLE),
    container("both", "3" * 64),
)
JOINS = [
    ("container:monitor", True),
    ("container:/monitor", True),
    (f"container:{'1' * 64}", True),
    ("container:data", True),
    ("container:web", False),
    ("container:both", False),
    ("container:gone", False),
    ("bridge", False),
    ("monitor", False),
]


@pytest.mark.parametrize(("mode", "refused"), JOINS)
def test_nobody_gets_the_address_of_a_client(mode: str, refused: bool) -> None:
    body = {"Image": "alpine", "HostConfig": {"NetworkMode": mode}}
    decision = judge(POLICY, "POST /containers/create", *THERE, body=body, client="ops").decision
    assert decision.allowed is not refused
    if refused:
        assert (decision.reason, decision.detail) == ("self_protection", "HostConfig.NetworkMode")
        assert "would share the address of client '" in decision.message


def test_the_container_whose_network_is_shared_is_the_one_that_was_judged() -> None:
    body = {"Image": "alpine", "HostConfig": {"NetworkMode": "container:web"}}
    document = judge(
        POLICY, "POST /containers/create", *THERE, body=body, client="ops"
    ).decision.document
    assert isinstance(document, dict)
    assert document["HostConfig"]["NetworkMode"] == f"container:{THERE[0].id}"


# --- builds ----------------------------------------------------------------------------------


def test_a_dockerfile_that_nobody_reads_labels_no_container_of_a_build() -> None:
    decision = asked("POST /build?t=x")
    assert (decision.reason, decision.detail) == ("self_protection", "Dockerfile")
    assert "client 'tier'" in decision.message


def test_where_names_alone_count_builds_pass_but_not_with_the_address_of_a_client() -> None:
    policy = policy_of(
        """
        clients:
          agent: {allow: [], match: {container: {name: monitor}}}
          ops: {allow: [engine/everything]}
        """
    )
    assert asked("POST /build?t=x", None, policy).allowed
    do = "POST /build?t=x&networkmode=container:monitor"
    decision = judge(policy, do, *THERE, client="ops").decision
    assert (decision.reason, decision.detail) == ("self_protection", "networkmode")


# --- services --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "labels", "policy"),
    [
        ("agent-x", {}, POLICY),
        ("x", ROLE, POLICY),
        ("web", {}, SWARM),
        ("", {}, SWARM),
        ("db", {}, SWARM),
        ("db", {"com.docker.swarm.service.name": "other"}, SWARM),
    ],
)
@pytest.mark.parametrize("do", ["POST /services/create", "POST /services/x/update?version=1"])
def test_no_service_makes_a_container_that_is_a_client(
    do: str, name: str, labels: dict[str, str], policy: Policy
) -> None:
    spec = {"Image": "alpine", "Labels": labels}
    decision = asked(do, {"Name": name, "TaskTemplate": {"ContainerSpec": spec}}, policy)
    assert (decision.effect, decision.reason) == ("deny", "self_protection")


@pytest.mark.parametrize(
    ("name", "labels", "policy"),
    [
        ("monitor", {}, POLICY),
        ("both", {"trusted": "yes"}, POLICY),
        ("x", {"com.acme/role": "db"}, POLICY),
        ("x", {"com.docker.swarm.service.name": "db"}, SWARM),
        ("webs", {}, SWARM),
    ],
)
def test_other_services_pass(name: str, labels: dict[str, str], policy: Policy) -> None:
    assert service(name, labels, policy).allowed


@pytest.mark.parametrize(
    ("glob", "name", "fits"),
    [
        ("web.*", "web", True),
        ("web-*", "web", False),
        ("web-*", "web-a", True),
        ("web.1.*", "web", True),
        ("*-agent", "x", False),
        ("*_a_1", "x", False),
        ("*.x", "x", True),
        ("web", "web", False),
        ("web.1.abc", "web", True),
        ("web.1.abc", "we", False),
        ("web.1.abc", "", True),
        ("web", "", False),
        ("web-*", "", True),
    ],
)
def test_the_names_of_a_services_containers_are_foreseen(glob: str, name: str, fits: bool) -> None:
    assert task_fits(ContainerMatch((glob,)), name) is fits


@pytest.mark.parametrize(
    ("glob", "could"),
    [
        ("*", True),
        ("web*", True),
        ("*turing", True),
        ("happy_*", True),
        ("*_*", True),
        ("*3", True),
        ("web-*", False),
        ("Web*", False),
        ("web.*", False),
        ("a_*_1", False),
        ("web", False),
    ],
)
def test_a_name_that_the_engine_makes_up_is_foreseen(glob: str, could: bool) -> None:
    assert could_be_made_up(glob) is could


# --- ways out --------------------------------------------------------------------------------


def test_an_item_can_include_what_clients_are_recognised_by() -> None:
    policy = policy_of(
        """
        clients:
          agent: {allow: [], match: {container: {name: monitor}}}
          ops:
            allow:
              - containers.create: {including_sockguard: true}
              - containers.rename
        """
    )
    do = "POST /containers/create?name=monitor"
    assert asked(do, {"Image": "alpine"}, policy).allowed
    assert asked("POST /containers/x/rename?name=monitor", None, policy).reason == "self_protection"


@pytest.mark.parametrize("allow", ["[]", "[containers.create, containers.rename]"])
def test_report_mode_makes_nobody_a_client(allow: str) -> None:
    policy = policy_of(
        f"""
        clients:
          agent: {{allow: [], match: {{container: {{label: {{a: b}}}}}}}}
          named: {{allow: [], match: {{container: {{name: monitor}}}}}}
          ops: {{mode: report, allow: {allow}}}
        """
    )
    rename = asked("POST /containers/x/rename?name=monitor", None, policy)
    assert (rename.effect, rename.reason) == ("deny", "self_protection")
    labelled = {"Image": "alpine", "Labels": {"a": "b"}}
    made = asked("POST /containers/create", labelled, policy)
    assert (made.effect, made.reason) == ("deny", "self_protection")
    sent = asked("POST /containers/create", {"Image": "alpine"}, policy)
    assert sent.allowed
    assert isinstance(sent.document, dict)
    assert sent.document["Labels"] == {"a": ""}


def test_a_client_does_not_multiply_itself_either() -> None:
    policy = policy_of(
        "clients: {ops: {allow: [containers.create], match: {container: {name: ops-*}}}}"
    )
    do = "POST /containers/create?name=ops-2"
    assert asked(do, {"Image": "alpine"}, policy).reason == "self_protection"


def test_an_expectation_is_held_to_it() -> None:
    policy_of(
        """
        clients:
          agent: {allow: [], match: {container: {name: monitor}}}
          ops: {allow: [containers.create]}
        expect:
          - as: ops
            do: POST /containers/create?name=web
            body: {Image: a}
            then: allow
          - as: ops
            do: POST /containers/create?name=monitor
            body: {Image: a}
            then: deny
            because: self_protection
        """
    )
