"""The files in examples/ that people copy: they load, parse, and keep to what the product knows."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import tomllib
from configparser import ConfigParser
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from sockguard.cli.main import build_parser
from sockguard.options import OPTIONS
from sockguard.policy.check import lint
from sockguard.policy.load import load_texts, shipped_folder
from sockguard.settings import read_settings
from tests.house.test_docs import ENGINE_SOCKET, SOCKETS, fenced, mounts
from tests.support.tree import ROOT, name_of

if TYPE_CHECKING:
    from argparse import Namespace
    from pathlib import Path

    from sockguard.policy.model import Policy

EXAMPLES = ROOT / "examples"
UNITS = EXAMPLES / "systemd"
MTLS: dict[str, Any] = yaml.safe_load((EXAMPLES / "mtls/compose.yaml").read_text("utf-8"))
POLICIES = ("mtls/policy/policy.yaml", "systemd/policy.yaml")
PAGES = ("mtls/README.md", "systemd/README.md")
SHIPPED = {f"shipped/{path.name}": path.read_bytes() for path in shipped_folder().glob("*.yaml")}
OURS = re.compile(
    r"^(?:sudo (?:-u sockguard )?)?(\S*sockguard|docker compose run --rm certs) (.+)$"
)


def policy_of(name: str) -> Policy:
    return load_texts({name: (EXAMPLES / name).read_bytes()}, shipped=SHIPPED)


def parsed(words: list[str]) -> Namespace:
    return build_parser().parse_args(words)


def unit(path: Path) -> ConfigParser:
    """A unit file, of which a key that is given again keeps its last value only."""
    found = ConfigParser(strict=False, interpolation=None, comment_prefixes=("#",))
    found.optionxform = str  # type: ignore[assignment,method-assign]  # keys of units have case
    found.read_string(path.read_text(encoding="utf-8").replace("\\\n", " "))
    return found


@pytest.mark.parametrize("name", POLICIES)
def test_a_policy_loads_and_nothing_is_to_be_warned_of(name: str) -> None:
    policy = policy_of(name)
    assert "anna" in policy.clients
    assert lint(policy) == []


def test_the_compose_file_serves_with_flags_and_variables_that_there_are(tmp_path: Path) -> None:
    guard = MTLS["services"]["sockguard"]
    arguments = parsed(["serve"])
    settings = read_settings(arguments, guard["environment"], tmp_path)
    assert [str(one) for one in settings.listen] == ["tls://0.0.0.0:2376"]
    assert guard["ports"] == ["2376:2376"]
    where = mounts(guard)
    assert where[str(settings.tls_dir)] == "./tls"
    assert where[settings.policy] == "./policy"
    assert {option.variable for option in OPTIONS} >= set(guard["environment"])


def test_the_compose_file_gives_nothing_away() -> None:
    guard, certs = MTLS["services"]["sockguard"], MTLS["services"]["certs"]
    assert mounts(guard)[ENGINE_SOCKET] == ENGINE_SOCKET
    assert ENGINE_SOCKET not in mounts(certs)
    read_only = {one.split(":")[1] for one in guard["volumes"] if one.endswith(":ro")}
    assert read_only == {"/etc/sockguard/policy", "/etc/sockguard/tls"}
    assert "./authority" in mounts(certs).values()
    assert "./authority" not in mounts(guard).values()
    assert certs["network_mode"] == "none"
    assert guard["tmpfs"] == [f"{SOCKETS}:uid=65532,gid=65532,mode=0755"]
    for service in (guard, certs):
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]


def test_the_callers_of_the_compose_example_are_those_that_its_page_makes() -> None:
    text = "\n".join(fenced(EXAMPLES / "mtls/README.md", "sh"))
    made = set(re.findall(r"certs issue (\S+)", text)) - {"docker"}
    assert made == set(policy_of("mtls/policy/policy.yaml").clients)


@pytest.mark.parametrize("page", PAGES)
def test_each_command_of_ours_on_a_page_is_complete(page: str) -> None:
    lines = [line for block in fenced(EXAMPLES / page, "sh") for line in block.splitlines()]
    ours = [found for line in lines if (found := OURS.match(line.partition("  #")[0]))]
    assert len(ours) >= 2
    for found in ours:
        words = shlex.split(found[2])
        assert parsed(["certs", *words] if found[1].startswith("docker") else words).run


def test_the_service_starts_with_flags_that_there_are_and_sockets_that_fit(tmp_path: Path) -> None:
    service = unit(UNITS / "sockguard.service")["Service"]
    program, *words = shlex.split(service["ExecStart"])
    assert program == "/opt/sockguard/bin/sockguard"
    settings = read_settings(parsed(words), {}, tmp_path)
    policy = policy_of("systemd/policy.yaml")
    sockets = [unit(path)["Socket"] for path in sorted(UNITS.glob("*.socket"))]
    names = {one["FileDescriptorName"] for one in sockets}
    assert {one["Service"] for one in sockets} == {"sockguard.service"}
    assert names == {"tls", "portal"}
    assert names <= {*policy.clients, *(one.passed for one in settings.listen)}
    assert policy.uses_network


def test_the_log_has_a_folder_that_does_not_hold_the_authority() -> None:
    service = unit(UNITS / "sockguard.service")["Service"]
    assert service["Environment"] == f"SOCKGUARD_AUDIT_DIR=/var/lib/{service['StateDirectory']}"
    assert not "/var/lib/sockguard/certs".startswith(f"/var/lib/{service['StateDirectory']}")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd here")
def test_systemd_takes_each_unit(tmp_path: Path) -> None:
    # The program is not installed where the unit says, which is all that there is to complain of.
    for path in UNITS.glob("sockguard*.*"):
        text = path.read_text(encoding="utf-8")
        (tmp_path / path.name).write_text(text.replace("/opt/sockguard/bin/sockguard", "/bin/true"))
    units = sorted(map(str, tmp_path.glob("sockguard*.*")))
    assert len(units) == len(list(UNITS.glob("sockguard*.*"))) >= 3
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, [one for one in done.stderr.splitlines() if "sockguard" in one]) == (
        0,
        [],
    )


def test_every_file_to_copy_is_held_by_a_test() -> None:
    held = {"compose.yaml", "policy.yaml", "README.md", "dashboard.json"}
    files = {name_of(path) for path in EXAMPLES.rglob("*") if path.is_file()}
    left = {name for name in files if name.rsplit("/", 1)[1] not in held}
    left -= {name for name in left if name.startswith("examples/collectors/")}  # test_audit_page.py
    assert left == {name_of(path) for path in UNITS.glob("sockguard*.*")} | {
        "examples/ci-runner/runner/config.toml",
        "examples/nginx-proxy/separate/compose.acme.yaml",
        "examples/nginx/templates/default.conf.template",
        "examples/swarm/telegraf.conf",
    }


def test_the_settings_of_programs_name_the_socket_that_is_mounted() -> None:
    runner = tomllib.loads((EXAMPLES / "ci-runner/runner/config.toml").read_text("utf-8"))
    (docker,) = [one["docker"] for one in runner["runners"]]
    assert docker["host"] == f"unix://{SOCKETS}/docker.sock"
    assert docker["privileged"] is False
    telegraf = tomllib.loads((EXAMPLES / "swarm/telegraf.conf").read_text("utf-8"))
    assert telegraf["inputs"]["docker"] == [{"endpoint": f"unix://{SOCKETS}/docker.sock"}]
