from __future__ import annotations

import pytest

from sockguard.compat.dialects import LINUXSERVER, TECNATIVA
from sockguard.compat.toggles import toggles_seen, warnings_of


def warned(dialect: str, **environ: str) -> list[str]:
    return list(warnings_of({"t": TECNATIVA, "l": LINUXSERVER}[dialect], environ))


@pytest.mark.parametrize("value", ["true", "TRUE", "yes", "on", "enabled", "0x1", "0.5", " 1"])
def test_what_was_meant_to_be_on_and_is_not_is_told(value: str) -> None:
    (warning,) = warned("t", CONTAINERS=value)
    assert warning == (
        f"CONTAINERS={value} is off, as there: only a number other than 0 turns it on; write"
        " CONTAINERS=1 if that is meant, else CONTAINERS=0"
    )


@pytest.mark.parametrize("value", ["1abc", "1.0", "1 "])
def test_what_looks_like_a_slip_and_is_on_is_told(value: str) -> None:
    (warning,) = warned("l", POST=value)
    assert warning.startswith(f"POST={value} is on, as it begins with a number")


@pytest.mark.parametrize("value", ["0", "1", "00", "01", "2", "-1", "", "false", "no", "off"])
def test_a_plain_value_is_not_warned_of(value: str) -> None:
    assert warned("t", CONTAINERS=value) == []


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("CONTAINER", "CONTAINERS"),
        ("IMAGE", "IMAGES"),
        ("NETWORK", "NETWORKS"),
        ("ALLOW_RESTART", "ALLOW_RESTARTS"),
        ("containers", "CONTAINERS"),
        ("Post", "POST"),
        ("VOLUME", "VOLUMES"),
        ("SECRET", "SECRETS"),
    ],
)
def test_a_variable_that_looks_like_a_toggle_is_told_the_right_one(name: str, meant: str) -> None:
    (warning,) = warned("t", **{name: "1"})
    assert warning == (
        f"{name}=1 is no variable of tecnativa, and opens nothing (did you mean {meant}?)"
    )


@pytest.mark.parametrize("name", ["ALLOW_EVERYTHING_ELSE", "LIBPOD_X", "DENY_ALL_OF_IT"])
def test_a_variable_that_begins_like_a_toggle_is_told_of(name: str) -> None:
    (warning,) = warned("t", **{name: "1"})
    assert warning.startswith(f"{name}=1 is no variable of tecnativa, and opens nothing")


@pytest.mark.parametrize("name", ["DELETE", "PUT", "GET"])
def test_a_method_is_no_variable_but_post(name: str) -> None:
    (warning,) = warned("l", **{name: "1"})
    assert warning.startswith(f"{name}=1 is no variable of linuxserver: POST=1 is about every")


@pytest.mark.parametrize("name", ["ALLOW_LOGS", "ALLOW_PAUSE", "LIBPOD_CONTAINERS"])
def test_what_only_the_other_knows_is_told(name: str) -> None:
    (warning,) = warned("t", **{name: "1"})
    assert warning == f"{name}=1 means something to linuxserver only, and nothing to tecnativa"


def test_podmans_own_api_opens_nothing() -> None:
    warnings = warned("l", LIBPOD_CONTAINERS="1", LIBPOD_ALLOW_START="1", LIBPOD_PODS="0")
    assert [one.split("=")[0] for one in warnings] == ["LIBPOD_ALLOW_START", "LIBPOD_CONTAINERS"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TZ", "Europe/Vienna"), ("PUID", "1000"), ("PGID", "0"), ("HOME", "/"), ("SHLVL", "1"),
        ("PATH", "/bin"), ("HOSTNAME", "abc"), ("LOG_LEVEL", "info"), ("DISABLE_IPV6", "1"),
        ("SOCKET_PATH", "/run/docker.sock"), ("PYTHONUNBUFFERED", "1"), ("UMASK", "022"),
        ("CONTAINER", "podman"), ("SOCKGUARD_NO_WATCH", "true"), ("LANG", "C.UTF-8"), ("_", "1"),
    ],
)  # fmt: skip
def test_what_has_nothing_to_do_with_it_is_not_warned_of(name: str, value: str) -> None:
    assert warned("t", **{name: value}) == []


def test_a_common_word_counts_only_where_its_value_is_that_of_a_toggle() -> None:
    seen = toggles_seen({"VERSION": "1.2.3", "BUILD": "release-7", "INFO": "1", "HOME": "/"})
    assert seen == ["INFO"]
    assert toggles_seen({"CONTAINERS": "whatever", "ALLOW_LOGS": ""}) == [
        "ALLOW_LOGS",
        "CONTAINERS",
    ]
