from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from sockguard.engine.answer import Form
from sockguard.engine.catalogue.all import OPERATIONS
from sockguard.policy.check import lint
from sockguard.policy.load import PolicyError, load_policy, load_texts, shipped_folder
from sockguard.policy.question import Effect
from sockguard.policy.redact import plan_of, redact
from sockguard.policy.risks import risks_of
from tests.support.documented import FIELDS, document

if TYPE_CHECKING:
    from pathlib import Path

    from sockguard.policy.model import Policy

FILES = sorted(shipped_folder().glob("*.yaml"))
ROLES = [
    *("acme-companion", "acme-companion-exec", "alloy", "autoheal", "beszel"),
    *("caddy-docker-proxy", "caddy-docker-proxy-swarm", "cadvisor", "ci-runner", "compose"),
    *("datadog", "deploy-bot", "diun", "docker-cli-read-only", "docker-volume-backup"),
    *("docker-volume-backup-exec", "dozzle", "dozzle-actions", "dozzle-shell", "everything"),
    *("fluent-bit", "github-runner", "gitlab-runner", "glances", "homepage", "lazydocker"),
    *("lazydocker-actions", "netdata", "nginx-proxy", "nginx-proxy-notify", "ofelia"),
    *("portainer", "portainer-read-only", "prometheus", "prometheus-swarm", "read-only"),
    *("telegraf", "telegraf-logs", "testcontainers", "testcontainers-ryuk", "traefik"),
    *("traefik-swarm", "uptime-kuma", "vector", "watchtower"),
]
READERS = [
    *("alloy", "beszel", "caddy-docker-proxy", "caddy-docker-proxy-swarm", "cadvisor", "datadog"),
    *("diun", "docker-cli-read-only", "dozzle", "fluent-bit", "glances", "homepage", "lazydocker"),
    *("netdata", "nginx-proxy", "portainer-read-only", "prometheus", "prometheus-swarm"),
    *("read-only", "telegraf", "telegraf-logs", "traefik", "traefik-swarm", "uptime-kuma"),
    "vector",
]
OWNERS = [
    *("ci-runner", "compose", "github-runner", "gitlab-runner"),
    *("testcontainers", "testcontainers-ryuk"),
]
LEAST_REFUSALS = 10
NEWEST, BEFORE_NEW_USAGE = 52, 51
"""API versions; /system/df has other fields from 1.52 on."""

SECRET = "s3cret"
PLANTED = {
    "containers.list": "[].Command [].Mounts[].Source",
    "containers.inspect": (
        "Args[] Path Config.Env[] Config.Cmd[] Config.Entrypoint[] Config.Healthcheck.Test[]"
        " HostConfig.Binds[] HostConfig.Mounts[].Source HostConfig.ExtraHosts[]"
        " HostConfig.LogConfig.Config{} Mounts[].Source LogPath HostnamePath ResolvConfPath"
        " State.Error State.Health.Log[].Output"
    ),
    "images.inspect": "Config.Env[] Config.Cmd[] Config.Entrypoint[]",
    "images.history": "[].CreatedBy",
    "volumes.list": "Volumes[].Mountpoint Volumes[].Options{}",
    "volumes.inspect": "Mountpoint Options{}",
    "system.info": "HttpProxy HttpsProxy DockerRootDir RegistryConfig.Mirrors[]",
    "system.events": "Action",
    "system.df": "Containers[].Command Volumes[].Mountpoint Volumes[].Options{}",
    "swarm.inspect": "JoinTokens.Worker JoinTokens.Manager",
    "services.list": (
        "[].Spec.TaskTemplate.ContainerSpec.Env[] [].Spec.TaskTemplate.ContainerSpec.Args[]"
    ),
    "tasks.list": "[].Spec.ContainerSpec.Env[]",
    "configs.list": "[].Spec.Data",
    "plugins.list": "[].Settings.Env[]",
}
"""Where the Engine's documents have secrets: environment, commands, host paths, tokens."""


@cache
def all_that_is_shipped() -> Policy:
    return load_policy(str(shipped_folder()), shipped=shipped_folder(), serving=False)


def test_the_roles_that_others_rely_on_are_there() -> None:
    policy = all_that_is_shipped()
    assert {name for name in policy.roles if "/" not in name} == set(ROLES)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_shipped_policy_says_first_what_it_amounts_to(path: Path) -> None:
    first, *_ = path.read_text(encoding="utf-8").splitlines()
    served = load_policy(path.stem, shipped=shipped_folder()).clients["main"]
    assert first.startswith(f"# Amounts to {risks_of(served).level.words}: ")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_shipped_policy_has_roles_and_cases_for_both_verdicts(path: object) -> None:
    policy = load_policy(str(path), shipped=shipped_folder(), serving=False)
    cases = [case for case in policy.expectations if not case.source.file.startswith("shipped/")]
    assert not policy.clients
    for name in (name for name in policy.roles if "/" not in name):
        verdicts = {case.then for case in cases if case.client.role.name == name}
        assert verdicts == {Effect.ALLOW, Effect.DENY}, name


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_nothing_is_to_be_warned_of_in_a_shipped_policy(path: object) -> None:
    assert lint(load_policy(str(path), shipped=shipped_folder(), serving=False)) == []


