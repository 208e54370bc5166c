"""What the demo engine says of itself: disk usage in both forms, facts, plugins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.asking import ask, get

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.demo_engine import RunningDemo

OLD = {"LayersSize", "Images", "Containers", "Volumes", "BuildCache"}
NEW = {"ImageUsage", "ContainerUsage", "VolumeUsage", "BuildCacheUsage"}


@pytest.fixture
def newest(demo: RunningDemo) -> Iterator[RunningDemo]:
    demo.engine.configure({"api_max": [1, 56]})
    yield demo
    demo.engine.configure({"api_max": [1, 47]})


@pytest.mark.parametrize(
    ("target", "names"),
    [
        ("/v1.41/system/df?type=volume", OLD),
        ("/v1.47/system/df", OLD),
        ("/v1.47/system/df?type=volume&type=container", {"Volumes", "Containers"}),
        ("/v1.52/system/df", OLD | NEW),
        ("/v1.52/system/df?verbose=1", NEW),
        ("/v1.53/system/df", NEW),
        ("/v1.56/system/df?type=volume", {"VolumeUsage"}),
    ],
)
def test_disk_usage_has_the_form_of_its_version(
    newest: RunningDemo, target: str, names: set[str]
) -> None:
    assert set(get(newest, target)) == names


def test_disk_usage_shows_whole_objects_when_asked(newest: RunningDemo) -> None:
    old = get(newest, "/v1.47/system/df")
    new = get(newest, "/v1.56/system/df?verbose=1")
    for shown in (old["Containers"], new["ContainerUsage"]["Items"]):
        (web,) = [item for item in shown if item["Names"] == ["/web"]]
        assert web["Labels"]["traefik.enable"] == "true"
        assert web["SizeRw"] > 0
    for shown in (old["Volumes"], new["VolumeUsage"]["Items"]):
        (data,) = [item for item in shown if item["Name"] == "db-data"]
        assert data["UsageData"]["RefCount"] == 1
        assert data["Mountpoint"] == "/var/lib/docker/volumes/db-data/_data"
    assert "Items" not in get(newest, "/v1.56/system/df")["VolumeUsage"]
    assert ask(newest, "GET", "/v1.47/system/df?type=melon").status == 400


def test_the_info_tells_proxies_labels_and_mirrors(demo: RunningDemo) -> None:
    info = get(demo, "/info")
    assert info["HttpProxy"].startswith("http://xxxxx:xxxxx@")
    assert info["Labels"] == ["region=lab"]
    assert info["RegistryConfig"]["Mirrors"] == ["https://mirror.example.com/"]


def test_a_plugin_has_settings_and_can_be_set(demo: RunningDemo) -> None:
    (plugin,) = get(demo, "/plugins")
    assert plugin["Settings"]["Env"][1] == "NETFS_PASSWORD=not-a-real-password"
    for reference in ("example/netfs", "example/netfs:latest", plugin["Id"][:12]):
        assert get(demo, f"/plugins/{reference}/json")["Id"] == plugin["Id"]
    assert ask(demo, "POST", "/plugins/example/netfs/set", ["DEBUG=1"]).status == 204
    assert "DEBUG=1" in get(demo, "/plugins/example/netfs/json")["Settings"]["Env"]
    assert ask(demo, "POST", "/plugins/example/netfs/disable").status == 200
    assert get(demo, "/plugins?filters={%22enabled%22:[%22true%22]}") == []
    assert ask(demo, "POST", "/plugins/example/netfs/enable").status == 200
    answer = ask(demo, "GET", "/plugins/nope/json")
    assert (answer.status, answer.message) == (404, 'plugin "nope" not found')
    names = {item["Name"] for item in get(demo, "/plugins/privileges?remote=example/netfs")}
    assert names == {"network", "mount", "capabilities"}
