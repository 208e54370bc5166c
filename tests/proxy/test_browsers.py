from __future__ import annotations

from ipaddress import ip_address

import pytest

from sockguard.errors import Reason, Refusal
from sockguard.identity.caller import Caller
from sockguard.identity.certificate import Certificate
from sockguard.proxy.browsers import browsers_reach, refuse_browser
from sockguard.wire.head import parse_request_head

BRIDGE = Caller("tcp://0.0.0.0:2375", address=ip_address("172.18.0.1"))
"""As whom a page on the host comes through a published port."""


def refused(host: str, header: str = "") -> str:
    """The detail of the refusal of a list of containers, "" where there is none."""
    text = f"GET /containers/json HTTP/1.1\r\nHost: {host}\r\n{header}\r\n"
    head = parse_request_head(text.encode())
    try:
        refuse_browser(head, BRIDGE)
    except Refusal as refusal:
        return refusal.detail if refusal.reason is Reason.UNKNOWN_CALLER else refusal.reason
    return ""


def test_whoever_comes_plainly_could_be_a_page() -> None:
    assert browsers_reach(BRIDGE)
    assert not browsers_reach(Caller("main", uid=1000))
    tls = Caller("tls://0.0.0.0:2376", address=BRIDGE.address, certificate=Certificate("ab"))
    assert not browsers_reach(tls)


@pytest.mark.parametrize("host", ["sockguard:2375", "my_guard", "192.0.2.7:2375", "docker"])
def test_a_program_beyond_this_host_may_use_an_address_or_a_name_without_a_dot(host: str) -> None:
    assert refused(host) == ""


@pytest.mark.parametrize(
    ("host", "header", "detail"),
    [
        ("sockguard:2375", "Origin: http://evil.example\r\n", "origin"),
        ("192.0.2.7:2375", "Referer: http://evil.example/\r\n", "referer"),
        ("192.0.2.7:2375", "Cookie: a=b\r\n", "cookie"),
        ("192.0.2.7:2375", "Sec-Fetch-Mode: no-cors\r\n", "sec-fetch-mode"),
        ("rebound.evil.example:2375", "", "host"),
        ("evil.example", "", "host"),
    ],
)
def test_a_page_is_refused_beyond_this_host_too(host: str, header: str, detail: str) -> None:
    assert refused(host, header) == detail
