"""A role that was learned from a program's requests carries that program, and nobody further.

The programs are those of the shipped roles. Each asks through a sockguard in report mode, which
grants it nothing; what is learned from that log is then served in front of another demo engine.
"""

from __future__ import annotations

import json
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from demo.state import Settings
from sockguard.audit.read_store import events
from sockguard.engine.level import Level
from sockguard.history.learning import learn
from sockguard.history.past import Past, read_past
from sockguard.history.proposal import Proposal, proposal_text
from sockguard.history.weighing import weighed
from sockguard.policy.load import load_text
from sockguard.policy.rehearse import rehearse
from tests.corpus.consumers import CALLS, LABELS
from tests.scenarios.test_a_shipped_role_is_enough_and_no_more import (
    ATTACKS,
    FIRST_FAILURE,
    ROLES,
    arrived,
    config,
    node,
    send,
    service,
)
from tests.support import asking
from tests.support.demo_engine import RunningDemo, running_demo_engine
from tests.support.past_requests import counted
from tests.support.sockguard_process import Guard, serving

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from sockguard.history.lines import Line

REPORTING = "clients:\n" + "".join(f"  {role}: {{mode: report, allow: []}}\n" for role in ROLES)


@contextmanager
def engine_in(folder: Path) -> Iterator[RunningDemo]:
    """An Engine in a swarm, with a service, two configs and a secret."""
    with running_demo_engine(folder / "e.sock", Settings(swarm=True)) as demo:
        for path, body in (
            ("/services/create", service("web")),
            ("/configs/create", config("caddyfile", caddy="")),
            ("/configs/create", config("app")),
            ("/secrets/create", config("password")),
        ):
            assert asking.ask(demo, "POST", path, body).status < FIRST_FAILURE
        yield demo


def run_all(engine: RunningDemo, guard: Guard, role: str) -> list[tuple[str, int, object]]:
    """Send what the program asks for; return what did not come through."""
    asking.run(engine, f"c-{role}", Labels=LABELS.get(role, {}))
    names = {"role": role, "c": f"c-{role}", "node": node(engine)}
    failed: list[tuple[str, int, object]] = []
    for call in CALLS[role]:
        engine.clear()
        status, document = send(guard, role, call, names)
        if status >= FIRST_FAILURE or not arrived(engine, call):
            failed.append((call.do, status, document))
        if isinstance(document, dict) and "Id" in document and status == 201:
            names["exec" if call.do.endswith("/exec") else "made"] = document["Id"]
    return failed


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The audit folder of a sockguard in report mode that all the programs went through."""
    folder = tmp_path_factory.mktemp("l")
    with engine_in(folder) as engine, serving(REPORTING, f"unix://{engine.path}", *ROLES) as guard:
        assert [failed for role in ROLES for failed in run_all(engine, guard, role)] == []
        guard.stop()
        shutil.copytree(guard.audit, folder / "audit")
    return folder / "audit"


@pytest.fixture(scope="module")
def learned(log: Path) -> Mapping[str, list[Line]]:
    pasts = list(filter(None, map(read_past, events(log))))
    assert all(past.is_whole for past in pasts)
    return {role: learn(role, counted(of(pasts, role))) for role in ROLES}


def of(pasts: list[Past], role: str) -> list[Past]:
    return [past for past in pasts if past.client == role]


def policy_from(learned: Mapping[str, list[Line]], limit: Level) -> str:
    """Give each client its role as `policy learn` prints it."""
    roles = ""
    for role, lines in learned.items():
        kept = weighed(role, lines, limit)
        text = proposal_text(Proposal(role, role, kept, limit, "", 0))
        roles += text.partition("roles:\n")[2]
    return f"clients:\n{''.join(f'  {r}: {{role: {r}}}{chr(10)}' for r in learned)}roles:\n{roles}"


def test_all_requests_are_served_by_what_is_learned(learned: Mapping[str, list[Line]]) -> None:
    unserved = {
        role: line.unserved for role, lines in learned.items() for line in lines if line.unserved
    }
    assert unserved == {}
    assert {line.wide for lines in learned.values() for line in lines} == {""}


def test_a_program_gets_what_it_asks_for_under_what_was_learned_of_it(
    learned: Mapping[str, list[Line]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    policy = policy_from(learned, Level.ROOT)
    folder = tmp_path_factory.mktemp("a")
    with engine_in(folder) as engine, serving(policy, f"unix://{engine.path}", *ROLES) as guard:
        failed = {role: found for role in ROLES if (found := run_all(engine, guard, role))}
    assert failed == {}


@pytest.mark.parametrize("limit", [Level.CODE, Level.ROOT])
def test_who_took_the_program_over_gets_no_further(
    learned: Mapping[str, list[Line]], tmp_path_factory: pytest.TempPathFactory, limit: Level
) -> None:
    policy = policy_from(learned, limit)
    reached: dict[str, set[str]] = {}
    folder = tmp_path_factory.mktemp("b")
    with engine_in(folder) as engine, serving(policy, f"unix://{engine.path}", *ROLES) as guard:
        for role in ROLES:
            if got := attacks_that_arrive(engine, guard, role):
                reached[role] = got
    assert reached == HANDED_OVER


HANDED_OVER: dict[str, set[str]] = {
    "caddy-docker-proxy-swarm": {"content of configs"},
    "docker-cli-read-only": {"names of secrets"},
    "portainer": {"names of secrets", "new secret", "save", "swarm"},
    "portainer-read-only": {"names of secrets", "swarm"},
}
"""What of the attacks each program asks for itself, and no target can narrow.

