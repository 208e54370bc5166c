"""`own_objects_only`: clients that see and touch only what they made themselves."""

from __future__ import annotations

import json
from textwrap import dedent

import pytest

from sockguard.engine.catalogue.all import OPERATIONS
from sockguard.engine.facts import Facts, Need, Thing
from sockguard.errors import Reason
from sockguard.policy.ownership import STAMP, is_own
from sockguard.policy.question import OwnObjects
from sockguard.policy.visible import filters, sees
from tests.support.objects import container, found, full_id, image, judge, network, volume
from tests.support.policies import complaints_about, policy_of

POLICY = policy_of(
    """
    clients:
      alice:
        own_objects_only: true
        also: {networks: [proxy, fed], volumes: [cache]}
        allow:
          - containers/read
          - containers/lifecycle
          - containers.remove
          - containers.create: {body: any}
          - exec.create
          - exec.start
          - networks.create
          - networks.connect: {body: any}
          - networks.inspect
          - networks.list
          - networks.remove
          - volumes.create
          - volumes.inspect
          - volumes.remove
          - volumes.prune
          - images.remove: {shared: true}
      bob:
        allow: [containers.create: {body: any}, volumes.create, networks.create, containers.commit]
    """
)
PLAIN = image("alpine")
MINE = container("mine", "c1", owner="alice")
THEIRS = container("theirs", "c2", owner="bob")
NOBODYS = container("nobodys", "c3")
THERE = (
    *(PLAIN, MINE, THEIRS, NOBODYS),
    *(network("net-mine", "d1", owner="alice"), network("net-theirs", "d2", owner="bob")),
    *(network("proxy", "d3"), network("bridge", "d4"), network("other", "fed1")),
    *(volume("vol-mine", owner="alice"), volume("vol-theirs", owner=""), volume("cache")),
)


def allowed(do: str, body: object = None, *more: Thing) -> str:
    """Return "" for what alice may ask for, else the field that stands in the way, or reason."""
    decision = judge(POLICY, do, *THERE, *more, body=body, client="alice").decision
    if decision.allowed:
        return ""
    assert decision.reason == "not_owned"
    return decision.detail or decision.reason


# --- what is made is stamped -------------------------------------------------------------------


@pytest.mark.parametrize("client", ["alice", "bob"])
@pytest.mark.parametrize("labels", [None, {}, {"a": "b"}, {"a": "b", STAMP: "alice"}])
@pytest.mark.parametrize("kind", ["containers", "networks", "volumes"])
def test_whoever_creates_the_stamp_is_set_whatever_was_sent(
    client: str, labels: dict[str, str] | None, kind: str
) -> None:
    made = {"Image": "alpine"} if kind == "containers" else {"Name": "new"}
    body = {**made, "Labels": labels}
    decision = judge(POLICY, f"POST /{kind}/create", *THERE, body=body, client=client).decision
    owner = "alice" if client == "alice" else ""
    assert decision.allowed
    assert decision.document == {**body, "Labels": {**(labels or {}), STAMP: owner}}


def test_an_anonymous_volume_that_was_asked_for_without_a_body_is_stamped() -> None:
    decision = judge(POLICY, "POST /volumes/create", client="alice").decision
    assert decision.document == {"Labels": {STAMP: "alice"}}


@pytest.mark.parametrize(
    ("mount", "stamped"),
    [
        ({"Type": "volume", "Source": "new"}, {"Labels": {STAMP: "alice"}}),
        ({"Type": "volume"}, {"Labels": {STAMP: "alice"}}),
        (
            {"Type": "volume", "VolumeOptions": {"NoCopy": True, "Labels": {STAMP: "bob"}}},
            {"NoCopy": True, "Labels": {STAMP: "alice"}},
        ),
        ({"Type": "volume", "VolumeOptions": None}, {"Labels": {STAMP: "alice"}}),
        ({"Type": "tmpfs", "Target": "/x"}, None),
    ],
)
def test_a_volume_that_a_mount_makes_is_stamped(mount: dict[str, object], stamped: object) -> None:
    body = {"Image": "alpine", "HostConfig": {"Mounts": [mount]}}
    decision = judge(POLICY, "POST /containers/create", *THERE, body=body, client="alice").decision
    assert isinstance(decision.document, dict)
    (sent,) = decision.document["HostConfig"]["Mounts"]
    assert sent.get("VolumeOptions") == stamped


