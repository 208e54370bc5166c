from __future__ import annotations

import pytest

from tests.support.gathering import (
    STRANGE,
    gather,
    unjudged,
    values,
    within_host_config,
    within_service,
)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("NET_ADMIN", "NET_ADMIN"),
        ("net_admin", "NET_ADMIN"),
        ("CAP_NET_ADMIN", "NET_ADMIN"),
        ("cap_net_admin", "NET_ADMIN"),
        ("Cap_Net_Admin", "NET_ADMIN"),
        ("ALL", "ALL"),
        ("all", "ALL"),
        ("CAP_ALL", "ALL"),
        ("CAP_CAP_KILL", "CAP_KILL"),
        (" SYS_ADMIN", STRANGE + " SYS_ADMIN"),
        ("\u017fys_admin", STRANGE + "\u017fys_admin"),
        ("", STRANGE),
    ],
)
def test_a_capability_has_one_name(text: str, name: str) -> None:
    for document, operation in (
        (within_host_config(CapAdd=[text]), "containers.create"),
        (within_host_config(Capabilities=[text]), "containers.create"),
        (within_service(CapabilityAdd=[text]), "services.create"),
        (within_service(CapabilityAdd=[text]), "services.update"),
    ):
        found = gather("capabilities", operation, document)
        assert values(found) == [name]
        assert unjudged(operation, document, found) <= {
            *("HostConfig", "TaskTemplate", "TaskTemplate.ContainerSpec")
        }


def test_both_lists_of_a_container_count_and_privileged_is_left_to_others() -> None:
    document = within_host_config(CapAdd=["KILL"], Capabilities=["SYS_TIME"], Privileged=True)
    found = gather("capabilities", "containers.create", document)
    assert values(found) == ["KILL", "SYS_TIME"]
    assert "HostConfig.Privileged" in unjudged("containers.create", document, found)


@pytest.mark.parametrize("document", [None, {}, {"HostConfig": None}, within_host_config()])
def test_nothing_added_is_nothing_gathered(document: object) -> None:
    assert values(gather("capabilities", "containers.create", document)) == []
