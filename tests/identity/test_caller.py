from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sockguard.identity.caller import Caller, CallingContainer
from sockguard.identity.certificate import Certificate

TLS = "tls://0.0.0.0:2376"
HERE = ip_address("10.0.0.5")


def test_a_unix_caller_is_told_by_its_credentials() -> None:
    assert Caller("main", 1000, 1001, (5,), 42).describe() == "uid=1000 gid=1001 pid=42"
    assert Caller("main", 0, 0).describe() == "uid=0 gid=0"
    assert Caller("main").describe() == ""


def test_of_a_caller_on_the_network_all_that_is_known_is_told() -> None:
    certificate = Certificate(
        "ab" * 32, "spiffe://home.lab/ops", ("a.lab", "b.lab"), ("o+x@a.lab",), "ops"
    )
    container = CallingContainer("4bb9a7d1c0de" + "0" * 52, "agent", (("secret", "x"),))
    assert Caller(TLS, address=HERE, certificate=certificate, container=container).describe() == (
        "address=10.0.0.5 spiffe=spiffe://home.lab/ops dns=a.lab,b.lab email=o+x@a.lab"
        f" common_name=ops sha256={'ab' * 32} container=agent/4bb9a7d1c0de"
    )
    assert Caller(TLS, address=ip_address("fd00::1")).describe() == "address=fd00::1"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("cn=x uid=0", '"cn=x uid=0"'),
        ("a,b", '"a,b"'),
        ('" uid=0 "', '"\\" uid=0 \\""'),
        ("a\\", '"a\\\\"'),
        ("a\nuid=0", '"a\\nuid=0"'),
        ("a\0", '"a\\u0000"'),
        ("a\x1b[2J\x7f", '"a\\u001b[2J\\u007f"'),
        ("é\u202e", '"\\u00e9\\u202e"'),
        ("Ann O. (ops)", '"Ann O. (ops)"'),
    ],
)
def test_a_name_cannot_pass_for_another_field(name: str, told: str) -> None:
    certificate = Certificate("", common_name=name)
    assert Caller(TLS, address=HERE, certificate=certificate).describe() == (
        f"address=10.0.0.5 common_name={told}"
    )


@given(st.text(min_size=1), st.text(min_size=1))
def test_whatever_the_names_are_they_are_told_in_visible_letters(one: str, other: str) -> None:
    certificate = Certificate(one, one, (one, other), (other,), other)
    container = CallingContainer(other, one)
    told = Caller(TLS, address=HERE, certificate=certificate, container=container).describe()
    assert told.isascii()
    assert told.isprintable()
