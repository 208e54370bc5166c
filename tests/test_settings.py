from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from sockguard.options import OPTIONS, add_options
from sockguard.proxy.own_paths import paths_of
from sockguard.settings import Settings, SettingsError, read_settings


def settings(arguments: list[str], environ: dict[str, str] | None = None) -> Settings:
    parser = argparse.ArgumentParser()
    add_options(parser)
    return read_settings(parser.parse_args(arguments), environ or {}, Path("/state"))


def test_every_flag_has_a_variable_and_the_flag_wins() -> None:
    both = settings(["--policy", "flag"], {"SOCKGUARD_POLICY": "variable"})
    alone = settings([], {"SOCKGUARD_POLICY": "variable"})

    assert (both.policy, alone.policy) == ("flag", "variable")


def test_defaults_need_no_flag_at_all() -> None:
    plain = settings([])

    assert plain.policy == "read-only"
    assert plain.upstream == Path("/var/run/docker.sock")
    assert plain.audit == "/state"
    assert plain.main_socket_mode == 0o660


def test_audit_on_stdout_needs_no_folder() -> None:
    assert settings(["--audit", "stdout", "--audit-dir", "/x"]).audit == "stdout"


@pytest.mark.parametrize(
    ("arguments", "environ", "named"),
    [
        (["--upstream", "tcp://1.2.3.4:2375"], {}, "--upstream"),
        (["--main-socket-mode", "rw"], {}, "--main-socket-mode"),
        (["--main-socket-gid", "docker"], {}, "--main-socket-gid"),
        (["--main-socket-gid", "4294967295"], {}, "--main-socket-gid"),
        (["--main-socket-gid", "9999999999"], {}, "--main-socket-gid"),
        (["--audit-segment", "16"], {}, None),
        (["--audit-segment", "lots"], {}, "--audit-segment"),
        (["--export", "syslog://h:514"], {}, "--export=syslog://h:514: must begin with "),
        ([], {"SOCKGUARD_EXPORT": "syslog+udp://h"}, "SOCKGUARD_EXPORT=.*must name a port"),
        (["--log", "some"], {}, "--log"),
        ([], {"SOCKGUARD_LOG_FORMAT": "xml"}, "SOCKGUARD_LOG_FORMAT"),
        ([], {"SOCKGUARD_POLICY": ""}, "SOCKGUARD_POLICY"),
        ([], {"SOCKGUARD_POLICIES": "read-only"}, "SOCKGUARD_POLICIES"),
    ],
)
def test_a_value_that_cannot_be_used_is_named(
    arguments: list[str], environ: dict[str, str], named: str | None
) -> None:
    if named is None:
        assert settings(arguments, environ).audit_segment_bytes == 16
        return
    with pytest.raises(SettingsError, match=named):
        settings(arguments, environ)


def test_a_group_is_one_that_the_kernel_knows() -> None:
    assert settings(["--main-socket-gid", "4294967294"]).main_socket_gid == 4294967294


@pytest.mark.parametrize(
    "name",
    [
        "SOCKGUARD_SERVICE_HOST",
        "SOCKGUARD_SERVICE_PORT",
        "SOCKGUARD_SERVICE_PORT_HTTP",
        "SOCKGUARD_PORT",
        "SOCKGUARD_PORT_2375_TCP",
        "SOCKGUARD_PORT_2375_TCP_ADDR",
        "SOCKGUARD_PORT_53_UDP_PROTO",
        "SOCKGUARD_AUDIT_2_SERVICE_HOST",
        "SOCKGUARD_AUDIT_2_PORT_1_SCTP_PORT",
    ],
)
def test_what_kubernetes_sets_beside_a_service_of_our_name_is_no_setting(name: str) -> None:
    assert settings([], {name: "tcp://10.0.0.1:2375"}).policy == "read-only"


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("SOCKGUARD_POLICIY", "did you mean SOCKGUARD_POLICY?"),
        ("SOCKGUARD_SOCKETDIR", "did you mean SOCKGUARD_SOCKET_DIR?"),
        ("SOCKGUARD_PORTS", "no such setting"),
        ("SOCKGUARD_SUPPORT", "no such setting"),
        ("SOCKGUARD_PORT_2375", "no such setting"),
        ("SOCKGUARD_PORT_x_TCP", "no such setting"),
        ("SOCKGUARD_PORT_1_TCP_", "no such setting"),
        ("SOCKGUARD_SERVICE_HOST\n", "no such setting"),
        ("SOCKGUARD_SERVICE_PORT_", "no such setting"),
        ("SOCKGUARD_service_HOST", "no such setting"),
        ("SOCKGUARD_", "no such setting"),
    ],
)
def test_any_other_variable_of_our_name_is_an_error_with_the_nearest(name: str, hint: str) -> None:
    with pytest.raises(SettingsError) as caught:
        settings([], {name: "1"})
    assert hint in str(caught.value)


