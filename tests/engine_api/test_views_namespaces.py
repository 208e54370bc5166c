from __future__ import annotations

import pytest

from sockguard.engine.facts import Facts, Need, Thing
from tests.support.gathering import (
    STRANGE,
    facts_of,
    gather,
    unjudged,
    values,
    within_host_config,
)

WEB = Thing("container", "1" * 64, ("web",))
FACTS = facts_of(WEB, absent=[("container", "gone")])


@pytest.mark.parametrize(
    ("field", "mode", "expected"),
    [
        ("NetworkMode", "host", ["network=host"]),
        ("NetworkMode", "container:web", ["network=container:web"]),
        ("NetworkMode", "container:/web", ["network=container:web"]),
        ("NetworkMode", "container:" + "1" * 64, ["network=container:web"]),
        ("NetworkMode", "container:gone", ["network=container:gone"]),
        ("NetworkMode", "container:", [STRANGE + "container:"]),
        ("NetworkMode", "container:a/b", [STRANGE + "container:a/b"]),
        ("PidMode", "host", ["pid=host"]),
        ("PidMode", "container:web", ["pid=container:web"]),
        ("PidMode", "HOST", [STRANGE + "HOST"]),
        ("PidMode", "ns:/proc/1/ns/pid", [STRANGE + "ns:/proc/1/ns/pid"]),
        ("IpcMode", "host", ["ipc=host"]),
        ("IpcMode", "shareable", ["ipc=shareable"]),
        ("IpcMode", "container:web", ["ipc=container:web"]),
        ("IpcMode", "private", []),
        ("IpcMode", "none", []),
        ("UTSMode", "host", ["uts=host"]),
        ("UTSMode", "container:web", [STRANGE + "container:web"]),
        ("UsernsMode", "host", ["userns=host"]),
        ("UsernsMode", "keep-id", [STRANGE + "keep-id"]),
        ("CgroupnsMode", "host", ["cgroupns=host"]),
        ("CgroupnsMode", "private", []),
        ("Cgroup", "container:web", ["cgroup=container:web"]),
        ("Cgroup", "host", [STRANGE + "host"]),
    ],
)
def test_what_is_shared_has_one_form(field: str, mode: str, expected: list[str]) -> None:
    document = within_host_config(**{field: mode})
    found = gather("namespaces", "containers.create", document, facts=FACTS)
    assert values(found) == expected
    assert f"HostConfig.{field}" not in unjudged("containers.create", document, found)
    assert [item.where for item in found.items] == [f"HostConfig.{field}"] * len(expected)


@pytest.mark.parametrize("mode", ["web", "bridge", "none"])
def test_a_network_is_left_to_the_view_of_networks(mode: str) -> None:
    document = within_host_config(NetworkMode=mode)
    found = gather("namespaces", "containers.create", document)
    assert values(found) == []
    assert not found.cover.admits(("HostConfig", "NetworkMode"))


@pytest.mark.parametrize("mode", ["host", "container:web"])
def test_an_endpoint_called_as_the_mode_says_nothing_more(mode: str) -> None:
    document = {
        "HostConfig": {"NetworkMode": mode},
        "NetworkingConfig": {"EndpointsConfig": {mode: {"Aliases": ["x"]}, "other": {}}},
    }
    found = gather("namespaces", "containers.create", document, facts=FACTS)
    place = ("NetworkingConfig", "EndpointsConfig")
    assert found.cover.admits((*place, "{" + mode + "}"))
    assert not found.cover.admits((*place, "{" + mode + "}", "Aliases"))
    assert not found.cover.admits((*place, "{other}"))


def test_privileged_and_security_options_are_left_to_others() -> None:
    document = within_host_config(PidMode="host", Privileged=True, SecurityOpt=["label:disable"])
    found = gather("namespaces", "containers.create", document)
    assert {"HostConfig.Privileged", "HostConfig.SecurityOpt"} <= unjudged(
        "containers.create", document, found
    )


@pytest.mark.parametrize("operation", ["services.create", "services.update"])
def test_the_network_of_the_host_counts_in_both_lists_of_a_service(operation: str) -> None:
    for document in (
        {"Networks": [{"Target": "host"}]},
        {"TaskTemplate": {"Networks": [{"Target": "host"}]}},
    ):
        found = gather("namespaces", operation, document)
        assert values(found) == ["network=host"]
        assert unjudged(operation, document, found) == set()


def test_a_list_that_names_other_networks_too_is_not_judged_by_its_host() -> None:
    document = {"Networks": [{"Target": "host"}, {"Target": "web"}]}
    found = gather("namespaces", "services.create", document)
    assert values(found) == ["network=host"]
    assert "Networks[].Target" in unjudged("services.create", document, found)


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("host", ["network=host"]),
        ("container:1", ["network=container:1"]),
        ("container:web", ["network=container:web"]),
    ],
)
def test_a_build_may_share_a_network_too(mode: str, expected: list[str]) -> None:
    facts = facts_of(WEB, absent=[("container", "1")])
    found = gather("namespaces", "build.run", query={"networkmode": mode}, facts=facts)
    assert values(found) == expected
    assert found.parameters == {"networkmode"}


@pytest.mark.parametrize("query", [{}, {"networkmode": "none"}, {"networkmode": "web"}])
def test_other_networks_of_a_build_are_left_to_the_view_of_networks(query: dict[str, str]) -> None:
    found = gather("namespaces", "build.run", query=query)
    assert values(found) == []
    assert found.parameters == set()


def test_all_containers_that_nobody_asked_for_are_noted_at_once() -> None:
    facts = Facts()
    document = within_host_config(PidMode="container:a", IpcMode="container:/b")
    gather("namespaces", "containers.create", document, facts=facts)
    assert facts.missing == {Need("container", "a"), Need("container", "b")}