def test_nothing_is_stamped_where_nobody_is_kept_to_objects_of_its_own() -> None:
    policy = policy_of("allow: [containers.create, volumes.create, containers.commit]")
    body = {"Image": "alpine", "Labels": {"a": "b"}}
    assert judge(policy, "POST /containers/create", body=body).decision.document == body
    assert judge(policy, "POST /volumes/create").decision.document is None
    assert judge(policy, "POST /commit?container=x").decision.pairs == (("container", "x"),)


def test_an_image_that_is_made_of_a_container_bears_no_stamp() -> None:
    do = "POST /commit?container=mine&changes=LABEL+sockguard.owner%3Dalice"
    policy = policy_of(
        """
        clients:
          alice: {own_objects_only: true, allow: []}
          bob: {allow: [containers.commit: {query: {changes: any}}]}
        """
    )
    pairs = judge(policy, do, *THERE, client="bob").decision.pairs
    assert pairs[-1] == ("changes", 'LABEL sockguard.owner=""')


# --- what is named stays what was judged -------------------------------------------------------

NET = full_id("d1")


def endpoints_sent(client: str, **body: object) -> object:
    sent = {"Image": "alpine", **body}
    decision = judge(POLICY, "POST /containers/create", *THERE, body=sent, client=client).decision
    assert decision.allowed
    assert isinstance(decision.document, dict)
    return decision.document.get("NetworkingConfig")


@pytest.mark.parametrize(
    ("mode", "endpoints", "sent"),
    [
        ("net-mine", None, {"net-mine": {"NetworkID": NET}}),
        ("net-mine", {}, {"net-mine": {"NetworkID": NET}}),
        (NET, {NET: None}, {NET: {"NetworkID": NET}}),
        ("net-mine", {NET[:12]: {"Aliases": ["a"]}},
         {NET[:12]: {"Aliases": ["a"], "NetworkID": NET}}),
        ("", {"net-mine": {}, "bridge": {}}, {"net-mine": {"NetworkID": NET}, "bridge": {}}),
        ("none", {"bridge": {"NetworkID": "net-mine"}}, {"bridge": {"NetworkID": NET}}),
    ],
)  # fmt: skip
def test_a_network_of_a_container_is_sent_with_its_id_since_its_name_may_change_hands(
    mode: str, endpoints: object, sent: object
) -> None:
    config = {"EndpointsConfig": endpoints}
    host = {"NetworkMode": mode}
    found = endpoints_sent("alice", HostConfig=host, NetworkingConfig=config)
    assert found == {"EndpointsConfig": sent}


@pytest.mark.parametrize("mode", ["", "bridge", "none", "container:mine"])
def test_where_no_network_was_looked_up_none_is_sent_besides(mode: str) -> None:
    assert endpoints_sent("alice", HostConfig={"NetworkMode": mode}) is None


def test_networks_of_whoever_is_not_kept_to_own_objects_are_sent_by_name() -> None:
    assert endpoints_sent("bob", HostConfig={"NetworkMode": "net-mine"}) is None


@pytest.mark.parametrize("endpoint", [None, {}, {"NetworkID": "net-mine"}])
def test_a_network_to_connect_to_is_sent_with_its_id_too(endpoint: object) -> None:
    body = {"Container": "mine", "EndpointConfig": endpoint}
    do = "POST /networks/net-mine/connect"
    decision = judge(POLICY, do, *THERE, body=body, client="alice").decision
    assert decision.document == {"Container": MINE.id, "EndpointConfig": {"NetworkID": NET}}