def test_variables_follow_the_names_of_the_flags() -> None:
    assert {option.variable for option in OPTIONS} >= {"SOCKGUARD_SOCKET_DIR", "SOCKGUARD_UPSTREAM"}


def test_listeners_are_given_one_by_one_or_with_commas() -> None:
    flags = ["--listen", "tls://0.0.0.0:2376", "--listen", "tcp://[::1]:2375", "--tls-dir", "/t"]
    variable = {
        "SOCKGUARD_LISTEN": "tls://0.0.0.0:2376,tcp://[::1]:2375",
        "SOCKGUARD_TLS_DIR": "/t",
    }
    for read in (settings(flags), settings([], variable)):
        assert [str(one) for one in read.listen] == ["tls://0.0.0.0:2376", "tcp://[::1]:2375"]
        assert [one.loopback for one in read.listen] == [False, True]


def test_a_socket_that_is_passed_on_is_a_listener_by_its_name() -> None:
    (one,) = settings(["--listen", "tls://fd:docker", "--tls-dir", "/t"]).listen
    assert (str(one), one.passed, one.loopback) == ("tls://fd:docker", "docker", False)


@pytest.mark.parametrize(
    ("listen", "complaint"),
    [
        ("0.0.0.0:2376", "must begin with tls:// or tcp://"),
        ("http://0.0.0.0:80", "must begin with tls:// or tcp://"),
        ("tcp://host:2375", "'host' does not appear to be an IPv4 or IPv6 address"),
        ("tcp://127.0.0.1", "must be an address and a port"),
        ("tcp://127.0.0.1:0", "must be an address and a port"),
        ("tcp://127.0.0.1:65536", "must be an address and a port"),
        ("tcp://127.0.0.1:1 tcp://localhost:1", "names one listener twice"),
        ("tls://fd:a b", "must begin with tls:// or tcp://"),
        ("tls://127.0.0.1:2376", "--listen=tls://127.0.0.1:2376: TLS needs --tls-dir"),
        ("tcp://0.0.0.0:2375", "could read and forge requests; use tls://, or if that is meant"),
        ("tcp://[::]:2375", r"the network of \[::\]:2375 could read"),
        ("tcp://10.0.0.1:2375", "add --plain-on-any-network"),
    ],
)
def test_a_listener_that_would_be_open_wider_than_asked_is_refused(
    listen: str, complaint: str
) -> None:
    with pytest.raises(SettingsError, match=complaint):
        settings(["--listen", listen])


def test_plain_listeners_on_any_network_need_the_words_for_it() -> None:
    flags = ["--listen", "tcp://0.0.0.0:2375", "--plain-on-any-network"]
    assert str(settings(flags).listen[0]) == "tcp://0.0.0.0:2375"


def test_events_go_to_as_many_destinations_as_are_named() -> None:
    first, second = "syslog+unix:///dev/log", "otlp+https://h:4318?headers=/run/secrets/otlp"
    flags = settings(["--export", first, "--export", second])
    variable = settings([], {"SOCKGUARD_EXPORT": f"{first},{second}"})

    assert flags.export == variable.export
    assert [str(one) for one in flags.export] == [first, "otlp+https://h:4318"]
    assert "/run/secrets/otlp" in paths_of(flags).held
