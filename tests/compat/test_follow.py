from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from sockguard.compat.follow import CLIENT, CompatError, follow
from sockguard.options import add_options
from sockguard.policy.load import load_text
from sockguard.settings import Settings, SettingsError, read_settings

BOTH = ("tecnativa", "linuxserver")


def settings(arguments: list[str], **environ: str) -> Settings:
    parser = argparse.ArgumentParser()
    add_options(parser)
    return read_settings(parser.parse_args(arguments), environ, Path("/state"))


def listeners(**environ: str) -> list[str]:
    return list(map(str, settings([], **environ).listen))


@pytest.mark.parametrize("dialect", BOTH)
def test_it_listens_where_that_proxy_does(dialect: str) -> None:
    served = settings([], SOCKGUARD_COMPAT=dialect, CONTAINERS="1")
    assert list(map(str, served.listen)) == ["tcp://0.0.0.0:2375", "tcp://[::]:2375"]
    assert served.plain_on_any_network
    assert served.audit == "stdout"
    assert served.policy == f"SOCKGUARD_COMPAT={dialect}"


@pytest.mark.parametrize(
    ("dialect", "value", "ipv6"),
    [
        *(("tecnativa", value, False) for value in ("1", "true", "yes", "TRUE", "Yes")),
        *(("tecnativa", value, True) for value in ("0", "", "no", "on", "2", "11")),
        ("linuxserver", "1", False),
        *(("linuxserver", value, True) for value in ("0", "", "true", "yes", "01")),
    ],
)
def test_ipv6_is_left_out_where_that_proxy_leaves_it_out(
    dialect: str, value: str, ipv6: bool
) -> None:
    found = listeners(SOCKGUARD_COMPAT=dialect, DISABLE_IPV6=value)
    assert ("tcp://[::]:2375" in found) is ipv6
    assert "tcp://0.0.0.0:2375" in found


def test_what_somebody_says_goes_before_what_the_variables_say() -> None:
    served = settings(
        ["--compat", "tecnativa", "--audit", "folder", "--log", "changes"],
        SOCKET_PATH="/run/other.sock",
        SOCKGUARD_UPSTREAM="unix:///run/mine.sock",
        SOCKGUARD_LISTEN="tcp://127.0.0.1:2400",
    )
    assert served.upstream == Path("/run/mine.sock")
    assert list(map(str, served.listen)) == ["tcp://127.0.0.1:2400"]
    assert (served.audit, served.log) == ("/state", "changes")
    assert not served.plain_on_any_network


def test_an_open_port_of_ones_own_is_still_said_in_words() -> None:
    with pytest.raises(SettingsError, match="--plain-on-any-network"):
        settings([], SOCKGUARD_COMPAT="tecnativa", SOCKGUARD_LISTEN="tcp://0.0.0.0:2400")


@pytest.mark.parametrize(
    ("level", "log"), [("debug", "all"), ("info", "all"), ("", "all"), ("warning", "denied")]
)
def test_the_log_shows_as_much_as_there(level: str, log: str) -> None:
    assert settings([], SOCKGUARD_COMPAT="linuxserver", LOG_LEVEL=level).log == log


def test_the_other_socket_is_that_of_the_variable() -> None:
    served = settings([], SOCKGUARD_COMPAT="linuxserver", SOCKET_PATH="/run/user/1000/docker.sock")
    assert served.upstream == Path("/run/user/1000/docker.sock")
    assert settings([], SOCKGUARD_COMPAT="tecnativa", SOCKET_PATH="").upstream == Path(
        "/var/run/docker.sock"
    )


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        ({"SOCKET_PATH": "docker.sock"}, "SOCKET_PATH=docker.sock: must be an absolute path"),
        ({"SOCKET_PATH": "tcp://1.2.3.4:2375"}, "must be an absolute path"),
        ({"SOCKET_PATH": "/run/a b.sock"}, "must be an absolute path"),
        ({"LOG_LEVEL": "loud"}, "LOG_LEVEL=loud: must be one of debug, info"),
        ({"BIND_CONFIG": "unix@/x.sock"}, "BIND_CONFIG came after .* v0.4.1.*SOCKGUARD_LISTEN"),
    ],
)
def test_what_cannot_be_followed_is_refused(environ: dict[str, str], says: str) -> None:
    with pytest.raises(CompatError, match=says):
        follow("tecnativa", environ)
    with pytest.raises(SettingsError, match=says):
        settings([], SOCKGUARD_COMPAT="tecnativa", **environ)


def test_the_policy_comes_from_one_place() -> None:
    with pytest.raises(SettingsError, match=r"--policy and SOCKGUARD_COMPAT=tecnativa"):
        settings(["--policy", "traefik"], SOCKGUARD_COMPAT="tecnativa")


def test_without_the_choice_the_variables_stop_it() -> None:
    with pytest.raises(SettingsError, match="SOCKGUARD_COMPAT is missing") as error:
        settings([], CONTAINERS="1", POST="0", VERSION="1.2.3")
    assert "CONTAINERS=1, POST=0 would mean nothing" in str(error.value)
    with pytest.raises(SettingsError, match=r"CONTAINERS=, EXEC=0, IMAGES=x, INFO=1 and 2 more"):
        settings(
            [], CONTAINERS="", IMAGES="x", EXEC="0", INFO="1", POST="1", VOLUMES="0", BUILD="dev"
        )


def test_none_says_that_they_are_for_somebody_else() -> None:
    served = settings([], SOCKGUARD_COMPAT="none", CONTAINERS="1")
    assert (served.followed, served.policy, served.listen) == (None, "read-only", ())


def test_a_dialect_that_is_not_known_is_refused() -> None:
    with pytest.raises(SettingsError, match="must be one of none, tecnativa, linuxserver"):
        settings([], SOCKGUARD_COMPAT="Tecnativa")


@pytest.mark.parametrize("dialect", BOTH)
@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"PING": "0", "EVENTS": "0", "VERSION": "0"},
        {"CONTAINERS": "1\n- engine/everything"},
        {"CONTAINERS": "1", "IMAGES": "\u2028allow: [engine/everything]\r", "PING": "#\x1b[2J"},
    ],
)
def test_no_value_of_a_variable_becomes_a_line_of_the_policy(
    dialect: str, environ: dict[str, str]
) -> None:
    policy = load_text(follow(dialect, environ).policy)
    allowed = policy.clients[CLIENT].role.grants.keys()
    assert "build.run" not in allowed
    assert ("containers.list" in allowed) is ("CONTAINERS" in environ)


@pytest.mark.parametrize("dialect", BOTH)
def test_the_client_is_whoever_reaches_the_port(dialect: str) -> None:
    match = load_text(follow(dialect, {}).policy).clients[CLIENT].match
    assert match.anyone_there
    assert list(map(str, match.networks)) == ["0.0.0.0/0", "::/0"]