# --- what is named must be one's own -----------------------------------------------------------


@pytest.mark.parametrize(
    "do",
    [
        "GET /containers/{}/json",
        "POST /containers/{}/stop",
        "DELETE /containers/{}",
        "POST /containers/{}/exec",
        "GET /containers/{}/stats",
    ],
)
def test_a_container_in_the_path_must_bear_the_stamp(do: str) -> None:
    for name in ("mine", MINE.id, "c1"):
        assert allowed(do.format(name)) == ""
    for name in ("theirs", "nobodys", "c2", "nothing"):
        decision = judge(POLICY, do.format(name), *THERE, client="alice").decision
        assert (decision.reason, decision.absent) == ("not_owned", f"No such container: {name}")
        assert not decision.allowed


def test_a_container_whose_image_bears_the_stamp_is_nobodys() -> None:
    forged = image("evil", identity="e2", owner="alice")
    victim = container("victim", "c9", image="e2", owner="alice")
    assert allowed("GET /containers/victim/json", None, forged, victim) == "not_owned"
    assert allowed("GET /containers/victim/json", None, victim) == "not_owned"  # nor if it is gone
    clean = image("committed", identity="e2", owner="")
    assert allowed("GET /containers/victim/json", None, clean, victim) == ""


def test_a_stamp_needs_no_look_at_an_image_where_there_is_none() -> None:
    judged = judge(POLICY, "GET /containers/theirs/json", *THERE, client="alice")
    assert judged.asked == (Need("container", "theirs"),)
    judged = judge(POLICY, "GET /containers/mine/json", *THERE, client="alice")
    assert judged.asked == (Need("container", "mine"), Need("image id", full_id("e1")))


def host(**fields: object) -> dict[str, object]:
    return {"Image": "alpine", "HostConfig": fields}


def endpoint(name: str, **fields: object) -> dict[str, object]:
    return {"Image": "alpine", "NetworkingConfig": {"EndpointsConfig": {name: fields}}}


def mount(source: str, kind: str = "volume") -> dict[str, object]:
    return {"Type": kind, "Source": source, "Target": "/x"}


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (host(VolumesFrom=["mine", "mine:ro"]), ""),
        (host(VolumesFrom=["mine", "theirs:ro"]), "HostConfig.VolumesFrom[]"),
        (host(Links=["mine:db"]), ""),
        (host(Links=["/theirs:/mine/db"]), "HostConfig.Links[]"),
        (endpoint("net-mine", Links=["theirs:db"]),
         "NetworkingConfig.EndpointsConfig{}.Links[]"),
        *((host(**{mode: "container:mine"}), "")
          for mode in ("NetworkMode", "PidMode", "IpcMode", "Cgroup")),
        *((host(**{mode: "container:theirs"}), f"HostConfig.{mode}")
          for mode in ("NetworkMode", "PidMode", "IpcMode", "Cgroup")),
        *((host(NetworkMode=mode), "") for mode in ("bridge", "none", "host", "default", "")),
        (host(NetworkMode="net-mine"), ""),
        (host(NetworkMode="net-theirs"), "HostConfig.NetworkMode"),
        (host(NetworkMode="d2"), "HostConfig.NetworkMode"),
        (host(NetworkMode="nat"), "HostConfig.NetworkMode"),
        (endpoint("net-mine"), ""),
        (endpoint("net-theirs"), "NetworkingConfig.EndpointsConfig{}"),
        (endpoint("net-mine", NetworkID=full_id("d2")),
         "NetworkingConfig.EndpointsConfig{}.NetworkID"),
        (endpoint("bridge", NetworkID=full_id("d2")),
         "NetworkingConfig.EndpointsConfig{}.NetworkID"),
        (host(Binds=["vol-mine:/x"]), ""),
        (host(Binds=["/srv:/x", "/anonymous"]), ""),
        (host(Binds=["vol-theirs:/x"]), "HostConfig.Binds[]"),
        (host(Binds=["new:/x"]), "HostConfig.Binds[]"),
        (host(Mounts=[mount("vol-mine"), mount("new"), mount("/srv", "bind")]), ""),
        (host(Mounts=[mount("vol-theirs")]), "HostConfig.Mounts[].Source"),
        (host(Mounts=[mount("vol-theirs", "cluster")]), "HostConfig.Mounts[].Source"),
        (host(Mounts=[mount("vol-theirs", "Volume")]), "HostConfig.Mounts[].Source"),
    ],
)  # fmt: skip
def test_every_object_in_the_body_of_a_create_must_be_ones_own(body: object, detail: str) -> None:
    assert allowed("POST /containers/create", body) == detail


