"""Networks of the demo engine: found by three kinds of reference, kept with all that was asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.asking import ask, get, make, run

if TYPE_CHECKING:
    from tests.support.demo_engine import RunningDemo

BODY: dict[str, Any] = {
    "Name": "made",
    "Driver": "bridge",
    "Internal": True,
    "Labels": {"owner": "me"},
    "Options": {"com.docker.network.bridge.name": "br-made"},
    "IPAM": {"Config": [{"Subnet": "10.9.8.0/24", "Gateway": "10.9.8.1"}]},
}


@pytest.fixture
def made(demo: RunningDemo) -> str:
    known = [item["Id"] for item in get(demo, "/networks") if item["Name"] == "made"]
    return known[0] if known else str(ask(demo, "POST", "/networks/create", BODY).json["Id"])


def test_a_network_is_shown_whole_under_id_name_and_prefix(demo: RunningDemo, made: str) -> None:
    for reference in (made, "made", made[:12]):
        shown = get(demo, f"/networks/{reference}")
        assert shown["Id"] == made
        assert {key: shown[key] for key in ("Name", "Internal", "Labels", "Options")} == {
            key: BODY[key] for key in ("Name", "Internal", "Labels", "Options")
        }
        assert shown["IPAM"]["Config"] == BODY["IPAM"]["Config"]


CREATE = ("POST", "/networks/create")


@pytest.mark.parametrize(
    ("asked", "body", "refused"),
    [
        (("GET", "/networks/nowhere"), None, (404, "network nowhere not found")),
        (CREATE, {"Name": "made"}, (409, "network with name made already exists")),
        (CREATE, {"Name": "host"}, (403, "operation is not permitted on predefined host network ")),
        (
            ("POST", "/networks/made/connect"),
            {"Container": "nobody"},
            (404, "No such container: nobody"),
        ),
    ],
)
def test_refusals_have_the_engine_s_words(
    demo: RunningDemo, made: str, asked: tuple[str, str], body: object, refused: tuple[int, str]
) -> None:
    answer = ask(demo, *asked, body)
    assert (answer.status, answer.message) == refused
    assert get(demo, f"/networks/{made}")["Name"] == "made"


def test_what_is_in_use_or_needs_a_swarm_is_refused(demo: RunningDemo, made: str) -> None:
    answer = ask(demo, "DELETE", "/networks/backend")
    assert answer.status == 403
    assert "network backend has active endpoints" in answer.message
    answer = ask(demo, "POST", "/networks/create", {"Name": "o", "Driver": "overlay"})
    assert answer.status == 403
    assert answer.message.startswith("This node is not a swarm manager.")
    answer = ask(demo, "POST", f"/networks/{made}/disconnect", {"Container": "web"})
    assert answer.status == 403
    assert "is not connected to network made" in answer.message


def test_a_container_comes_and_goes(demo: RunningDemo, made: str) -> None:
    identity = run(demo, "moving")
    end = {"Aliases": ["db"], "IPAMConfig": {"IPv4Address": "10.9.8.7"}}
    body = {"Container": identity[:12], "EndpointConfig": end}
    assert ask(demo, "POST", f"/networks/{made[:12]}/connect", body).status == 200
    shown = get(demo, "/containers/moving/json")["NetworkSettings"]["Networks"]["made"]
    assert (shown["IPAddress"], shown["NetworkID"]) == ("10.9.8.7", made)
    assert shown["Aliases"] == ["db"]
    inside = get(demo, "/networks/made")["Containers"]
    assert inside[identity]["IPv4Address"] == "10.9.8.7/24"
    again = ask(demo, "POST", "/networks/made/connect", body)
    assert again.status == 403
    assert ask(demo, "POST", "/networks/made/disconnect", {"Container": "moving"}).status == 200
    assert identity not in get(demo, "/networks/made")["Containers"]


def test_a_stopped_container_keeps_its_networks_but_no_address(demo: RunningDemo) -> None:
    run(demo, "stopping", HostConfig={"NetworkMode": "frontend"})
    ask(demo, "POST", "/containers/stopping/stop")
    (end,) = get(demo, "/containers/stopping/json")["NetworkSettings"]["Networks"].values()
    assert (end["IPAddress"], end["EndpointID"]) == ("", "")
    assert end["NetworkID"] == get(demo, "/networks/frontend")["Id"]


def test_a_mode_may_name_a_network_by_its_id(demo: RunningDemo, made: str) -> None:
    make(demo, "by-id", HostConfig={"NetworkMode": made[:12]})
    ask(demo, "POST", "/containers/by-id/start")
    shown = get(demo, "/containers/by-id/json")
    assert list(shown["NetworkSettings"]["Networks"]) == ["made"]
    ask(demo, "DELETE", "/containers/by-id?force=1")


def test_prune_takes_what_its_labels_name(demo: RunningDemo) -> None:
    for name in ("gone", "kept"):
        ask(demo, "POST", "/networks/create", {"Name": name, "Labels": {"n": name}})
    answer = ask(demo, "POST", "/networks/prune?filters={%22label%22:[%22n=gone%22]}")
    assert answer.json == {"NetworksDeleted": ["gone"]}
    assert get(demo, "/networks/kept")["Labels"] == {"n": "kept"}
    answer = ask(demo, "POST", "/networks/prune?filters={%22label%22:[%22n=gone%22]}")
    assert answer.json == {"NetworksDeleted": None}
