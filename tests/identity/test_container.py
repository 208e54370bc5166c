from __future__ import annotations

from ipaddress import ip_address
from typing import Any

import pytest

from sockguard.identity.caller import CallingContainer
from sockguard.identity.container import by_address, runs_at

ID, OTHER = "4b" * 32, "5c" * 32
HERE, THERE, SIX = ip_address("10.0.0.5"), ip_address("10.0.1.5"), ip_address("fd00::5")
AGENT = CallingContainer(ID, "agent-1", (("role", "db"), ("tier", "1")))


def networks(**addresses: str) -> dict[str, Any]:
    ends = {name: {"IPAddress": text, "GlobalIPv6Address": ""} for name, text in addresses.items()}
    return {"Networks": ends}


def listed(**more: Any) -> dict[str, Any]:
    """A container as the Engine lists it."""
    labels = {"tier": "1", "role": "db"}
    settings = {"NetworkSettings": networks(callers=str(HERE))}
    return {"Id": ID, "Names": ["/agent-1"], "Labels": labels} | settings | more


def inspected(**more: Any) -> dict[str, Any]:
    """The same container as the Engine tells of it alone."""
    return {
        "Id": ID,
        "Name": "/agent-1",
        "State": {"Running": True, "Status": "running"},
        "Config": {"Labels": {"tier": "1", "role": "db"}},
        "NetworkSettings": networks(callers=str(HERE)),
    } | more


def test_each_address_leads_to_who_has_it() -> None:
    ends = networks(callers=str(HERE), others=str(THERE))
    ends["Networks"]["others"]["GlobalIPv6Address"] = str(SIX)
    other = listed(Id=OTHER, Names=["/web"], Labels=None)
    found = by_address([listed(NetworkSettings=ends), other])
    assert found == {
        HERE: [AGENT, CallingContainer(OTHER, "web")],
        THERE: [AGENT],
        SIX: [AGENT],
    }


def test_a_container_with_one_address_on_two_networks_is_one() -> None:
    ends = networks(callers=str(HERE), others=str(HERE))
    assert by_address([listed(NetworkSettings=ends)]) == {HERE: [AGENT]}


@pytest.mark.parametrize("settings", [None, {}, {"Networks": None}, networks(host="")])
def test_who_has_no_address_is_nowhere(settings: object) -> None:
    assert by_address([listed(NetworkSettings=settings)]) == {}


@pytest.mark.parametrize(
    ("names", "name"),
    [
        (["/web/alias", "/agent-1", "/db/agent-1"], "agent-1"),
        (["/web/agent-1"], ""),
        (["/agent-1", "/agent-2"], ""),
        ([], ""),
    ],
)
def test_names_of_links_are_none_of_its_own(names: list[str], name: str) -> None:
    assert by_address([listed(Names=names)])[HERE][0].name == name


@pytest.mark.parametrize(
    "document",
    [
        None,
        {},
        "x",
        {ID: listed()},
        [None],
        [[]],
        [listed(Id=None)],
        [listed(Names=None)],
        [listed(), {"Names": ["/x"]}],
        [listed(NetworkSettings=networks(callers="10.0.0.5/24"))],
        [listed(NetworkSettings=networks(callers="invalid IP"))],
        [listed(NetworkSettings=networks(callers="10.0.0.05"))],
    ],
)
def test_what_is_no_list_of_containers_and_addresses_is_refused(document: object) -> None:
    with pytest.raises(ValueError, match=r"did not answer|is no container|IPv4"):
        by_address(document)


def test_a_container_runs_where_it_says_itself() -> None:
    assert runs_at(inspected(), AGENT, HERE)


@pytest.mark.parametrize(
    "more",
    [
        {"Id": OTHER},
        {"Id": None},
        {"Name": "/agent-2"},
        {"Name": "/web/agent-1"},
        {"State": {"Running": False}},
        {"State": {"Running": "true"}},
        {"State": {}},
        {"State": None},
        {"Config": {"Labels": {"tier": "1"}}},
        {"Config": {"Labels": {"tier": "1", "role": "db", "x": "y"}}},
        {"Config": None},
        {"NetworkSettings": networks(callers=str(THERE))},
        {"NetworkSettings": networks(callers="")},
        {"NetworkSettings": None},
    ],
)
def test_it_does_not_where_anything_is_another(more: dict[str, object]) -> None:
    assert not runs_at(inspected(**more), AGENT, HERE)


@pytest.mark.parametrize("document", [None, [], "x", {}])
def test_what_is_no_container_runs_nowhere(document: object) -> None:
    assert not runs_at(document, AGENT, HERE)