NOT_OWN = "that is not this client's own, or not there"


@pytest.mark.parametrize(
    ("do", "body", "told"),
    [
        ("POST /containers/create", host(Binds=["@:/x"]), f"volume {NOT_OWN}: volumes.create"),
        ("POST /containers/create", host(VolumesFrom=["@"]), f"container {NOT_OWN}"),
        ("POST /containers/create", host(PidMode="container:@"), f"container {NOT_OWN}"),
        ("POST /containers/create", host(NetworkMode="@"), f"network {NOT_OWN}"),
        ("POST /containers/create", endpoint("@"), f"network {NOT_OWN}"),
        ("POST /networks/create", {"ConfigFrom": {"Network": "@"}}, f"network {NOT_OWN}"),
    ],
)
def test_what_a_create_names_is_refused_in_the_same_words_whoever_has_it(
    do: str, body: object, told: str
) -> None:
    """A 404 on a create would have the docker command pull the image."""
    sentences = set()
    for name in ("theirs", "vol-theirs", "net-theirs", "nothing"):
        sent = json.loads(json.dumps(body).replace("@", name))
        decision = judge(
            CREATING, do.replace("@", name), *THERE, body=sent, client="alice"
        ).decision
        assert (decision.effect, decision.reason, decision.absent) == ("deny", "not_owned", "")
        sentences.add(decision.message)
    [sentence] = sentences
    assert told in sentence


CREATING = policy_of(
    """
    clients:
      alice:
        own_objects_only: true
        allow:
          - containers.create: {body: any}
          - networks.create: {body: any}
    """
)


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (host(NetworkMode="proxy"), ""),
        (host(NetworkMode=full_id("d3")), ""),
        (endpoint("proxy", NetworkID="d3"), ""),
        (host(Binds=["cache:/x"]), ""),
        (host(NetworkMode="fed"), "HostConfig.NetworkMode"),
        (host(NetworkMode="fed1"), "HostConfig.NetworkMode"),
    ],
)
def test_what_also_names_is_exempt_by_its_own_name_and_not_by_how_it_is_called(
    body: object, detail: str
) -> None:
    """`fed` is no network here, but the beginning of the id of another one."""
    assert allowed("POST /containers/create", body) == detail


def test_a_volume_that_also_names_may_be_made_by_naming_it() -> None:
    there = tuple(thing for thing in THERE if thing.name != "cache")
    body = host(Binds=["cache:/x"])
    assert judge(
        POLICY, "POST /containers/create", *there, body=body, client="alice"
    ).decision.allowed