@pytest.mark.parametrize("role", ROLES)
def test_a_shipped_role_can_be_served_by_name_and_used_by_clients(role: str) -> None:
    served = load_policy(role, shipped=shipped_folder())
    texts = {f"shipped/{path.name}": path.read_bytes() for path in FILES}
    text = f"version: 1\nclients: {{web: {{role: shipped/{role}}}}}\n"
    used = load_texts({"policy.yaml": text.encode()}, shipped=texts)
    assert used.clients["web"].role.name == f"shipped/{role}"
    assert used.clients["web"].role.grants.keys() == served.clients["main"].role.grants.keys()


@pytest.mark.parametrize("role", sorted(set(ROLES) - {"everything"}))
def test_a_shipped_role_refuses_ten_ways_out(role: str) -> None:
    cases = all_that_is_shipped().expectations
    own = [case for case in cases if case.client.role.name == role]
    refused = {(case.method, case.target, case.body) for case in own if case.then is Effect.DENY}
    assert len(refused) >= LEAST_REFUSALS


@pytest.mark.parametrize("role", READERS)
def test_the_reading_roles_grant_no_write(role: str) -> None:
    grants = load_policy(role, shipped=shipped_folder()).clients["main"].role.grants
    assert not [name for name in grants if OPERATIONS[name].writes]


@pytest.mark.parametrize("role", READERS)
def test_the_reading_roles_show_no_planted_secret(role: str) -> None:
    grants = load_policy(role, shipped=shipped_folder()).clients["main"].role.grants
    reading = PLANTED.keys() & grants.keys()
    assert reading >= {"containers.list", "containers.inspect", "system.events"} & grants.keys()
    for name in reading:
        answer = OPERATIONS[name].answer
        assert answer is not None
        whole = _planted(name)
        assert SECRET in json.dumps(whole), name
        element = whole
        if answer.form is Form.LIST:
            (element,) = whole
        elif answer.form is Form.WRAPPED:
            (element,) = whole[answer.wrapper]
        plan = plan_of(answer, tuple(grant.response for grant in grants[name]))
        assert SECRET not in json.dumps(redact(plan, element).element), name


def _planted(name: str) -> Any:
    """Return a whole answer of the Engine with a secret in each place that has one."""
    places = PLANTED[name].split()
    assert set(places) <= FIELDS[name].keys(), name
    return document(
        FIELDS[name],
        lambda path, _: f"exec_create: TOKEN={SECRET}" if path in places else "plain",
        NEWEST if name != "system.df" else BEFORE_NEW_USAGE,
    )


def test_nginx_proxy_sees_what_it_reads_of_the_environment_and_no_other_name() -> None:
    grant, *_ = (
        load_policy("nginx-proxy", shipped=shipped_folder())
        .clients["main"]
        .role.grants["containers.inspect"]
    )
    answer = OPERATIONS["containers.inspect"].answer
    assert answer is not None
    environment = ["VIRTUAL_HOST=a.example", "HSTS=off", "TOKEN=abc", "PATH=/bin", "hsts=x"]
    shown = redact(plan_of(answer, (grant.response,)), {"Config": {"Env": environment}}).element
    assert shown == {"Config": {"Env": ["VIRTUAL_HOST=a.example", "HSTS=off"]}}


@pytest.mark.parametrize("role", OWNERS)
def test_a_role_kept_to_its_own_objects_is_kept_to_them_on_the_main_socket_too(role: str) -> None:
    policy = load_policy(role, shipped=shipped_folder())
    assert policy.clients["main"].own.only
    assert policy.stamps


def test_shipped_policies_define_no_clients() -> None:
    texts = {"shipped/bad.yaml": b"version: 1\nclients: {web: {allow: []}}\n"}
    with pytest.raises(PolicyError, match="a policy has no key 'clients'"):
        load_texts({"policy.yaml": USING_BAD}, shipped=texts)


def test_only_what_a_policy_uses_of_the_shipped_roles_is_read() -> None:
    texts = {"shipped/good.yaml": GOOD, "shipped/bad.yaml": b"version: 1\nroles: 7\n"}
    policy = load_texts({"policy.yaml": USING_BAD.replace(b"bad", b"good")}, shipped=texts)
    assert policy.roles.keys() == {"shipped/good"}
    assert [case.source.file for case in policy.expectations] == ["shipped/good.yaml"]


def test_a_role_that_is_only_expected_of_is_used_too() -> None:
    expecting = (
        b"version: 1\nallow: []\nexpect: [{role: shipped/good, do: GET /_ping, then: deny}]\n"
    )
    with pytest.raises(PolicyError, match="expected deny"):
        load_texts({"policy.yaml": expecting}, shipped={"shipped/good.yaml": GOOD})


def test_the_hash_of_a_policy_tells_apart_what_it_does_not_use() -> None:
    texts = {"policy.yaml": USING_BAD.replace(b"bad", b"good")}
    one, other = (
        load_texts(texts, shipped={"shipped/good.yaml": GOOD, "shipped/more.yaml": more})
        for more in (b"version: 1\n", b"version: 1\nroles: {}\n")
    )
    assert one.sha256 != other.sha256


USING_BAD = b"version: 1\nclients: {web: {role: shipped/bad}}\n"
GOOD = b"""
version: 1
roles: {good: {allow: [system.ping]}}
expect: [{role: good, do: GET /_ping, then: allow}]
"""
