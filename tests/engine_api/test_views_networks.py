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

WEB = Thing("network", "1" * 64, ("web",))
OF_HOST = Thing("network", "2" * 64, ("host",))
FACTS = facts_of(WEB, OF_HOST, absent=[("network", "gone")])
MODE = "HostConfig.NetworkMode"
KEY = "NetworkingConfig.EndpointsConfig{}"


def endpoints(**networks: object) -> dict[str, object]:
    return {
        "HostConfig": {"NetworkMode": "none"},
        "NetworkingConfig": {"EndpointsConfig": networks},
    }


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        *((mode, ["bridge"]) for mode in ("bridge", "default", "", None)),
        ("none", []),
        ("web", ["web"]),
        ("1" * 64, ["web"]),
        ("gone", ["gone"]),
        ("ns:/proc/1/ns/net", [STRANGE + "ns:/proc/1/ns/net"]),
        ("a/b", [STRANGE + "a/b"]),
    ],
)
def test_the_network_of_a_container_is_judged_by_its_real_name(
    mode: object, expected: list[str]
) -> None:
    document = within_host_config(NetworkMode=mode)
    found = gather("networks", "containers.create", document, facts=FACTS)
    assert values(found) == expected
    assert MODE not in unjudged("containers.create", document, found)


@pytest.mark.parametrize("mode", ["host", "container:web", "2" * 64])
def test_what_is_shared_is_not_judged_as_a_network(mode: str) -> None:
    document = within_host_config(NetworkMode=mode)
    found = gather("networks", "containers.create", document, facts=FACTS)
    assert values(found) in ([], ["host"])
    assert MODE in unjudged("containers.create", document, found)
    document = endpoints(**{mode: {"Aliases": ["db"]}})
    found = gather("networks", "containers.create", document, facts=FACTS)
    assert {KEY, f"{KEY}.Aliases"} <= unjudged("containers.create", document, found)


def test_without_a_host_config_it_is_the_default_network() -> None:
    assert values(gather("networks", "containers.create", {})) == ["bridge"]


def test_every_endpoint_counts_by_name_and_by_the_id_that_wins() -> None:
    document = endpoints(web={"Aliases": ["db"]}, gone={"NetworkID": "1" * 64}, none={})
    found = gather("networks", "containers.create", document, facts=FACTS)
    assert values(found) == ["web", "gone", "web"]
    assert unjudged("containers.create", document, found) <= {"HostConfig", MODE}


def test_the_id_of_an_endpoint_cannot_bring_in_the_network_of_the_host() -> None:
    document = endpoints(web={"NetworkID": "2" * 64})
    found = gather("networks", "containers.create", document, facts=FACTS)
    assert "host" in values(found)
    assert KEY in unjudged("containers.create", document, found)


def test_what_else_an_endpoint_says_is_left_to_others() -> None:
    document = endpoints(
        web={
            "IPAMConfig": {"IPv4Address": "10.0.0.1"},
            "MacAddress": "02:00:00:00:00:01",
            "DriverOpts": {"a": "b"},
            "GwPriority": 5,
            "Links": ["db:db"],
            "DNSNames": ["db"],
        }
    )
    found = gather("networks", "containers.create", document, facts=FACTS)
    left = unjudged("containers.create", document, found)
    for name in ("IPAMConfig", "MacAddress", "DriverOpts", "GwPriority", "Links", "DNSNames"):
        assert f"{KEY}.{name}" in left


def test_an_endpoint_without_a_name_speaks_for_no_other() -> None:
    document = endpoints(**{"": {"Aliases": ["x"]}, "container:web": {"Aliases": ["x"]}})
    found = gather("networks", "containers.create", document, facts=FACTS)
    assert not found.cover.admits(("NetworkingConfig", "EndpointsConfig", "{container:web}"))
    assert not found.cover.admits(("NetworkingConfig", "EndpointsConfig", "{}"))


@pytest.mark.parametrize("operation", ["services.create", "services.update"])
def test_both_lists_of_a_service_count(operation: str) -> None:
    document = {
        "Networks": [{"Target": "gone", "Aliases": ["db"], "DriverOpts": {"a": "b"}}],
        "TaskTemplate": {"Networks": [{"Target": "1" * 64}, {"Target": "none"}]},
    }
    found = gather("networks", operation, document, facts=FACTS)
    assert sorted(values(found)) == ["gone", "web"]
    assert unjudged(operation, document, found) == {
        *("TaskTemplate", "Networks[].DriverOpts", "Networks[].DriverOpts{}")
    } - {"TaskTemplate"}


@pytest.mark.parametrize("target", ["host", "2" * 64])
def test_a_service_in_the_network_of_the_host_is_not_judged_as_a_network(target: str) -> None:
    for document in (
        {"Networks": [{"Target": "web"}, {"Target": target}]},
        {"TaskTemplate": {"Networks": [{"Target": target}]}},
    ):
        found = gather("networks", "services.create", document, facts=FACTS)
        left = unjudged("services.create", document, found)
        assert any(path.endswith("Networks[].Target") for path in left)


def test_a_network_without_a_name_has_no_form() -> None:
    found = gather("networks", "services.create", {"Networks": [{"Aliases": ["x"]}]})
    assert values(found) == [STRANGE]


@pytest.mark.parametrize("operation", ["networks.connect", "networks.disconnect"])
def test_connecting_names_the_network_in_the_path(operation: str) -> None:
    found = gather("networks", operation, {"Container": "x"}, names=("1" * 64,), facts=FACTS)
    assert values(found) == ["web"]
    assert found.items[0].where == "path"


def test_the_id_within_an_endpoint_counts_on_connecting_too() -> None:
    document = {"Container": "x", "EndpointConfig": {"NetworkID": "gone", "MacAddress": "x"}}
    found = gather("networks", "networks.connect", document, names=("web",), facts=FACTS)
    assert values(found) == ["web", "gone"]
    assert "EndpointConfig.MacAddress" in unjudged("networks.connect", document, found)
    assert "EndpointConfig.NetworkID" not in unjudged("networks.connect", document, found)


@pytest.mark.parametrize(
    ("mode", "expected", "parameters"),
    [
        (None, ["bridge"], {"networkmode"}),
        ("web", ["web"], {"networkmode"}),
        ("none", [], {"networkmode"}),
        ("HOST", ["HOST"], {"networkmode"}),
        ("host", [], set()),
        ("container:web", [], set()),
        ("2" * 64, ["host"], set()),
    ],
)
def test_a_build_names_its_network_too(
    mode: str | None, expected: list[str], parameters: set[str]
) -> None:
    facts = facts_of(WEB, OF_HOST, absent=[("network", "HOST")])
    query = {} if mode is None else {"networkmode": mode}
    found = gather("networks", "build.run", query=query, facts=facts)
    assert values(found) == expected
    assert found.parameters == parameters


def test_all_networks_that_nobody_asked_for_are_noted_at_once() -> None:
    facts = Facts()
    document = {
        "HostConfig": {"NetworkMode": "a"},
        "NetworkingConfig": {"EndpointsConfig": {"a": {}, "b": {"NetworkID": "c"}}},
    }
    gather("networks", "containers.create", document, facts=facts)
    assert facts.missing == {Need("network", name) for name in "abc"}