@pytest.mark.parametrize(
    ("do", "body", "detail"),
    [
        ("GET /networks/net-mine", None, ""),
        ("GET /networks/net-theirs", None, "not_owned"),
        ("GET /networks/bridge", None, ""),
        ("GET /networks/proxy", None, ""),
        ("DELETE /networks/other", None, "not_owned"),
        ("POST /networks/net-mine/connect", {"Container": "mine"}, ""),
        ("POST /networks/proxy/connect", {"Container": "mine"}, ""),
        ("POST /networks/proxy/connect", {"Container": "theirs"}, "Container"),
        ("POST /networks/net-theirs/connect", {"Container": "mine"}, "not_owned"),
        (
            "POST /networks/net-mine/connect",
            {"Container": "mine", "EndpointConfig": {"NetworkID": full_id("d2")}},
            "EndpointConfig.NetworkID",
        ),
        (
            "POST /networks/net-mine/connect",
            {"Container": "mine", "EndpointConfig": {"Links": ["theirs:db"]}},
            "EndpointConfig.Links[]",
        ),
        ("GET /volumes/vol-mine", None, ""),
        ("GET /volumes/vol-theirs", None, "not_owned"),
        ("DELETE /volumes/cache", None, ""),
        ("POST /volumes/create", {"Name": "new"}, ""),
        ("POST /volumes/create", {"Name": "vol-mine"}, ""),
        ("POST /volumes/create", {"Name": "cache"}, ""),
        ("POST /volumes/create", {"Name": "vol-theirs"}, "Name"),
        ("DELETE /images/alpine", None, ""),
        ('GET /containers/json?filters={"since":["mine"]}', None, ""),
        ('GET /containers/json?filters={"since":["theirs"]}', None, "filters"),
    ],
)
def test_networks_and_volumes_must_be_ones_own_or_everybodys(
    do: str, body: object, detail: str
) -> None:
    assert allowed(do, body) == detail


def test_a_network_that_takes_its_settings_from_another_needs_both() -> None:
    policy = policy_of(
        "clients: {alice: {own_objects_only: true, allow: [networks.create: {body: any}]}}"
    )
    for name, reason in (("net-mine", None), ("net-theirs", "not_owned")):
        body = {"Name": "new", "ConfigFrom": {"Network": name}}
        decision = judge(
            policy, "POST /networks/create", *THERE, body=body, client="alice"
        ).decision
        assert decision.reason == reason


def test_a_prune_is_narrowed_to_ones_own() -> None:
    decision = judge(POLICY, "POST /volumes/prune", client="alice").decision
    assert decision.pairs == (("filters", '{"label":["sockguard.owner=alice"]}'),)


def test_an_exec_is_ones_own_if_its_container_is() -> None:
    (line,) = POLICY.clients["alice"].role.grants["exec.create"]
    for inside, reason in ((MINE, None), (THEIRS, "not_owned")):
        made = Thing(
            "exec", full_id("ab"), container=inside.id, creator="alice", granted=line.meaning
        )
        do = f"POST /exec/{made.id}/start"
        assert judge(POLICY, do, *THERE, made, client="alice").decision.reason == reason


def test_names_become_ids_so_that_what_was_judged_is_what_is_used() -> None:
    body = host(VolumesFrom=["mine:ro"], Links=["mine"], PidMode="container:c1")
    decision = judge(POLICY, "POST /containers/create", *THERE, body=body, client="alice").decision
    assert isinstance(decision.document, dict)
    assert decision.document["HostConfig"] == {
        "VolumesFrom": [f"{MINE.id}:ro"],
        "Links": [f"{MINE.id}:mine"],
        "PidMode": f"container:{MINE.id}",
    }


# --- what is shown -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("thing", "seen"),
    [
        (MINE, True),
        (THEIRS, False),
        (NOBODYS, False),
        (network("net-mine", "d1", owner="alice"), True),
        (network("bridge", "d4"), True),
        (network("proxy", "d3"), True),
        (network("fed1", "fed1"), False),
        (network("nat", "d9"), False),
        (volume("cache"), True),
        (volume("vol-theirs", owner="bob"), False),
        (PLAIN, False),
        (image("alpine", owner="alice"), False),
        (Thing("service", "s1", ("web",), {STAMP: "alice"}), False),
    ],
)
def test_lists_show_ones_own_and_what_is_everybodys(thing: Thing, seen: bool) -> None:
    client = POLICY.clients["alice"]
    (grant,) = client.role.grants["networks.list"]
    known = {Need("image id", PLAIN.id): PLAIN}
    assert sees(client, grant, thing, Facts(known)) is seen
    assert filters(client, "networks.list", (grant,))


