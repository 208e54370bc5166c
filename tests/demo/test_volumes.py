"""Volumes of the demo engine: made on demand, never changed by being asked for again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from tests.support.asking import ask, get, make

if TYPE_CHECKING:
    from tests.support.demo_engine import RunningDemo

EVIL = {"type": "none", "o": "bind", "device": "/"}


def test_a_volume_is_shown_with_its_options(demo: RunningDemo) -> None:
    made = ask(
        demo, "POST", "/volumes/create", {"Name": "o", "DriverOpts": EVIL, "Labels": {"a": "b"}}
    )
    assert made.status == 201
    shown = get(demo, "/volumes/o")
    assert made.json == shown
    assert (shown["Options"], shown["Labels"]) == (EVIL, {"a": "b"})
    assert shown["Mountpoint"] == "/var/lib/docker/volumes/o/_data"
    listed = get(demo, "/volumes?filters={%22name%22:[%22o%22]}")
    assert listed["Warnings"] is None
    assert shown in listed["Volumes"]


def test_a_name_that_exists_is_answered_as_it_is(demo: RunningDemo) -> None:
    ask(demo, "POST", "/volumes/create", {"Name": "first", "DriverOpts": EVIL})
    again = ask(demo, "POST", "/volumes/create", {"Name": "first", "Labels": {"mine": "1"}})
    assert again.status == 201
    assert (again.json["Options"], again.json["Labels"]) == (EVIL, None)
    other = ask(demo, "POST", "/volumes/create", {"Name": "first", "Driver": "nfs"})
    assert other.status == 409


def test_volumes_are_made_by_binds_mounts_and_images(demo: RunningDemo) -> None:
    options = {"Labels": {"l": "m"}, "DriverConfig": {"Name": "local", "Options": EVIL}}
    make(
        demo,
        "implicit",
        Volumes={"/anonymous": {}},
        HostConfig={
            "Binds": ["by-bind:/b"],
            "Mounts": [
                {"Type": "volume", "Source": "by-mount", "Target": "/m", "VolumeOptions": options}
            ],
        },
    )
    assert get(demo, "/volumes/by-bind")["Options"] is None
    assert get(demo, "/volumes/by-mount")["Options"] == EVIL
    assert get(demo, "/volumes/by-mount")["Labels"] == {"l": "m"}
    mounts = get(demo, "/containers/implicit/json")["Mounts"]
    (anonymous,) = [mount for mount in mounts if mount["Destination"] == "/anonymous"]
    labels = get(demo, f"/volumes/{anonymous['Name']}")["Labels"]
    assert labels == {"com.docker.volume.anonymous": ""}
    ask(demo, "DELETE", "/containers/implicit?v=1")
    assert ask(demo, "GET", f"/volumes/{anonymous['Name']}").status == 404
    assert get(demo, "/volumes/by-mount")["Options"] == EVIL


def test_a_volume_that_exists_is_mounted_as_it_is(demo: RunningDemo) -> None:
    ask(demo, "POST", "/volumes/create", {"Name": "planted", "DriverOpts": EVIL})
    driver = {"DriverConfig": {"Options": {"type": "tmpfs", "device": "tmpfs"}}}
    mount = {"Type": "volume", "Source": "planted", "Target": "/p", "VolumeOptions": driver}
    make(demo, "mounts-planted", HostConfig={"Mounts": [mount]})
    assert get(demo, "/volumes/planted")["Options"] == EVIL


def test_mounts_are_inherited_from_other_containers(demo: RunningDemo) -> None:
    make(demo, "giver", HostConfig={"Binds": ["/srv:/srv", "given:/given"]})
    make(demo, "taker", HostConfig={"VolumesFrom": ["giver:ro"]})
    mounts = get(demo, "/containers/taker/json")["Mounts"]
    assert [(mount["Source"], mount["RW"]) for mount in mounts] == [
        ("/srv", False),
        ("/var/lib/docker/volumes/given/_data", False),
    ]


@pytest.mark.parametrize(
    ("host_config", "says"),
    [
        ({"Binds": ["/a:/x", "/b:/x/"]}, "Duplicate mount point: /x"),
        ({"Binds": ["/a"]}, "invalid volume specification: '/a'"),
        ({"Mounts": [{"Type": "bind", "Source": "/a"}]}, "field Target must not be empty"),
    ],
)
def test_mounts_that_cannot_be_are_refused(
    demo: RunningDemo, host_config: dict[str, Any], says: str
) -> None:
    body = {"Image": "busybox", "HostConfig": host_config}
    answer = ask(demo, "POST", "/containers/create", body)
    assert answer.status == 400
    assert says in answer.message


def test_what_is_in_use_stays(demo: RunningDemo) -> None:
    identity = make(demo, "user", HostConfig={"Binds": ["used:/u"]})
    answer = ask(demo, "DELETE", "/volumes/used")
    assert (answer.status, answer.message) == (
        409,
        f"remove used: volume is in use - [{identity}]",
    )
    missing = ask(demo, "DELETE", "/volumes/missing")
    assert (missing.status, missing.message) == (404, "get missing: no such volume")


@pytest.mark.parametrize(
    ("target", "filters", "gone"),
    [
        ("/v1.47", {}, set()),
        ("/v1.41", {"label": ["kind=pruned"]}, {"pruned-1", "pruned-2"}),
        ("/v1.47", {"all": ["1"], "label": ["kind=pruned", "one"]}, {"pruned-1"}),
        ("/v1.47", {"all": ["true"], "label!": ["one"], "label": ["kind=pruned"]}, {"pruned-2"}),
    ],
)
def test_prune_takes_what_its_filters_name(
    demo: RunningDemo, target: str, filters: dict[str, list[str]], gone: set[str]
) -> None:
    for name, labels in (("pruned-1", {"one": ""}), ("pruned-2", {})):
        body = {"Name": name, "Labels": {"kind": "pruned"} | labels}
        ask(demo, "POST", "/volumes/create", body)
    ask(demo, "POST", "/volumes/prune")
    url = f"{target}/volumes/prune?filters={quote(json.dumps(filters))}"
    assert set(ask(demo, "POST", url).json["VolumesDeleted"]) == gone


def test_only_a_cluster_s_volumes_can_be_updated(demo: RunningDemo) -> None:
    answer = ask(demo, "PUT", "/volumes/db-data?version=1", {"Spec": {}})
    assert answer.status == 503
    assert answer.message.startswith("volume update only valid for cluster volumes")
