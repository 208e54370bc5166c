"""Views within whole verdicts: what they admit of a body, and what they leave refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sockguard.engine.catalogue.all import OPERATIONS
from sockguard.engine.facts import Need, Thing
from sockguard.engine.inspection import inspect_body
from sockguard.engine.shape import sensitive
from sockguard.errors import Malformed, Reason
from sockguard.policy.decide import decide
from sockguard.policy.model import MAIN
from sockguard.policy.question import Body, Decision, Effect, OwnObjects, Query, Question
from tests.support.gathering import facts_of
from tests.support.policies import allowing, policy_of

CLASSIFIED = (
    *(f"HostConfig.{name}" for name in ("Binds", "Mounts", "VolumesFrom", "VolumeDriver")),
    *(f"HostConfig.{name}" for name in ("CapAdd", "Devices", "DeviceCgroupRules")),
    *(f"HostConfig.{name}" for name in ("DeviceRequests", "NetworkMode", "PidMode", "IpcMode")),
    *(f"HostConfig.{name}" for name in ("PortBindings", "PublishAllPorts", "Privileged")),
    *("NetworkingConfig.EndpointsConfig", "DriverOpts", "Driver"),
    *("TaskTemplate.ContainerSpec.Mounts", "TaskTemplate.ContainerSpec.CapabilityAdd"),
    *("TaskTemplate.Networks", "Networks", "EndpointSpec.Ports", "TaskTemplate.PluginSpec"),
)
"""The fields that a policy has to name, as far as these tests are about them."""

OWN = OwnObjects(
    paths=frozenset({"/srv/guard/policy"}), engine_paths=frozenset({"/srv/engine/docker.sock"})
)


def asked(operation: str, document: object, **query: object) -> Question:
    shape = sensitive(OPERATIONS[operation].shape or {}, "All of it.")
    parts = inspect_body(shape, document).sensitive
    named = tuple(part for part in parts if part.path.startswith(CLASSIFIED))
    body = Body(document, present=True, sensitive=named)
    values = Query(query)  # type: ignore[arg-type]
    return Question(OPERATIONS[operation], (), values, body, OWN)


def judged(item: str, question: Question, *things: Thing) -> Decision:
    """Judge under one item, telling of these things whenever they are asked for."""
    client = policy_of(allowing(item)).clients[MAIN]
    return decide(client, replace(question, facts=facts_of(*things).known))


def create(**host: object) -> Question:
    return asked("containers.create", {"Image": "alpine", "HostConfig": host})


def refusal(item: str, question: Question, *things: Thing) -> tuple[str, str]:
    decision = judged(item, question, *things)
    assert decision.effect is Effect.DENY
    assert decision.reason is not None
    return decision.reason.value, decision.detail


MOUNT = {"Type": "bind", "Source": "/srv/builds/a", "Target": "/x", "ReadOnly": True}
UNDER = "containers.create: {host_paths: {under: /srv/builds}}"


def bind_options(device: str, **more: str) -> dict[str, object]:
    options = {"type": "none", "o": "bind", "device": device, **more}
    return {
        "Type": "volume",
        "Target": "/x",
        "VolumeOptions": {"DriverConfig": {"Name": "local", "Options": options}},
    }


@pytest.mark.parametrize(
    "host",
    [
        {"Binds": ["/srv/builds:/x:ro", "/srv/builds//a/:/y:ro"]},
        {"Binds": ["data:/x"], "Mounts": [MOUNT]},
        {"Mounts": [{"Type": "tmpfs", "Target": "/x"}]},
        {"Mounts": [{"Type": "volume", "Source": "data", "Target": "/x"}]},
        {"Binds": []},
        {},
    ],
)
def test_paths_under_a_folder_pass_in_every_encoding(host: dict[str, object]) -> None:
    data = Thing("volume", "data", ("data",))
    assert judged(UNDER, create(**host), data).effect is Effect.ALLOW


BINDS, MOUNTS = "HostConfig.Binds[]", "HostConfig.Mounts[]"
SOURCE, OPTIONS = f"{MOUNTS}.Source", f"{MOUNTS}.VolumeOptions.DriverConfig.Options"


@pytest.mark.parametrize(
    ("host", "reason", "detail"),
    [
        ({"Binds": ["/srv/builds:/x"]}, "view", BINDS),
        ({"Binds": ["/srv/builds/../secret:/x:ro"]}, "view", BINDS),
        ({"Binds": ["/srv/buildsx:/x:ro"]}, "view", BINDS),
        ({"Binds": ["/:/x:ro"]}, "view", BINDS),
        ({"Binds": ["/srv/builds\\..\\x:/x:ro"]}, "view", BINDS),
        ({"Binds": ["/srv/builds:/x:ro,rshared"]}, "body", BINDS),
        ({"Binds": ["/srv/builds:/x:ro,z"]}, "body", BINDS),
        ({"Binds": ["evil:/x:ro"]}, "view", BINDS),
        ({"Binds": ["data:/x"], "VolumeDriver": "sshfs"}, "body", BINDS),
        ({"Mounts": [{**MOUNT, "Source": "/etc"}]}, "view", SOURCE),
        ({"Mounts": [{**MOUNT, "ReadOnly": False}]}, "view", SOURCE),
        ({"Mounts": [MOUNT, {"Type": "image", "Source": "secrets"}]}, "body", MOUNTS),
        ({"Mounts": [MOUNT, {"Type": "npipe", "Source": "x"}]}, "body", MOUNTS),
        ({"Mounts": [MOUNT, {"Type": "cluster", "Source": "data"}]}, "body", MOUNTS),
        ({"Mounts": [{"Source": "/", "Target": "/x"}]}, "body", MOUNTS),
        (
            {"Mounts": [{**MOUNT, "BindOptions": {"Propagation": "rshared"}}]},
            "body",
            f"{MOUNTS}.BindOptions",
        ),
        ({"Mounts": [bind_options("/")]}, "view", OPTIONS),
        ({"Mounts": [bind_options("/srv/builds/a")]}, "view", OPTIONS),
        ({"Mounts": [bind_options("/", type="tmpfs")]}, "view", OPTIONS),
        (
            {"Mounts": [bind_options("/srv/builds", type="overlay", o="lowerdir=/")]},
            "view",
            OPTIONS,
        ),
        ({"Mounts": [bind_options("/dev/sda1", type="ext4", o="")]}, "view", OPTIONS),
        ({"Mounts": [bind_options("proc", type="proc", o="")]}, "view", OPTIONS),
        ({"VolumesFrom": ["web"]}, "body", "HostConfig.VolumesFrom"),
        ({"Privileged": True}, "body", "HostConfig.Privileged"),
    ],
)
def test_a_path_elsewhere_is_refused_in_every_encoding(
    host: dict[str, object], reason: str, detail: str
) -> None:
    evil = Thing("volume", "evil", ("evil",), host_path="/etc")
    data = Thing("volume", "data", ("data",))
    found = refusal(UNDER, create(**host), evil, data)
    assert found[0] == reason
    assert found[1].startswith(detail)


def test_services_and_volumes_are_held_to_the_same_word() -> None:
    for mount, allowed in ((MOUNT, True), ({**MOUNT, "Source": "/"}, False)):
        spec = {"Image": "a", "Mounts": [mount]}
        document: dict[str, object] = {"TaskTemplate": {"ContainerSpec": spec}}
        for operation in ("services.create", "services.update"):
            item = f"{operation}: {{host_paths: {{under: /srv/builds}}}}"
            assert judged(item, asked(operation, document)).allowed is allowed
    item = "volumes.create: {host_paths: {under: /srv/builds, writable: true}}"
    for device, allowed in (("/srv/builds/a", True), ("/etc", False)):
        options = {"type": "none", "o": "bind", "device": device}
        document = {"Driver": "local", "DriverOpts": options}
        assert judged(item, asked("volumes.create", document)).allowed is allowed


def test_a_relative_source_of_a_bind_is_malformed() -> None:
    with pytest.raises(Malformed):
        judged(UNDER, create(Binds=["./a:/x:ro"]))


@pytest.mark.parametrize("path", ["/srv/engine", "/srv/engine/docker.sock", "/srv/guard", "/srv"])
def test_a_folder_never_stands_for_sockets_and_files_of_engine_and_sockguard(path: str) -> None:
    question = create(Binds=[f"{path}:/x:ro"])
    under = "containers.create: {host_paths: {under: /srv}}"
    assert refusal(under, question)[0] == "view"
    if "guard" in path or path == "/srv":
        return  # written out, it would still be sockguard's own
    assert judged(f"containers.create: {{host_paths: {path}}}", question).effect is Effect.ALLOW


def test_a_raw_field_beside_a_view_opens_only_what_the_view_leaves_to_it() -> None:
    item = "containers.create: {host_paths: {under: /srv/builds}, body: {HostConfig.Binds: any}}"
    assert judged(item, create(Binds=["/srv/builds:/x:ro,z"])).effect is Effect.ALLOW
    assert refusal(item, create(Binds=["/etc:/x:ro,z"])) == ("view", BINDS)
    item = 'containers.create: {host_paths: any, body: {HostConfig.Binds: {equals: ["/a:/b"]}}}'
    assert judged(item, create(Binds=["/a:/b"])).effect is Effect.ALLOW
    assert refusal(item, create(Binds=["/c:/b"])) == ("body", "HostConfig.Binds")


def test_what_has_no_form_is_refused_by_one_alternative_and_left_to_the_other() -> None:
    question = create(Binds=["/srv/../etc:/x"])
    assert refusal("containers.create: {host_paths: any}", question) == ("view", BINDS)
    both = "containers.create: {any_of: [{host_paths: any}, {body: any}]}"
    assert judged(both, question).effect is Effect.ALLOW


def test_all_facts_that_views_rest_on_are_asked_for_at_once() -> None:
    item = "containers.create: {host_paths: any, networks: any, namespaces: any, user: any}"
    question = create(Binds=["a:/a"], NetworkMode="web", PidMode="container:db")
    assert judged(item, question).needs == {
        Need("volume", "a"),
        Need("network", "web"),
        Need("container", "db"),
        Need("image", "alpine"),
    }


def test_no_fact_is_asked_for_where_a_field_is_refused_anyway() -> None:
    item = "containers.create: {networks: web}"
    decision = judged(item, create(NetworkMode="web", Privileged=True))
    assert decision.needs == frozenset()
    assert decision.detail == "HostConfig.Privileged"


NETWORK = Thing("network", "1" * 64, ("web",))
HOST_NETWORK = Thing("network", "2" * 64, ("host",))
CONTAINER = Thing("container", "3" * 64, ("db",))


@pytest.mark.parametrize(
    ("item", "host", "detail"),
    [
        ("networks: web", {"NetworkMode": "web"}, ""),
        ("networks: web", {"NetworkMode": "1" * 64}, ""),
        ("networks: web", {}, "HostConfig.NetworkMode"),
        ("networks: [web, bridge]", {}, ""),
        ("networks: any", {"NetworkMode": "host"}, "HostConfig.NetworkMode"),
        ("networks: any", {"NetworkMode": "2" * 64}, "HostConfig.NetworkMode"),
        ("networks: any", {"NetworkMode": "container:db"}, "HostConfig.NetworkMode"),
        ("namespaces: network=host", {"NetworkMode": "host"}, ""),
        ("namespaces: network=container:db", {"NetworkMode": "container:" + "3" * 64}, ""),
        ("namespaces: network=container:web", {"NetworkMode": "container:db"}, "HostConfig.Ne"),
        ("namespaces: any", {"NetworkMode": "web"}, "HostConfig.NetworkMode"),
        ("namespaces: any", {"PidMode": "ns:/proc/1/ns/pid"}, "HostConfig.PidMode"),
        ("namespaces: pid=host", {"IpcMode": "host"}, "HostConfig.IpcMode"),
        ("capabilities: [NET_ADMIN]", {"CapAdd": ["cap_net_admin"]}, ""),
        ("capabilities: [NET_ADMIN]", {"CapAdd": ["all"]}, "HostConfig.CapAdd[]"),
        ("devices: /dev/kvm", {"Devices": [{"PathOnHost": "//dev/kvm"}]}, ""),
        ("devices: /dev/kvm", {"Devices": [{"PathOnHost": "/dev/kvm/../sda"}]}, "HostConfig.Dev"),
        ("devices: /dev/kvm", {"DeviceCgroupRules": ["a *:* rwm"]}, "HostConfig.DeviceCgroupR"),
        ("devices: /dev/kvm", {"DeviceRequests": [{"Count": -1}]}, "HostConfig.DeviceRequests"),
        ("ports: 8080", {"PortBindings": {"80/tcp": [{"HostPort": "8080"}]}}, ""),
        ("ports: 8080", {"PortBindings": {"80/tcp": [{"HostPort": "22"}]}}, "HostConfig.PortB"),
        ("ports: 8080", {"PortBindings": {"80/tcp": [{}]}}, "HostConfig.PortBindings{}"),
        ("ports: 1-65535", {"PublishAllPorts": True}, "HostConfig.PublishAllPorts"),
    ],
)
def test_a_view_admits_the_fields_that_it_judges_and_no_others(
    item: str, host: dict[str, object], detail: str
) -> None:
    line = f"containers.create: {{{item}}}"
    decision = judged(line, create(**host), NETWORK, HOST_NETWORK, CONTAINER)
    assert decision.allowed is not bool(detail)
    assert decision.detail.startswith(detail)


def test_a_service_cannot_reach_the_network_of_the_host_by_either_list() -> None:
    for document in (
        {"Networks": [{"Target": "host"}]},
        {"TaskTemplate": {"Networks": [{"Target": "host"}, {"Target": "web"}]}},
    ):
        question = asked("services.create", document)
        assert refusal("services.create: {networks: any}", question, NETWORK)[0] == "body"


def test_a_plugin_is_no_service_that_a_view_admits() -> None:
    document = {"TaskTemplate": {"Runtime": "plugin", "PluginSpec": {"Remote": "evil.io/p"}}}
    found = refusal("services.create: {image: any, user: any}", asked("services.create", document))
    assert found == ("body", "TaskTemplate.PluginSpec")


@pytest.mark.parametrize(
    ("user", "image_user", "allowed"),
    [
        ("1000", "", True),
        ("00", "1000", False),
        ("root:x", "1000", False),
        ("", "1000", True),
        ("", "", False),
        ("", "root", False),
        ("", "app", False),
    ],
)
def test_a_container_is_kept_from_root_however_root_is_spelt(
    user: str, image_user: str, allowed: bool
) -> None:
    image = Thing("image", "sha256:1", ("alpine",), user=image_user)
    question = asked("containers.create", {"Image": "alpine", "User": user})
    decision = judged("containers.create: {user: {at_least: 1000}}", question, image)
    assert decision.allowed is allowed
    assert decision.detail == ("" if allowed else "User")


def test_the_network_of_a_build_is_named_by_views_in_place_of_the_parameter() -> None:
    def of(item: str, mode: str) -> Decision:
        client = policy_of(allowing(f"build.run: {{{item}}}")).clients[MAIN]
        query = Query({"networkmode": mode})
        facts = {Need("network", "web"): NETWORK, Need("container", "db"): CONTAINER}
        operation = OPERATIONS["build.run"]
        return decide(client, Question(operation, (), query, Body(), OWN, facts=facts))

    assert of("networks: web", "web").effect is Effect.ALLOW
    assert of("networks: any", "host").reason is Reason.QUERY
    assert of("namespaces: network=host", "host").effect is Effect.ALLOW
    assert of("namespaces: network=host", "container:db").reason is Reason.VIEW
    assert of("namespaces: any", "web").reason is Reason.QUERY


def test_report_mode_tells_what_a_view_would_refuse() -> None:
    text = "mode: report\n" + allowing("containers.kill: {signal: HUP}")
    client = policy_of(text).clients[MAIN]
    operation = OPERATIONS["containers.kill"]
    decision = decide(client, Question(operation, ("web",), Query({"signal": "9"}), Body()))
    assert decision.effect is Effect.WOULD_DENY
    assert decision.reason is Reason.VIEW
    assert decision.detail == "signal"
    assert "signal: any" in decision.hint