def test_a_stamp_counts_for_the_one_that_it_names_only() -> None:
    facts = Facts({Need("image id", full_id("e1")): PLAIN})
    assert is_own(MINE, POLICY.clients["alice"], facts)
    assert not is_own(MINE, POLICY.clients["bob"], facts)
    assert found(Need("image id", full_id("e1")), THERE) == PLAIN


# --- what loads --------------------------------------------------------------------------------

KEPT = "clients:\n  web:\n    own_objects_only: true\n    allow:\n      - {}\n"
ABOUT_NOBODY = ("system.ping", "system.version", "system.info", "system.auth")
NARROWED = ("system.events", "system.df", "networks.prune", "volumes.prune")


def is_ownable(name: str) -> bool:
    about = name.partition(".")[0] in ("containers", "checkpoints", "exec", "networks", "volumes")
    return (about and name not in ("containers.prune", "containers.commit")) or name in (
        *ABOUT_NOBODY,
        *NARROWED,
    )


@pytest.mark.parametrize("name", [name for name, one in OPERATIONS.items() if not one.refused])
def test_what_nobody_can_own_loads_only_if_it_says_that_it_is_shared(name: str) -> None:
    if is_ownable(name):
        policy_of(KEPT.format(name))
        return
    (says,) = complaints_about(KEPT.format(name))
    assert says.startswith(f"6: {name} cannot be kept to own objects: ")
    assert says.endswith(f"if it may reach everybody's, say `- {name}: {{shared: true}}`")
    policy_of(KEPT.format(f"{name}: {{shared: true}}"))


def test_a_set_of_what_nobody_can_own_is_told_to_be_listed() -> None:
    (says,) = complaints_about(KEPT.format("images/read"))
    assert "list the operations of images/read one by one, with `shared: true` where ne" in says


ROLE = """
roles:
  kept:
    own_objects_only: true
    allow: [{item}]
clients:
  web: {{role: kept}}
  free: {{role: kept, own_objects_only: false}}
"""


def test_a_role_keeps_its_clients_unless_they_say_otherwise() -> None:
    policy = policy_of(ROLE.format(item="containers.list"))
    assert policy.clients["web"].own.only
    assert not policy.clients["free"].own.only
    assert policy.stamps
    assert len(complaints_about(ROLE.format(item="images.list"))) == 1


def test_cases_of_a_role_are_judged_as_its_clients_are() -> None:
    policy_of(
        dedent(ROLE.format(item="containers.stop"))
        + dedent(
            """
            expect:
              - role: kept
                do: POST /containers/web/stop
                given: {container: {name: web}}
                then: deny
                because: not_owned
              - role: kept
                do: POST /containers/web/stop
                given: {container: {name: web, labels: {sockguard.owner: kept}}, image: {name: a}}
                then: allow
              - as: free
                do: POST /containers/web/stop
                then: allow
            """
        )
    )


def test_a_build_joins_the_very_container_that_was_judged() -> None:
    item = "build.run: {namespaces: network=container:web, query: {t: any}}"
    policy = policy_of(f"allow: [{item}]")
    do = "POST /build?networkmode=container:{}&t=a"
    for name in ("web", "/web", "c1"):
        decision = judge(policy, do.format(name), container("web")).decision
        assert dict(decision.pairs)["networkmode"] == f"container:{full_id('c1')}"
    own = OwnObjects(container_id=full_id("a1"), container_names=frozenset({"web"}))
    for name in ("web", "/web", "a1"):
        decision = judge(policy, do.format(name), container("web", "a1"), own=own).decision
        assert decision.reason is Reason.SELF_PROTECTION
