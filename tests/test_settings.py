from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from sockguard.settings import OPTIONS, Settings, SettingsError, add_options, read_settings


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
        (["--audit-segment", "16"], {}, None),
        (["--audit-segment", "lots"], {}, "--audit-segment"),
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


def test_variables_follow_the_names_of_the_flags() -> None:
    assert {option.variable for option in OPTIONS} >= {"SOCKGUARD_SOCKET_DIR", "SOCKGUARD_UPSTREAM"}