The content of configs, and the tokens of the swarm, stay masked.
"""

REACHES_FOR_THE_HOST: tuple[dict[str, Any], ...] = (
    {"Privileged": True},
    {"Binds": ["/:/host"]},
    {"Binds": ["/var/run/docker.sock:/s"]},
    {"Mounts": [{"Type": "bind", "Source": "/", "Target": "/host"}]},
    {
        "Mounts": [
            {
                "Type": "volume",
                "Target": "/host",
                "VolumeOptions": {"DriverConfig": {"Options": {"o": "bind", "device": "/"}}},
            }
        ]
    },
    {"VolumesFrom": ["victim"]},
    {"NetworkMode": "host"},
    {"NetworkMode": "container:victim"},
    {"PidMode": "host"},
    {"IpcMode": "container:victim"},
    {"UsernsMode": "host"},
    {"CgroupnsMode": "host"},
    {"CapAdd": ["ALL"]},
    {"CapAdd": ["SYS_ADMIN"]},
    {"Devices": [{"PathOnHost": "/dev/sda"}]},
    {"DeviceCgroupRules": ["a *:* rwm"]},
    {"SecurityOpt": ["label:disable"]},
    {"MaskedPaths": []},
    {"CgroupParent": "/"},
    {"Runtime": "other"},
    {"Sysctls": {"kernel.core_pattern": "|/x"}},
    {"Tmpfs": {"/x": "exec,dev,suid"}},
)
ASKS_FOR_IT_ITSELF = {"portainer": {"Privileged"}}


def test_no_container_reaches_further_than_those_that_were_seen(
    learned: Mapping[str, list[Line]],
) -> None:
    policy = load_text("version: 1\n" + policy_from(learned, Level.ROOT))
    through = []
    for role in sorted(role for role in ROLES if creates(learned[role])):
        for reach in REACHES_FOR_THE_HOST:
            for image in ("redis:7", "busybox", "registry.example.com/shop/web:2"):
                body = json.dumps({"Image": image, "HostConfig": reach}).encode()
                found = rehearse(
                    policy.clients[role], "POST", "/v1.47/containers/create", body, given=NOTHING
                )
                if found.decision.allowed and not reach.keys() <= ASKS_FOR_IT_ITSELF.get(
                    role, set()
                ):
                    through.append((role, reach, image))
    assert through == []


NOTHING = dict.fromkeys(("container", "network", "volume", "image"))


def creates(lines: list[Line]) -> bool:
    return any(line.operation == "containers.create" for line in lines)


def attacks_that_arrive(engine: RunningDemo, guard: Guard, role: str) -> set[str]:
    name = f"victim-{role}"
    asking.run(engine, name, HostConfig={"Binds": [f"{name}:/data"]})
    prepared = asking.ask(engine, "POST", f"/containers/{name}/exec", {"Cmd": ["sh"]})
    names = {"role": role, "victim": name, "exec": prepared.json["Id"]}
    reached = set()
    for attack, call in ATTACKS.items():
        engine.clear()
        status, _ = send(guard, role, call, names)
        refused = status in {403, 404}  # sockguard reads an object to know whether it may be read
        if arrived(engine, call) and not (refused and call.do.startswith("GET ")):
            reached.add(attack)
    return reached
