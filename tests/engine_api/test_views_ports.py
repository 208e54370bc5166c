from __future__ import annotations

import pytest

from sockguard.engine.ports import Ports, read_ports
from tests.support.gathering import STRANGE, gather, unjudged, values, within_host_config


def bound(address: object, port: object, key: str = "80/tcp") -> dict[str, object]:
    return within_host_config(PortBindings={key: [{"HostIp": address, "HostPort": port}]})


@pytest.mark.parametrize(
    ("address", "port", "value"),
    [
        ("127.0.0.1", "8080", "127.0.0.1:8080/tcp"),
        ("", "8080", "*:8080/tcp"),
        (None, "8080", "*:8080/tcp"),
        ("0.0.0.0", "8080", "*:8080/tcp"),
        ("::", "8080", "*:8080/tcp"),
        ("0:0:0:0:0:0:0:0", "8080", "*:8080/tcp"),
        ("::ffff:0.0.0.0", "8080", "*:8080/tcp"),
        ("::ffff:127.0.0.1", "8080", "127.0.0.1:8080/tcp"),
        ("::1", "8080", "[::1]:8080/tcp"),
        ("0:0::1", "8080", "[::1]:8080/tcp"),
        ("127.0.0.1", "", "127.0.0.1:*/tcp"),
        ("127.0.0.1", None, "127.0.0.1:*/tcp"),
        ("127.0.0.1", "0", "127.0.0.1:*/tcp"),
        ("127.0.0.1", "08080", "127.0.0.1:8080/tcp"),
        ("127.0.0.1", "8000-8010", "127.0.0.1:8000-8010/tcp"),
        ("127.0.0.1", "80-80", "127.0.0.1:80/tcp"),
        *(("127.0.0.1", port, STRANGE) for port in ("8010-8000", "0-100", "65536", "+80", "80 ")),
        *(("127.0.0.1", port, STRANGE) for port in ("80-", "-80", "http", "8_0", "\u0668\u0660")),
        *((address, "80", STRANGE) for address in ("localhost", "127.1", "127.0.0.01", " ::1")),
        *((address, "80", STRANGE) for address in ("fe80::1%eth0", "[::1]", "*", "0x7f000001")),
    ],
)
def test_an_address_and_a_port_have_one_form(address: object, port: object, value: str) -> None:
    assert values(gather("ports", "containers.create", bound(address, port))) == [value]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("53/udp", "*:80/udp"),
        ("53/UDP", "*:80/udp"),
        ("53/sctp", "*:80/sctp"),
        ("53", "*:80/tcp"),
        ("53/", "*:80/tcp"),
        ("53/udp/tcp", STRANGE),
        ("53/icmp", STRANGE),
    ],
)
def test_the_protocol_is_that_of_the_port_inside(key: str, value: str) -> None:
    assert values(gather("ports", "containers.create", bound("", "80", key))) == [value]


def test_every_binding_counts_and_publishing_all_is_any_port() -> None:
    document = within_host_config(
        PortBindings={"1/tcp": [{"HostPort": "1"}, {"HostPort": "2"}], "3/tcp": [{}]},
        PublishAllPorts=True,
    )
    found = gather("ports", "containers.create", document)
    assert values(found) == ["*:1/tcp", "*:2/tcp", "*:*/tcp", "*:*/*"]
    assert [item.where for item in found.items[::3]] == [
        *("HostConfig.PortBindings{}", "HostConfig.PublishAllPorts")
    ]
    assert unjudged("containers.create", document, found) == set()


@pytest.mark.parametrize("bindings", [[], None, [None], [{}]])
def test_a_port_without_a_binding_is_any_on_all_addresses(bindings: object) -> None:
    document = within_host_config(PortBindings={"22/tcp": bindings})
    assert values(gather("ports", "containers.create", document)) == ["*:*/tcp"]


@pytest.mark.parametrize(
    ("entry", "value"),
    [
        ({"PublishedPort": 443}, "*:443/tcp"),
        ({"PublishedPort": 443, "Protocol": "udp", "PublishMode": "host"}, "*:443/udp"),
        ({"PublishedPort": 0}, "*:*/tcp"),
        ({"TargetPort": 80}, "*:*/tcp"),
        ({"PublishedPort": 70000}, STRANGE),
        ({"PublishedPort": -1}, STRANGE),
        ({"PublishedPort": 1, "Protocol": "TCP"}, STRANGE),
    ],
)
def test_a_service_takes_its_ports_on_all_addresses(entry: object, value: str) -> None:
    document = {"EndpointSpec": {"Ports": [entry]}}
    for operation in ("services.create", "services.update"):
        found = gather("ports", operation, document)
        assert values(found) == [value]
        assert unjudged(operation, document, found) == set()


@pytest.mark.parametrize(
    ("admitted", "asked", "holds"),
    [
        ("8080", "*:8080/tcp", True),
        ("8080", "127.0.0.1:8080/udp", True),
        ("8080", "*:8081/tcp", False),
        ("127.0.0.1:8080", "127.0.0.1:8080/tcp", True),
        ("127.0.0.1:8080", "*:8080/tcp", False),
        ("127.0.0.1:8080", "127.0.0.2:8080/tcp", False),
        ("0.0.0.0:8080", "127.0.0.1:8080/tcp", True),
        ("[::1]:53", "[::1]:53/udp", True),
        ("8080/tcp", "*:8080/udp", False),
        ("8080/tcp", "*:8080/tcp", True),
        ("8000-8010", "*:8000-8010/tcp", True),
        ("8000-8010", "*:8005/tcp", True),
        ("8000-8010", "*:8000-8011/tcp", False),
        ("8000-8010", "*:7999-8010/tcp", False),
        ("8000-8010", "*:*/tcp", False),
        ("1-65535", "*:*/tcp", False),
        ("*", "*:*/tcp", True),
        ("*", "127.0.0.1:22/tcp", True),
        ("*/tcp", "*:*/*", False),
        ("*", "*:*/*", True),
        ("127.0.0.1:*", "127.0.0.1:*/tcp", True),
        ("127.0.0.1:*", "*:*/tcp", False),
    ],
)
def test_ports_hold_what_lies_wholly_within_them(admitted: str, asked: str, holds: bool) -> None:
    wide, narrow = read_ports(admitted), read_ports(asked)
    assert wide is not None
    assert narrow is not None
    assert wide.holds(narrow) is holds


@pytest.mark.parametrize(
    "text",
    [*("", "0", "0-80", "http", "80-70", "99999", "127.0.0.1", ":80", "80/icmp", "::1:80"), "80 "],
)
def test_what_is_no_port_cannot_be_written(text: str) -> None:
    assert read_ports(text) is None


def test_ports_are_read_back_as_they_are_written() -> None:
    for ports in (Ports(), Ports("::1", 5, 9, "udp"), Ports("127.0.0.1", 80, 80, "tcp")):
        assert read_ports(str(ports)) == ports
