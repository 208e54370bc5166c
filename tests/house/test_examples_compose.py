"""Every compose file of examples/, and the project's own: who copies one gives nothing away."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from sockguard.policy.check import lint
from sockguard.policy.load import load_policy
from tests.house.test_docs import ENGINE_SOCKET, SOCKETS, fenced, mounts
from tests.support.tree import ROOT, name_of

if TYPE_CHECKING:
    from pathlib import Path

    from sockguard.policy.model import Policy

    Compose = dict[str, Any]

EXAMPLES = ROOT / "examples"
OVER = "compose.acme.yaml"
"""It is laid over the compose.yaml beside it."""
FILES = [ROOT / "compose.yaml", *sorted(EXAMPLES.rglob("compose*.yaml"))]
SWARM = EXAMPLES / "swarm/compose.yaml"
NO_SOCKET = EXAMPLES / "nginx/compose.yaml"
GUARDED = [path for path in FILES if path != NO_SOCKET]
PROXIES = ("nginx", "nginx-proxy", "nginx-proxy/separate", "traefik")
REACHES_FURTHER = {
    "cap_add", "cgroup_parent", "devices", "device_cgroup_rules", "extra_hosts", "ipc", "pid",
    "privileged", "userns_mode", "volumes_from",
}  # fmt: skip
OWNER = "uid=65532,gid=65532,mode=0755"
VARIABLES = {"DOCKER_GID": "999", "ACME_EMAIL": "you@example.com"}
ONE_PAGE = 65


def merged(under: object, over: object) -> Any:
    """What compose makes of two files, for the keys that the examples have."""
    match under, over:
        case dict(), dict():
            both = under.keys() & over.keys()
            return under | over | {key: merged(under[key], over[key]) for key in both}
        case list(), list():
            return [*under, *over]
        case _:
            return over


def read(path: Path) -> Compose:
    files = [path.with_name("compose.yaml"), path] if path.name == OVER else [path]
    whole: Compose = {}
    for file in files:
        whole = merged(whole, yaml.safe_load(file.read_text(encoding="utf-8")))
    return whole


def services(path: Path) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = read(path)["services"]
    return found


def consumers(path: Path) -> dict[str, dict[str, Any]]:
    """The services that have a socket of sockguard."""
    found = services(path)
    found.pop("sockguard", None)
    return {name: one for name, one in found.items() if SOCKETS in mounts(one)}


def offered(path: Path) -> dict[str, str]:
    """The clients whose sockets sockguard makes in a volume, each with the volume."""
    guard = mounts(services(path)["sockguard"])
    return {
        at.removeprefix(f"{SOCKETS}/"): volume
        for at, volume in guard.items()
        if at.startswith(f"{SOCKETS}/")
    }


def policy_of(path: Path) -> Policy:
    """The policy that sockguard serves in this file: a folder or file beside it, or shipped."""
    guard, whole = services(path)["sockguard"], read(path)
    named = guard["environment"]["SOCKGUARD_POLICY"]
    beside = mounts(guard).get(named)
    for config in guard.get("configs", []):
        if config["target"] == named:
            beside = whole["configs"][config["source"]]["file"]
    where = str(path.parent / beside) if beside else named
    return load_policy(where, shipped=ROOT / "policies")


def networks_of(path: Path, name: str) -> list[dict[str, Any]]:
    """What is said of each network of a service."""
    whole = read(path)
    told = whole["services"][name].get("networks", ["default"])
    return [whole.get("networks", {}).get(one) or {} for one in told]


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_the_real_socket_is_mounted_into_sockguard_alone(path: Path) -> None:
    found = services(path)
    reaching = {
        name
        for name, one in found.items()
        for source in mounts(one).values()
        if f"{ENGINE_SOCKET}/".startswith(f"{source.rstrip('/')}/") or "docker.sock" in source
    }
    assert reaching == set(found) & {"sockguard"}
    for name in reaching:
        assert mounts(found[name])[ENGINE_SOCKET] == ENGINE_SOCKET


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_no_service_reaches_further_than_an_ordinary_container(path: Path) -> None:
    asked = {(name, key) for name, one in services(path).items() for key in one}
    assert {pair for pair in asked if pair[1] in REACHES_FURTHER} == set()
    assert [one for one in services(path).values() if one.get("network_mode") == "host"] == []


@pytest.mark.parametrize("path", GUARDED, ids=name_of)
def test_sockguard_has_no_network_where_unix_sockets_suffice(path: Path) -> None:
    guard = services(path)["sockguard"]
    if "SOCKGUARD_LISTEN" in guard["environment"]:
        assert guard["ports"]
    elif path == SWARM:  # a stack knows no network_mode
        assert networks_of(path, "sockguard") == [{"internal": True}]
        others = [one for name, one in services(path).items() if name != "sockguard"]
        assert not set(guard["networks"]) & {net for one in others for net in one["networks"]}
    else:
        assert guard["network_mode"] == "none"
        assert "ports" not in guard


@pytest.mark.parametrize("path", GUARDED, ids=name_of)
def test_sockguard_has_as_little_as_it_needs(path: Path) -> None:
    guard = services(path)["sockguard"]
    assert guard["read_only"] is True
    assert guard["cap_drop"] == ["ALL"]
    group = guard["user"] if path == SWARM else guard["group_add"][0]
    assert "${DOCKER_GID:?is not set" in group
    if path != SWARM:
        assert guard["security_opt"] == ["no-new-privileges:true"]
        assert guard["restart"] == "unless-stopped"


@pytest.mark.parametrize("path", GUARDED, ids=name_of)
def test_each_consumer_has_a_socket_of_its_own(path: Path) -> None:
    volumes = [mounts(one)[SOCKETS] for one in consumers(path).values()]
    assert sorted(volumes) == sorted(offered(path).values())
    assert len(set(volumes)) == len(volumes)
    for name, one in services(path).items():
        if name not in (*consumers(path), "sockguard"):
            assert not set(mounts(one).values()) & set(volumes)


@pytest.mark.parametrize("path", GUARDED, ids=name_of)
def test_the_volume_of_a_socket_belongs_to_sockguard(path: Path) -> None:
    whole = read(path)
    volumes = {*offered(path).values()} | ({"sockets"} if path == SWARM else set())
    assert {whole["volumes"][one]["driver_opts"]["o"] for one in volumes} <= {OWNER}
    if path != SWARM:
        assert whole["services"]["sockguard"]["tmpfs"] == [f"{SOCKETS}:{OWNER}"]


@pytest.mark.parametrize("path", GUARDED, ids=name_of)
def test_a_consumer_waits_for_sockguard_and_comes_back_when_it_was_too_early(path: Path) -> None:
    for one in consumers(path).values():
        if path == SWARM:  # a stack knows no depends_on
            assert one["deploy"]["restart_policy"]["condition"] == "any"
            continue
        assert one["depends_on"]["sockguard"] == {"condition": "service_healthy"}
        assert one["restart"] in ("unless-stopped", "on-failure")


@pytest.mark.parametrize("path", GUARDED, ids=name_of)
def test_the_policy_loads_and_its_clients_are_those_that_are_served(path: Path) -> None:
    policy = policy_of(path)  # loading it holds it to its `expect`
    assert lint(policy) == []
    by_socket = {name for name, client in policy.clients.items() if not client.match.by_network}
    idle = {"acme-companion"} if path.with_name(OVER).exists() and path.name != OVER else set()
    assert by_socket - idle == set(offered(path))


@pytest.mark.parametrize("example", PROXIES)
def test_two_web_services_stand_behind_each_reverse_proxy(example: str) -> None:
    path = EXAMPLES / example / "compose.yaml"
    found = services(path)
    assert found["one"]["image"] == found["two"]["image"] == "traefik/whoami:v1.11"
    assert {"one.local", "two.local"} <= set(re.findall(r"\w+\.local", str(found)))
    (published,) = [ports for one in found.values() if (ports := one.get("ports"))]
    assert published == ["8080:80"]


@pytest.mark.parametrize("over", ["compose.yaml", OVER])
def test_what_faces_the_internet_in_the_separate_set_up_has_no_socket(over: str) -> None:
    path = EXAMPLES / "nginx-proxy/separate" / over
    facing = {name for name, one in services(path).items() if "ports" in one}
    assert facing == {"nginx"}
    assert not facing & consumers(path).keys()
    assert services(path)["docker-gen"]["network_mode"] == "none"


def test_no_dashboard_is_public() -> None:
    assert services(EXAMPLES / "dashboard/compose.yaml")["dozzle"]["ports"] == [
        "127.0.0.1:8080:8080"
    ]
    told = services(EXAMPLES / "traefik/compose.yaml")["traefik"]["command"]
    assert "--entryPoints.traefik.address=127.0.0.1:8081" in told


@pytest.mark.parametrize("folder", sorted({path.parent for path in FILES[1:]}), ids=name_of)
def test_each_example_is_told_on_one_page(folder: Path) -> None:
    page = next(one for at in (folder, folder.parent) if (one := at / "README.md").exists())
    assert len(page.read_text(encoding="utf-8").splitlines()) <= ONE_PAGE
    assert fenced(page, "sh")


@pytest.mark.skipif(shutil.which("docker-compose") is None, reason="there is no docker-compose")
@pytest.mark.parametrize("path", [path for path in FILES if path != SWARM], ids=name_of)
def test_docker_compose_takes_it(path: Path) -> None:
    files = ["compose.yaml", path.name] if path.name == OVER else [path.name]
    flags = [f"--file={name}" for name in files]
    assert accepted(path.parent, "docker-compose", *flags, "config", "--quiet") == ""


@pytest.mark.skipif(shutil.which("docker") is None, reason="there is no docker")
def test_docker_takes_the_stack() -> None:
    told = accepted(SWARM.parent, "docker", "stack", "config", "--compose-file", SWARM.name)
    assert yaml.safe_load(told)["services"]["sockguard"]["user"] == "65532:999"


def accepted(folder: Path, *line: str) -> str:
    """What a command prints that takes compose files, in their folder."""
    done = subprocess.run(
        line,
        cwd=folder,
        env=os.environ | VARIABLES,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(shutil.which("nginx") is None, reason="there is no nginx")
def test_nginx_takes_the_template(tmp_path: Path) -> None:
    template = EXAMPLES / "nginx/templates/default.conf.template"
    text = template.read_text(encoding="utf-8")
    for name, value in services(NO_SOCKET)["proxy"]["environment"].items():
        text = text.replace(f"${{{name}}}", value)
    (tmp_path / "default.conf").write_text(
        text.replace("listen 80", f"listen unix:{tmp_path}/socket")
    )
    (tmp_path / "nginx.conf").write_text(
        f"pid {tmp_path}/pid;\nevents {{}}\nhttp {{ include {tmp_path}/default.conf; }}\n"
    )
    line = ["nginx", "-t", "-e", "stderr", "-c", str(tmp_path / "nginx.conf")]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
