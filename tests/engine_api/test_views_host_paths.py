from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sockguard.engine.facts import Facts, Need, Thing
from tests.support.gathering import (
    STRANGE,
    facts_of,
    gather,
    unjudged,
    values,
    within_host_config,
    within_service,
)

if TYPE_CHECKING:
    from sockguard.engine.view import Gathered

PLAIN = Thing("volume", "data", ("data",))
EVIL = Thing("volume", "evil", ("evil",), host_path="/srv")
REMOTE = Thing("volume", "remote", ("remote",), host_path="nfs::/export")
FACTS = facts_of(PLAIN, EVIL, REMOTE, absent=[("volume", "new")])
BINDS, MOUNTS = "HostConfig.Binds[]", "HostConfig.Mounts[]"
LOCAL_BIND = {"type": "none", "o": "bind", "device": "/srv"}


def of_binds(*binds: object, **more: object) -> tuple[Gathered, set[str]]:
    document = within_host_config(Binds=list(binds), **more)
    found = gather("host_paths", "containers.create", document, facts=FACTS)
    return found, unjudged("containers.create", document, found)


def of_mount(**mount: object) -> tuple[Gathered, set[str]]:
    document = within_host_config(Mounts=[mount])
    found = gather("host_paths", "containers.create", document, facts=FACTS)
    return found, unjudged("containers.create", document, found)


@pytest.mark.parametrize(
    ("bind", "value", "writable"),
    [
        ("/srv:/x", "/srv", True),
        ("/srv:/x:rw", "/srv", True),
        ("/srv:/x:", "/srv", True),
        ("/srv:/x:ro", "/srv", False),
        ("/srv:/x:ro,nocopy", "/srv", False),
        ("/srv:/x:ro,rw", "/srv", True),
        ("/srv:/x:ro,cached", "/srv", False),
        ("//srv/./a/:/x", "/srv/a", True),
        ("/var/run/docker.sock:/x", "/run/docker.sock", True),
        *((f"{path}:/x", STRANGE + path, True) for path in ("/srv/..", "/srv/../etc", "./a", "..")),
        *((f"{path}:/x", STRANGE + path, True) for path in ("", "~/a", "a/b", "\\x", "/a\\b")),
        ("/a\0b:/x", STRANGE + "/a\0b", True),
    ],
)
def test_a_bind_has_one_form(bind: str, value: str, writable: bool) -> None:
    found, left = of_binds(bind)
    assert values(found) == [value]
    assert found.items[0].writable is writable
    assert found.items[0].where == BINDS
    assert left == set()


@pytest.mark.parametrize("options", ["z", "Z", "ro,z", "rshared", "slave", "U", "O", "ro,x"])
def test_options_that_are_not_judged_leave_all_binds_to_others(options: str) -> None:
    found, left = of_binds("/srv:/a", f"/srv:/x:{options}")
    assert values(found) == ["/srv", "/srv"]
    assert left == {BINDS}


@pytest.mark.parametrize("bind", ["/a:/b:ro:x", "C:\\a:/b", "/a:/b:/c"])
def test_a_bind_of_another_form_is_not_judged(bind: str) -> None:
    assert BINDS in of_binds(bind)[1]


@pytest.mark.parametrize(
    ("bind", "expected"),
    [
        ("data:/x", []),
        ("new:/x", []),
        ("/x", []),
        ("evil:/x", ["/srv"]),
        ("evil:/x:ro", ["/srv"]),
        ("remote:/x", ["nfs::/export"]),
    ],
)
def test_a_volume_that_is_there_counts_as_what_it_stands_for(
    bind: str, expected: list[str]
) -> None:
    found, left = of_binds(bind)
    assert values(found) == expected
    assert [item.writable for item in found.items] == [not bind.endswith("ro")] * len(expected)
    assert left == set()


def test_volumes_of_a_plugin_are_left_to_others_but_paths_are_judged() -> None:
    found, left = of_binds("/srv:/a", "data:/b", VolumeDriver="sshfs")
    assert values(found) == ["/srv"]
    assert left == {BINDS, "HostConfig.VolumeDriver"}
    assert of_binds("/srv:/a", VolumeDriver="sshfs")[1] == {"HostConfig.VolumeDriver"}
    assert of_binds("data:/b", VolumeDriver="local")[1] == set()
    assert BINDS in of_binds("/b", VolumeDriver="sshfs")[1]


