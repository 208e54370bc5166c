from __future__ import annotations

import pytest

from sockguard.proxy.metrics_http import objection


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1:9180", "127.0.0.1", "[::1]:9180", "[::1]", "localhost", "LocalHost:9180"),
        *("10.1.2.3:80", "sockguard:9180", "metrics.example:9180"),
    ],
)
def test_machines_that_name_us_get_an_answer(host: str) -> None:
    assert objection({"Host": host}, "metrics.example") == ""


@pytest.mark.parametrize(
    "host",
    [
        *("", "evil.example", "evil.example:9180", "sockguard.", "127.0.0.1.evil.example", "a b"),
        *("127.0.0.1:9180:1", "127.0.0.1\n", "user@127.0.0.1", "[evil.example]", "1.2.3.4.5", "."),
    ],
)
def test_a_name_that_anybody_may_point_at_us_gets_none(host: str) -> None:
    assert "Host" in objection({"Host": host}, "127.0.0.1")


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": ""},
    ],
)
def test_a_web_page_gets_none(headers: dict[str, str]) -> None:
    assert "web pages" in objection({"Host": "localhost", **headers}, "127.0.0.1")


def test_a_person_who_types_the_address_gets_an_answer() -> None:
    assert objection({"Host": "localhost", "Sec-Fetch-Site": "none"}, "127.0.0.1") == ""
