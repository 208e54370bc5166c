from __future__ import annotations

import pytest

from tests.support.gathering import STRANGE, gather, unjudged, values, within_host_config


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("/dev/kvm", "/dev/kvm"),
        ("//dev///kvm", "/dev/kvm"),
        ("/dev/./kvm/", "/dev/kvm"),
        ("/dev", "/dev"),
        *((path, STRANGE + path) for path in ("/dev/../dev/sda", "kvm", "", "/dev/\0", "\\dev")),
        ("nvidia.com/gpu=all", STRANGE + "nvidia.com/gpu=all"),
    ],
)
def test_a_path_is_clean(path: str, value: str) -> None:
    document = within_host_config(Devices=[{"PathOnHost": path, "CgroupPermissions": "rwm"}])
    found = gather("devices", "containers.create", document)
    assert values(found) == [value]
    assert unjudged("containers.create", document, found) == set()
    assert found.items[0].where == "HostConfig.Devices[].PathOnHost"


@pytest.mark.parametrize(
    ("rule", "is_one"),
    [
        ("c 188:* rwm", True),
        ("a *:* rwm", True),
        ("b 8:0 r", True),
        ("c 188:* rwm\n", False),
        ("c  188:* rwm", False),
        ("all", False),
        ("", False),
    ],
)
def test_a_rule_is_its_text(rule: str, is_one: bool) -> None:
    document = within_host_config(DeviceCgroupRules=[rule])
    found = gather("devices", "containers.create", document)
    assert values(found) == [rule if is_one else STRANGE + rule]


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ({"Driver": "nvidia", "Count": -1}, ["nvidia:all"]),
        ({"Driver": "nvidia", "Count": 2}, ["nvidia:count=2"]),
        ({"Driver": "nvidia", "DeviceIDs": ["0", "GPU-1"]}, ["nvidia:0", "nvidia:GPU-1"]),
        ({"Driver": "nvidia", "DeviceIDs": ["all"]}, ["nvidia:all"]),
        ({"Driver": "cdi", "DeviceIDs": ["nvidia.com/gpu=0"]}, ["cdi:nvidia.com/gpu=0"]),
        ({"Count": -1, "Capabilities": [["gpu"]]}, ["gpu:all"]),
        ({"Count": -1, "Capabilities": [["gpu", "utility"]]}, ["gpu:all"]),
        ({"Count": -1, "Capabilities": [["gpu"], ["tpu"]]}, [STRANGE + ":all"]),
        ({"Count": -1}, [STRANGE + ":all"]),
        ({"Driver": "nvidia"}, ["nvidia:count=0"]),
        ({"Driver": "nvidia", "Count": -2}, [STRANGE + "nvidia:count=-2"]),
        ({"Driver": "nvidia", "Count": 1, "DeviceIDs": ["3"]}, ["nvidia:3", "nvidia:count=1"]),
        ({"Driver": "nvidia", "DeviceIDs": ["0,all"]}, [STRANGE + "nvidia:0,all"]),
        ({"Driver": "nvidia", "DeviceIDs": ["count=5"]}, [STRANGE + "nvidia:count=5"]),
        ({"Driver": "nvidia", "DeviceIDs": [""]}, [STRANGE + "nvidia:"]),
        ({"Driver": "c 188", "DeviceIDs": ["*"]}, [STRANGE + ":*"]),
    ],
)
def test_a_request_is_its_driver_and_what_it_asks_for(
    request_: object, expected: list[str]
) -> None:
    document = within_host_config(DeviceRequests=[request_])
    found = gather("devices", "containers.create", document)
    assert values(found) == expected
    assert unjudged("containers.create", document, found) == set()


def test_the_options_of_a_request_are_left_to_others() -> None:
    document = within_host_config(DeviceRequests=[{"Driver": "nvidia", "Options": {"a": "b"}}])
    found = gather("devices", "containers.create", document)
    left = unjudged("containers.create", document, found)
    assert "HostConfig.DeviceRequests[].Options" in left


def test_all_three_ways_count_together() -> None:
    document = within_host_config(
        Devices=[{"PathOnHost": "/dev/kvm"}],
        DeviceCgroupRules=["a *:* rwm"],
        DeviceRequests=[{"Driver": "nvidia", "Count": -1}],
        Privileged=True,
    )
    found = gather("devices", "containers.create", document)
    assert values(found) == ["/dev/kvm", "a *:* rwm", "nvidia:all"]
    assert unjudged("containers.create", document, found) == {"HostConfig.Privileged"}