@pytest.mark.parametrize(
    ("mount", "expected", "writable"),
    [
        ({"Source": "/srv"}, "/srv", True),
        ({"Source": "/srv", "ReadOnly": True}, "/srv", False),
        ({"Source": "/srv", "ReadOnly": False}, "/srv", True),
        (
            {"Source": "/srv", "ReadOnly": True, "BindOptions": {"ReadOnlyNonRecursive": True}},
            "/srv",
            True,
        ),
        ({"Source": "/srv/", "BindOptions": {"CreateMountpoint": True}}, "/srv", True),
        ({"Source": "srv"}, STRANGE + "srv", True),
        ({"Source": "/srv/../etc"}, STRANGE + "/srv/../etc", True),
        ({}, STRANGE, True),
    ],
)
def test_a_mount_of_a_path_has_the_form_of_a_bind(
    mount: dict[str, object], expected: str, writable: bool
) -> None:
    found, left = of_mount(Type="bind", Target="/x", **mount)
    assert values(found) == [expected]
    assert found.items[0].writable is writable
    assert left == set()


def test_how_a_mount_spreads_is_left_to_others() -> None:
    _, left = of_mount(Type="bind", Source="/srv", BindOptions={"Propagation": "rshared"})
    assert left == {f"{MOUNTS}.BindOptions.Propagation"}


@pytest.mark.parametrize(
    "mount",
    [
        *({"Type": kind} for kind in ("image", "npipe", "cluster", "Bind", "", "glusterfs")),
        {"Type": "tmpfs", "Source": "/srv"},
        {"Source": "/srv", "Target": "/x"},
    ],
)
def test_a_mount_of_another_type_leaves_all_mounts_to_others(mount: dict[str, object]) -> None:
    document = within_host_config(Mounts=[{"Type": "bind", "Source": "/srv"}, mount])
    found = gather("host_paths", "containers.create", document)
    assert "/srv" in values(found)
    assert MOUNTS in unjudged("containers.create", document, found)


@pytest.mark.parametrize(
    ("mount", "expected"),
    [
        ({"Source": "data"}, []),
        ({"Source": ""}, []),
        ({}, []),
        ({"Source": "evil"}, ["/srv"]),
        ({"Source": "/srv"}, [STRANGE + "/srv"]),
        ({"Source": "new", "VolumeOptions": {"DriverConfig": {"Options": LOCAL_BIND}}}, ["/srv"]),
        (
            {
                "Source": "evil",
                "VolumeOptions": {
                    "DriverConfig": {"Options": {"type": "tmpfs", "device": "tmpfs"}}
                },
            },
            ["/srv"],
        ),
        (
            {
                "Source": "evil",
                "VolumeOptions": {"DriverConfig": {"Options": {**LOCAL_BIND, "device": "/etc"}}},
            },
            ["/srv", "/etc"],
        ),
    ],
)
def test_a_volume_counts_as_what_it_stands_for_and_what_its_options_say(
    mount: dict[str, object], expected: list[str]
) -> None:
    found, left = of_mount(Type="volume", Target="/x", **mount)
    assert values(found) == expected
    assert left == set()


def test_options_of_a_driver_make_a_volume_that_others_can_write() -> None:
    config = {"DriverConfig": {"Name": "local", "Options": LOCAL_BIND}}
    found, _ = of_mount(Type="volume", Source="", ReadOnly=True, VolumeOptions=config)
    assert [item.writable for item in found.items] == [True]
    assert found.items[0].where == f"{MOUNTS}.VolumeOptions.DriverConfig.Options"


def test_options_count_beside_every_type_of_mount() -> None:
    config = {"DriverConfig": {"Options": LOCAL_BIND}}
    for kind in ("bind", "tmpfs", "image"):
        assert "/srv" in values(of_mount(Type=kind, VolumeOptions=config)[0])


@pytest.mark.parametrize(
    "config",
    [
        {"Name": "sshfs", "Options": {"sshcmd": "x"}},
        {"Name": "local", "Options": {"type": "none", "o": "bind", "device": "/a", "new": "x"}},
    ],
)
def test_what_another_driver_makes_of_options_is_left_to_others(config: object) -> None:
    _, left = of_mount(Type="volume", Source="new", VolumeOptions={"DriverConfig": config})
    assert f"{MOUNTS}.VolumeOptions.DriverConfig.Options" in left


