from __future__ import annotations

from ipaddress import ip_address

from sockguard.proxy.handshakes import oldest_of_most, origin_of


def test_the_oldest_of_the_origin_with_most_gives_way() -> None:
    assert oldest_of_most({1: "a"}) == 1
    assert oldest_of_most({1: "a", 2: "b", 3: "b"}) == 2
    assert oldest_of_most({1: "b", 2: "a", 3: "a", 4: "b", 5: "a"}) == 2
    assert oldest_of_most({1: "b", 2: "a"}) == 1


def test_a_host_is_an_address_and_of_ipv6_a_network() -> None:
    assert origin_of(ip_address("10.0.0.1")) != origin_of(ip_address("10.0.0.2"))
    assert origin_of(ip_address("fd00::1")) == origin_of(ip_address("fd00::2:0:0:1"))
    assert origin_of(ip_address("fd00::1")) != origin_of(ip_address("fd00:0:0:1::1"))
