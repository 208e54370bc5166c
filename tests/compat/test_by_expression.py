"""Expressions of wollomatic/socket-proxy as policies, in the real loader and judge."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sockguard.compat.by_expression import policy_of_expressions
from sockguard.compat.wollomatic import read_labels, read_settings
from sockguard.engine.facts import Thing
from sockguard.policy.load import load_text
from sockguard.policy.rehearse import rehearse

if TYPE_CHECKING:
    from sockguard.policy.model import Client, Policy

V = r"/v1\..{1,2}"


def policy_of(*words: str, **environ: str) -> tuple[Policy, tuple[str, ...]]:
    told = read_settings(words, environ)
    assert told.faults == ()
    text, warnings = policy_of_expressions(told, {})
    return load_text(text), warnings


def granted(*words: str, **environ: str) -> set[str]:
    policy, _ = policy_of(*words, **environ)
    (client,) = policy.clients.values()
    return set(client.role.grants)


def warned(*words: str) -> str:
    return "\n".join(policy_of(*words)[1])


def passes(client: Client, request: str) -> bool:
    method, target = request.split()
    web = Thing("container", "0" * 64, ("web",))
    return rehearse(client, method, target, None, given={"container": web}).decision.allowed


TRAEFIK = (f"-allowGET={V}/(version|containers/.*|events.*)", "-allowHEAD=/_ping")


def test_the_lines_of_the_projects_page_come_to_what_they_let_through() -> None:
    assert granted(*TRAEFIK) == {
        "system.ping", "system.version", "system.events", "checkpoints.list",
        *(f"containers.{verb}" for verb in
          ("list", "inspect", "top", "logs", "changes", "stats", "export", "archive_get")),
    }  # fmt: skip
    says = warned(*TRAEFIK)
    assert (
        "lets more through than looking at what is there: containers.top, containers.logs" in says
    )
    assert "left out, as it types into containers by GET: containers.attach_ws" in says


@pytest.mark.parametrize(
    ("words", "operations"),
    [
        (("-allowGET=/version",), {"system.version"}),
        (("--allowGET=/version",), {"system.version"}),
        (("-allowGET", "/version"), {"system.version"}),
        (("-allowGET=/version", "-allowGET=/_ping"), {"system.version", "system.ping"}),
        (("-allowHEAD=.*",), {"system.ping", "containers.archive_info"}),
        (("-allowGET=/containers/json",), {"containers.list"}),
        (("-allowGET=(/v1\\.[0-9]+)?/containers/[^/]+/json",), {"containers.inspect"}),
        (("-allowGET=/containers/[a-f0-9]{64}/json",), {"containers.inspect"}),
        (("-allowPOST=/v1.4[0-9]/containers/[a-zA-Z0-9_.-]+/restart",), {"containers.restart"}),
        (("-allowPOST=/images/create.*",), {"images.pull", "images.import"}),
        (("-allowDELETE=/containers/.*",), {"containers.remove", "checkpoints.remove"}),
        (("-allowPUT=.*",), {"containers.archive_put", "volumes.update"}),
        (("-allowGET=/containers/.*/attach/ws",), {"containers.attach_ws"}),
        (("-allowGET=/images/get",), set()),  # one of two ways to the same
        (("-allowGET=/images/(.*/)?get",), {"images.get"}),
        (("-allowGET=/containers/[a-z]+/json",), set()),  # not every name
        (("-allowGET=/version?x=1",), set()),  # the query is no part of what is matched
        (("-allowOPTIONS=.*", "-allowTRACE=.*", "-allowPATCH=.*"), set()),
        (("-allowGET=",), set()),
        ((), set()),
    ],
)
def test_an_expression_comes_to_operations(words: tuple[str, ...], operations: set[str]) -> None:
    assert granted(*words) == operations


def test_variables_count_where_no_flag_of_the_method_is_given() -> None:
    environ = {"SP_ALLOW_GET": "/version", "SP_ALLOW_GET_2": "/info", "SP_ALLOW_HEAD": "/_ping"}
    assert granted(**environ) == {"system.version", "system.info", "system.ping"}
    assert granted("-allowGET=/events", **environ) == {"system.events", "system.ping"}


def test_names_that_are_spelled_out_become_a_target() -> None:
    policy, _ = policy_of("-allowPOST=(/v1\\.[0-9]+)?/containers/(web|db-1\\.x)/(stop|restart)")
    (client,) = policy.clients.values()
    (grant,) = client.role.grants["containers.restart"]
    assert grant.target is not None
    assert grant.target.text == "{name: [db-1.x, web]}"
    assert passes(client, "POST /v1.47/containers/web/stop")
    assert not passes(client, "POST /containers/web/kill")


def test_everything_is_called_everything() -> None:
    says = warned("-allowPOST=.*")
    assert "-allowPOST=.* matches everything: each operation of POST that there is" in says
    assert "lets run code, or is root on the host: containers.create" in says
    assert "matches everything" not in warned(*TRAEFIK)


def test_alternatives_without_a_group_are_told_and_taken_as_they_are_there() -> None:
    words = ("-allowGET=/version|/json",)
    assert granted(*words) >= {"containers.list", "images.inspect", "exec.inspect"}
    assert "write -allowGET=(/version|/json)" in warned(*words)
    assert granted("-allowGET=(/version|/json)") == {"system.version"}


def test_what_lets_nothing_through_is_told() -> None:
    assert "lets nothing through that the Engine API has" in warned("-allowGET=/health")


def test_narrow_reads_are_not_warned_of() -> None:
    assert warned("-allowGET=(/v1\\.[0-9]+)?/(_ping|version|containers/json)") == ""


def test_folders_for_binds_become_a_view() -> None:
    policy, _ = policy_of("-allowPOST=.*", "-allowbindmountfrom=/home,/var/log/")
    (client,) = policy.clients.values()
    for operation in ("containers.create", "services.create", "services.update"):
        (grant,) = client.role.grants[operation]
        assert grant.views["host_paths"].text == "{under: [/home, /var/log], writable: true}"
    everywhere, _ = policy_of("-allowPOST=.*", "-allowbindmountfrom=/srv,/")
    (client,) = everywhere.clients.values()
    assert client.role.grants["containers.create"][0].views == {}


@pytest.mark.parametrize(
    ("words", "match"),
    [
        ((), "from 127.0.0.1/32"),
        (("-allowfrom=0.0.0.0/0",), "from 0.0.0.0/0"),
        (("-allowfrom=10.0.0.5,fd00::/8",), "from 10.0.0.5/32 or fd00::/8"),
        (("-allowfrom=172.18.0.9/16",), "from 172.18.0.0/16"),
        (("-allowfrom=traefik",), "by container label com.docker.compose.service=traefik"),
        (
            ("-allowfrom=10.0.0.5,10.0.0.5,10.1.0.0/16,10.2.0.0/16,web",),
            "from 10.0.0.5/32 or 10.1.0.0/16",
        ),
        (("-proxysocketendpoint=/tmp/x.sock", "-allowfrom=10.0.0.0/8"), ""),
    ],
)
def test_who_is_let_in_is_who_was(words: tuple[str, ...], match: str) -> None:
    policy, _ = policy_of(*words, "-allowGET=/version")
    assert [client.match.describe() for client in policy.clients.values()] == [match]


def test_each_host_name_is_a_client() -> None:
    policy, _ = policy_of("-allowfrom=traefik,Dozzle.lan,main", "-allowGET=/version")
    assert list(policy.clients) == ["traefik", "dozzle-lan", "service-main"]


def test_who_stands_behind_the_first_network_is_let_in_by_nobody_and_named() -> None:
    says = warned("-allowfrom=10.1.0.0/16,10.2.0.0/16,traefik", "-allowGET=/version")
    assert "-allowfrom: 10.2.0.0/16, traefik let nobody in, as there" in says
    assert "let nobody in" not in warned("-allowfrom=10.0.0.5,10.1.0.0/16", "-allowGET=/version")


def test_an_empty_list_of_callers_lets_nobody_in_but_by_labels() -> None:
    assert read_settings(["-allowfrom="], {"SP_ALLOWFROM": "0.0.0.0/0"}).lets_nobody_in
    assert read_settings([], {"SP_ALLOWFROM": ""}).networks == ("127.0.0.1/32",)
    words = ("-proxycontainername=proxy", "-allowfrom=", "-allowGET=/info")
    policy, _ = labelled(*words, get="/version")
    assert list(policy.clients) == ["dozzle"]


def test_services_whose_names_come_to_one_are_numbered() -> None:
    policy, _ = policy_of("-allowfrom=a.b,a-b,A.B,a-b-2,a.b", "-allowGET=/version")
    assert list(policy.clients) == ["a-b", "a-b-2", "a-b-3", "a-b-4"]


def labelled(*words: str, **labels: str) -> tuple[Policy, tuple[str, ...]]:
    named = {f"socket-proxy.allow.{key.replace('__', '.')}": text for key, text in labels.items()}
    allowed, faults = read_labels(named)
    assert faults == ()
    text, warnings = policy_of_expressions(read_settings(words, {}), {"dozzle": allowed})
    return load_text(text), warnings


def test_labels_make_a_client_of_their_service() -> None:
    words = ("-proxycontainername=proxy", "-allowfrom=traefik,dozzle", "-allowGET=/info")
    policy, _ = labelled(*words, get="/version", head__1="/_ping", bindmountfrom="/srv")
    assert list(policy.clients) == ["traefik", "dozzle"]
    assert set(policy.clients["traefik"].role.grants) == {"system.info"}
    assert set(policy.clients["dozzle"].role.grants) == {"system.version", "system.ping"}


def test_nobody_is_two_clients_at_once() -> None:
    words = ("-proxycontainername=proxy", "-allowfrom=0.0.0.0/0", "-allowGET=/info")
    policy, warnings = labelled(*words, get="/version")
    assert list(policy.clients) == ["dozzle"]
    assert any("left out is who comes from 0.0.0.0/0 without labels" in one for one in warnings)
    policy, warnings = labelled("-proxycontainername=proxy", "-allowGET=/info", get="/version")
    assert list(policy.clients) == ["anybody", "dozzle"]
    assert not any("left out is who" in one for one in warnings)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["-allowGET=("], "-allowGET=(: is no regular expression"),
        (["-allowGET=(?!x)"], "has no meaning here"),
        (["-allowFOO=.*"], "-allowFOO=.* is no flag of wollomatic/socket-proxy 1.12"),
        (["-allowget=.*"], "-allowget=.* is no flag"),
        (["serve"], "serve is no flag"),
        (["-allowGET"], "-allowGET has no value"),
        (["-allowfrom=a b"], "allowfrom: a b is no host name"),
        (["-allowfrom=traefik,10.0.0.0/8"], "a caller could be both"),
        (["-allowbindmountfrom=home"], "the folder home of allowbindmountfrom does not begin"),
        (["-listenip=proxy"], "-listenip"),
        (["-proxyport=x"], "-proxyport"),
        (["-socketpath=docker.sock"], "-socketpath"),
        (["-listenip="], "-listenip= has no value"),
    ],
)
def test_what_cannot_be_read_is_a_fault(words: list[str], says: str) -> None:
    assert any(says in fault for fault in read_settings(words, {}).faults)


def test_a_label_that_means_nothing_is_a_fault() -> None:
    _, faults = read_labels({"socket-proxy.allow.fetch": ".*", "socket-proxy.allow.get": "("})
    assert len(faults) == 2


def test_flags_without_meaning_for_a_policy_are_read_over() -> None:
    words = ("-loglevel=debug", "-logjson", "-stoponwatchdog", "-watchdoginterval", "3600",
             "-shutdowngracetime=5", "-allowhealthcheck=true", "-allowGET=/info")  # fmt: skip
    assert granted(*words) == {"system.info"}
