"""The swarm of one node: off unless a setting says so, then as the docker command knows it."""

from __future__ import annotations

import base64
import shutil
from typing import TYPE_CHECKING, Any

import docker
import pytest

from demo.state import Settings
from tests.support.asking import ask, get
from tests.support.demo_engine import RunningDemo, running_demo_engine
from tests.support.docker_cli import run
from tests.support.wait import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

needs_docker = pytest.mark.skipif(shutil.which("docker") is None, reason="needs the docker command")
SPEC: dict[str, Any] = {
    "Name": "api",
    "Labels": {"owner": "me"},
    "TaskTemplate": {
        "ContainerSpec": {
            "Image": "busybox",
            "Command": ["sh", "-c", "echo served"],
            "Env": ["TOKEN=hidden"],
            "Labels": {"inside": "1"},
        }
    },
    "Mode": {"Replicated": {"Replicas": 2}},
}


@pytest.fixture
def swarm(tmp_path: Path) -> Iterator[RunningDemo]:
    with running_demo_engine(tmp_path / "s.sock", Settings(tick=0.05, swarm=True)) as running:
        yield running


@pytest.mark.parametrize(
    "target", ["/swarm", "/swarm/unlockkey", "/services", "/tasks/x", "/nodes", "/secrets/x"]
)
def test_without_a_swarm_every_route_of_it_says_so(demo: RunningDemo, target: str) -> None:
    answer = ask(demo, "GET", target)
    assert answer.status == 503
    assert answer.message.startswith("This node is not a swarm manager. Use")
    assert get(demo, "/info")["Swarm"]["LocalNodeState"] == "inactive"


def test_the_swarm_hands_out_tokens_and_the_info_does_not(swarm: RunningDemo) -> None:
    assert get(swarm, "/swarm")["JoinTokens"]["Manager"].startswith("SWMTKN-1-")
    info = get(swarm, "/info")["Swarm"]
    assert (info["LocalNodeState"], info["Nodes"]) == ("active", 1)
    assert "JoinTokens" not in info["Cluster"]
    assert get(swarm, "/swarm/unlockkey") == {"UnlockKey": ""}
    assert b"Swarm: active/manager" in ask(swarm, "HEAD", "/_ping").head


def test_a_swarm_begins_and_ends(demo: RunningDemo) -> None:
    body = {
        "ListenAddr": "127.0.0.1:2377",
        "Spec": {"EncryptionConfig": {"AutoLockManagers": True}},
    }
    node = ask(demo, "POST", "/swarm/init", body)
    assert node.status == 200
    try:
        assert get(demo, f"/nodes/{node.json}")["ManagerStatus"]["Leader"]
        assert get(demo, "/swarm/unlockkey")["UnlockKey"].startswith("SWMKEY-1-")
        assert ask(demo, "POST", "/swarm/init", {}).status == 503
        assert ask(demo, "POST", "/swarm/leave").status == 503
    finally:
        assert ask(demo, "POST", "/swarm/leave?force=1").status == 200
    assert ask(demo, "GET", "/swarm").status == 503


def test_a_service_is_updated_by_its_version_and_keeps_its_former_spec(swarm: RunningDemo) -> None:
    identity = ask(swarm, "POST", "/services/create", SPEC).json["ID"]
    before = get(swarm, "/services/api")
    assert before["ID"] == identity
    assert "PreviousSpec" not in before
    changed = SPEC | {"Labels": {"owner": "you"}}
    version = before["Version"]["Index"]
    target = f"/services/{identity[:9]}/update?version={version}"
    assert ask(swarm, "POST", target, changed).json == {"Warnings": None}
    after = get(swarm, f"/services/{identity}")
    assert after["PreviousSpec"] == before["Spec"]
    assert after["Spec"]["Labels"] == {"owner": "you"}
    assert after["Version"]["Index"] > version
    stale = ask(swarm, "POST", target, changed)
    assert stale.message == "rpc error: code = Unknown desc = update out of sequence"
    target = f"/services/api/update?version={after['Version']['Index']}&rollback=previous"
    assert ask(swarm, "POST", target, changed).status == 200
    assert get(swarm, "/services/api")["Spec"] == before["Spec"]


def test_a_service_runs_as_containers_with_the_swarm_s_labels(swarm: RunningDemo) -> None:
    identity = ask(swarm, "POST", "/services/create", SPEC).json["ID"]
    tasks = get(swarm, "/tasks?filters={%22service%22:[%22api%22]}")
    assert [task["Slot"] for task in tasks] == [1, 2]
    assert tasks[0]["Spec"]["ContainerSpec"]["Env"] == ["TOKEN=hidden"]
    assert get(swarm, f"/tasks/{tasks[0]['ID']}")["ServiceID"] == identity
    container = tasks[0]["Status"]["ContainerStatus"]["ContainerID"]
    shown = get(swarm, f"/containers/{container}/json")
    assert shown["Name"] == f"/api.1.{tasks[0]['ID']}"
    assert shown["Config"]["Labels"]["com.docker.swarm.service.id"] == identity
    assert shown["Config"]["Labels"]["inside"] == "1"
    (listed,) = get(swarm, "/services?status=1")
    assert listed["ServiceStatus"]["DesiredTasks"] == 2
    assert ask(swarm, "DELETE", "/services/api").status == 200
    assert get(swarm, "/tasks") == []
    assert ask(swarm, "GET", f"/containers/{container}/json").status == 404
    gone = ask(swarm, "GET", "/services/api")
    assert (gone.status, gone.message) == (404, "service api not found")