def test_a_part_of_a_volume_and_options_of_memory_are_left_to_others() -> None:
    _, left = of_mount(Type="volume", Source="data", VolumeOptions={"Subpath": "../.."})
    assert left == {f"{MOUNTS}.VolumeOptions.Subpath"}
    _, left = of_mount(Type="tmpfs", Target="/x", TmpfsOptions={"Options": [["exec"]]})
    assert left >= {f"{MOUNTS}.TmpfsOptions.Options"}
    assert of_mount(Type="tmpfs", Target="/x", TmpfsOptions={"SizeBytes": 5})[1] == set()


@pytest.mark.parametrize("operation", ["services.create", "services.update"])
def test_the_mounts_of_a_service_are_judged_alike(operation: str) -> None:
    document = within_service(
        Mounts=[
            {"Type": "bind", "Source": "/srv", "ReadOnly": True},
            {"Type": "volume", "VolumeOptions": {"DriverConfig": {"Options": LOCAL_BIND}}},
            {"Type": "volume", "Source": "evil"},
        ]
    )
    found = gather("host_paths", operation, document, facts=FACTS)
    assert values(found) == ["/srv", "/srv", "/srv"]
    assert found.items[0].where == "TaskTemplate.ContainerSpec.Mounts[].Source"
    assert unjudged(operation, document, found) == set()


@pytest.mark.parametrize(
    ("document", "expected", "left"),
    [
        ({"Name": "a"}, [], set()),
        ({"Name": "a", "Driver": "local", "DriverOpts": LOCAL_BIND}, ["/srv"], set()),
        ({"DriverOpts": {"type": "tmpfs", "device": "tmpfs"}}, [], set()),
        ({"DriverOpts": {"type": "tmpfs", "device": "/", "o": "bind"}}, ["tmpfs:/"], set()),
        ({"DriverOpts": {"type": "cifs", "device": "//a/b"}}, ["cifs://a/b"], set()),
        (
            {"Driver": "sshfs", "DriverOpts": {"sshcmd": "x"}},
            [],
            {"Driver", "DriverOpts", "DriverOpts{}"},
        ),
        ({"DriverOpts": {"mountpoint": "/"}}, [], {"DriverOpts", "DriverOpts{}"}),
    ],
)
def test_a_new_volume_is_what_its_options_mount(
    document: object, expected: list[str], left: set[str]
) -> None:
    found = gather("host_paths", "volumes.create", document)
    assert values(found) == expected
    assert all(item.writable for item in found.items)
    assert unjudged("volumes.create", document, found) - {"Name"} == left


def test_a_cluster_volume_is_left_to_others() -> None:
    document = {"ClusterVolumeSpec": {"Group": "a"}}
    found = gather("host_paths", "volumes.create", document)
    assert "ClusterVolumeSpec" in unjudged("volumes.create", document, found)


def test_what_leads_to_root_is_marked() -> None:
    document = within_host_config(
        Binds=["/:/a", "/etc:/b", "/var/run/x:/c", "/srv:/d", "/srv/own/log:/e", "/data:/f"]
    )
    found = gather("host_paths", "containers.create", document, reserved=["/srv/own"])
    assert [item.reserved for item in found.items] == [True, True, True, True, True, False]


def test_mounts_of_others_and_memory_of_a_container_are_left_to_others() -> None:
    document = within_host_config(VolumesFrom=["web"], Tmpfs={"/x": "exec"}, Privileged=True)
    found = gather("host_paths", "containers.create", document)
    assert values(found) == []
    assert unjudged("containers.create", document, found) == {
        *("HostConfig.VolumesFrom", "HostConfig.VolumesFrom[]", "HostConfig.Tmpfs"),
        *("HostConfig.Tmpfs{}", "HostConfig.Privileged"),
    }


def test_all_volumes_that_nobody_asked_for_are_noted_at_once() -> None:
    facts = Facts()
    document = within_host_config(Binds=["a:/a"], Mounts=[{"Type": "volume", "Source": "b"}])
    gather("host_paths", "containers.create", document, facts=facts)
    assert facts.missing == {Need("volume", "a"), Need("volume", "b")}