def test_the_logs_of_a_service_are_those_of_its_tasks(swarm: RunningDemo) -> None:
    ask(swarm, "POST", "/services/create", SPEC)
    (first, _) = get(swarm, "/tasks")
    wait_until(
        lambda: get(swarm, f"/tasks/{first['ID']}")["Status"]["State"] == "complete", "tasks"
    )
    frame = b"\x01\0\0\0\0\0\0\x07served\n"
    assert ask(swarm, "GET", "/services/api/logs?stdout=1").body.count(frame) == 2
    told = ask(swarm, "GET", f"/tasks/{first['ID']}/logs?stdout=1&details=1").body
    assert f"com.docker.swarm.task.id={first['ID']} served".encode() in told


def test_a_secret_is_never_shown_and_a_config_is(swarm: RunningDemo) -> None:
    data = base64.b64encode(b"hidden").decode()
    for kind in ("secrets", "configs"):
        body = {"Name": "kept", "Data": data, "Labels": {"a": "b"}}
        identity = ask(swarm, "POST", f"/{kind}/create", body).json["ID"]
        for shown in (get(swarm, f"/{kind}/kept"), *get(swarm, f"/{kind}")):
            assert shown["ID"] == identity
            assert shown["Spec"].get("Data") == (data if kind == "configs" else None)
        again = ask(swarm, "POST", f"/{kind}/create", body)
        assert again.message.endswith(f"{kind[:-1]} kept already exists")
        version = get(swarm, f"/{kind}/kept")["Version"]["Index"]
        target = f"/{kind}/kept/update?version={version}"
        assert ask(swarm, "POST", target, body | {"Data": "AAAA"}).status == 400
        assert ask(swarm, "POST", target, body | {"Labels": {"a": "c"}}).status == 200
        assert get(swarm, f"/{kind}/kept")["Spec"]["Labels"] == {"a": "c"}


def test_a_secret_in_use_stays(swarm: RunningDemo) -> None:
    identity = ask(swarm, "POST", "/secrets/create", {"Name": "used", "Data": "YQ=="}).json["ID"]
    spec: dict[str, Any] = SPEC | {"TaskTemplate": {"ContainerSpec": {"Image": "busybox"}}}
    reference = {"SecretID": identity, "SecretName": "used", "File": {"Name": "used"}}
    spec["TaskTemplate"]["ContainerSpec"]["Secrets"] = [reference]
    assert ask(swarm, "POST", "/services/create", spec).status == 201
    answer = ask(swarm, "DELETE", "/secrets/used")
    assert answer.message.endswith("secret 'used' is in use by the following service: api")
    ask(swarm, "DELETE", "/services/api")
    assert ask(swarm, "DELETE", "/secrets/used").status == 204


def test_a_node_is_updated_by_its_version(swarm: RunningDemo) -> None:
    (node,) = get(swarm, "/nodes")
    target = f"/nodes/{node['ID']}/update?version={node['Version']['Index']}"
    spec = node["Spec"] | {"Labels": {"rack": "2"}}
    assert ask(swarm, "POST", target, spec).status == 200
    assert get(swarm, "/nodes/demo")["Spec"]["Labels"] == {"rack": "2"}
    assert ask(swarm, "POST", target, spec).status == 500
    assert ask(swarm, "GET", "/nodes/nope").message == "node nope not found"


def test_docker_py_knows_the_swarm(swarm: RunningDemo) -> None:
    client: Any = docker.DockerClient(f"unix://{swarm.path}", version="auto", timeout=10)
    try:
        service = client.services.create(
            "busybox", ["sleep", "infinity"], name="py", labels={"a": "b"}
        )
        assert service.update(labels={"a": "c"})
        service.reload()
        assert service.attrs["PreviousSpec"]["Labels"] == {"a": "b"}
        assert service.tasks()[0]["DesiredState"] == "running"
        assert client.nodes.list()[0].attrs["Spec"]["Role"] == "manager"
        assert client.swarm.attrs["JoinTokens"]["Worker"]
        secret = client.secrets.create(name="s", data=b"hidden")
        assert client.secrets.get(secret.id).name == "s"
        service.remove()
    finally:
        client.close()


@needs_docker
def test_the_docker_command_knows_the_swarm(swarm: RunningDemo, tmp_path: Path) -> None:
    script = """set -e
    docker service create -q -d --name cli --env TOKEN=hidden --label a=b busybox \\
        sh -c 'echo up; sleep 100'
    docker service ls --format '{{.Name}} {{.Mode}} {{.Replicas}}'
    docker service inspect cli --format '{{.Spec.TaskTemplate.ContainerSpec.Env}}'
    docker service update -q -d --label-add c=d cli
    docker service inspect cli --format '{{.PreviousSpec.Labels}} {{.Spec.Labels}}'
    docker service ps cli --format '{{.Name}} {{.CurrentState}}' | cut -c-13
    docker service logs --raw cli
    docker node ls --format '{{.Hostname}} {{.ManagerStatus}}'
    docker node inspect self --format '{{.Spec.Role}}'
    printf hidden | docker secret create kept - >/dev/null && docker secret ls --format '{{.Name}}'
    printf hidden | docker config create kept - >/dev/null
    docker config inspect kept --format '{{printf "%s" .Spec.Data}}'
    docker swarm join-token -q worker
    docker service rm cli
    """
    done = run(["sh", "-c", script], f"unix://{swarm.path}", tmp_path)
    assert (done.stderr, done.code) == ("", 0)
    lines = done.stdout.splitlines()
    assert len(lines[0]) == 25
    assert lines[1:] == [
        "cli replicated 1/1",
        "[TOKEN=hidden]",
        "cli",
        "map[a:b] map[a:b c:d]",
        "cli.1 Running",
        "up",
        "demo Leader",
        "manager",
        "kept",
        "hidden",
        "SWMTKN-1-not-a-real-token-worker",
        "cli",
    ]
