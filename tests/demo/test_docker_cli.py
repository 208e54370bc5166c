from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.support.docker_cli import Outcome, environment, run
from tests.support.terminal import in_terminal

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.demo_engine import RunningDemo

pytestmark = pytest.mark.skipif(shutil.which("docker") is None, reason="needs the docker command")


def sh(demo: RunningDemo, folder: Path, script: str) -> Outcome:
    return run(["sh", "-c", script], f"unix://{demo.path}", folder)


@pytest.mark.parametrize(
    ("script", "stdout"),
    [
        ("docker version -f '{{.Server.APIVersion}}'", "1.47\n"),
        ("docker ps --format '{{.Ports}}' --filter name=web", "0.0.0.0:8080->80/tcp\n"),
        ("docker ps -q --no-trunc --filter label=com.example.tier=front | wc -c", "65\n"),
        ("docker info -f '{{.ServerVersion}} {{.OSType}}'", "27.5.1 linux\n"),
        ("docker inspect web -f '{{.Config.Env}}' | grep -c SESSION_SECRET", "1\n"),
        ("docker run --rm busybox echo hello", "hello\n"),
        ("echo hi | docker run -i --rm busybox cat", "hi\n"),
        ("printf 'a' | docker run -i --rm busybox lines", "got a\n1 lines, end of input\n"),
        ("head -c 3000000 /dev/zero | docker run -i --rm busybox wc", "3000000\n"),
        ("docker run --rm busybox head -c 3000000 | wc -c", "3000000\n"),
        ("docker exec web echo hello", "hello\n"),
        ("docker exec -e WORD=x web env | grep WORD", "WORD=x\n"),
        ("echo typed | docker exec -i web lines", "got typed\n1 lines, end of input\n"),
        ("docker exec web sh -c 'echo out; echo err >&2' 2>/dev/null", "out\n"),
        ("docker cp web:/tmp/hello.txt - | tar -xO", "hello from the demo engine\n"),
        ("echo up > u && docker cp -q u web:/tmp/ && docker exec web cat /tmp/u", "up\n"),
        ("docker images --format '{{.Repository}}' | grep -c nginx", "1\n"),
        ("docker pull -q alpine", "docker.io/library/alpine:latest\n"),
        ("docker run -q --rm ghcr.io/acme/tool:2 echo pulled", "pulled\n"),
        ("docker save busybox | docker load", "Loaded image: busybox:latest\n"),
        ("docker network create --label a=b n1 | wc -c && docker network rm n1", "65\nn1\n"),
        ("docker network inspect backend -f '{{len .Containers}}'", "3\n"),
        ("docker volume create v1 && docker volume ls -qf name=v1", "v1\nv1\n"),
        ("docker stats --no-stream --format '{{.Name}}' web", "web\n"),
        ("docker top web | tail -1 | grep -o nginx", "nginx\n"),
        ("docker port web", "80/tcp -> 0.0.0.0:8080\n"),
        ("docker logs web 2>/dev/null | head -1", "ready to serve\n"),
        ("docker logs web 2>&1 >/dev/null", "notice: this is a simulation\n"),
        ("docker logs -f web 2>/dev/null | sed 2q", "ready to serve\nrequest 1 served\n"),
        ("docker export web | tar -t etc/hostname", "etc/hostname\n"),
        ("docker create --name c1 busybox echo late && docker start -a c1 | tail -1", None),
        ("docker search x --format '{{.Name}}'", "x\n"),
        ("docker system df --format '{{.Type}}' | head -1", "Images\n"),
        ("docker history -q nginx:1.27 | wc -l", "1\n"),
        ("docker kill -s HUP web", "web\n"),
        ("docker tag busybox b:2 && docker rmi b:2", "Untagged: b:2\n"),
    ],
)  # fmt: skip
def test_the_docker_command_gets_what_it_asks_for(
    demo: RunningDemo, tmp_path: Path, script: str, stdout: str | None
) -> None:
    done = sh(demo, tmp_path, script)
    assert (done.code, done.stderr) == (0, "")
    assert stdout is None or done.stdout == stdout


@pytest.mark.parametrize(
    ("script", "code", "stderr"),
    [
        ("docker exec web sh -c 'exit 7'", 7, ""),
        ("docker exec web nowhere", 127, "exec failed"),
        ("docker run --rm busybox sh -c 'exit 3'", 3, ""),
        ("docker inspect nowhere", 1, "No such object: nowhere"),
        ("docker rm web", 1, "container is running"),
        ("docker run --name web busybox", 125, 'The container name "/web" is already in use'),
        ("docker volume rm db-data", 1, "volume is in use"),
        ("docker network rm bridge", 1, "pre-defined network"),
        ("docker rmi nginx:1.27", 1, "conflict"),
        ("docker service ls", 1, "This node is not a swarm manager"),
        ("docker network inspect nowhere", 1, "network nowhere not found"),
        ("docker volume inspect nowhere", 1, "no such volume"),
        ("docker image inspect nowhere", 1, "No such image: nowhere:latest"),
        ("docker image rm Nowhere", 1, "must be lowercase"),
        ("docker plugin inspect nowhere", 1, 'plugin "nowhere" not found'),
    ],
)
def test_the_docker_command_shows_the_engine_s_refusal(
    demo: RunningDemo, tmp_path: Path, script: str, code: int, stderr: str
) -> None:
    done = sh(demo, tmp_path, script)
    assert done.code == code
    assert stderr in done.stderr


def test_a_container_lives_from_run_to_rm(demo: RunningDemo, tmp_path: Path) -> None:
    script = """
    docker run -d --name life --label kind=test busybox sleep 100 >/dev/null
    docker rename life other && docker pause other && docker unpause other
    docker update --memory 1g other && docker restart -t 0 other
    docker stop other && docker wait other && docker start other && docker rm -f other
    """
    done = sh(demo, tmp_path, script)
    assert done.stdout.split() == ["other"] * 5 + ["143"] + ["other"] * 2
    format_ = "{{.Type}} {{.Action}}"
    script = (
        f"docker events --since 0 --until $(date +%s) --filter label=kind=test --format '{format_}'"
    )
    told = sh(demo, tmp_path, f"sleep 1; {script}").stdout.splitlines()
    assert told[:2] == ["container create", "container start"]
    assert told[-1] == "container destroy"
    assert {"container pause", "container rename", "container die"} <= set(told)
    assert demo.sent("DELETE", "/containers/other")[0].argument("force") == "1"


def test_the_classic_builder_builds(demo: RunningDemo, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM busybox\nRUN true\n")
    done = sh(demo, tmp_path, "docker build -t built . && docker image inspect built -f '{{.Os}}'")
    assert "Step 2/2 : RUN true" in done.stdout
    assert done.stdout.endswith("Successfully tagged built:latest\nlinux\n")


def test_a_terminal_is_a_terminal(demo: RunningDemo, tmp_path: Path) -> None:
    env = environment(f"unix://{demo.path}", tmp_path)
    dialogue = [("/ # ", "stty size\r"), ("97", "exit 5\r")]
    code, shown = in_terminal(["docker", "exec", "-it", "web", "sh"], env, dialogue)
    assert code == 5
    assert "stty size\r\n31 97\r\n/ # exit 5\r\n" in shown


def test_a_run_in_a_terminal_ends_with_control_d(demo: RunningDemo, tmp_path: Path) -> None:
    env = environment(f"unix://{demo.path}", tmp_path)
    dialogue = [("/ # ", "echo typed\r"), ("typed\r\ntyped", "\x04")]
    code, _ = in_terminal(["docker", "run", "--rm", "-it", "busybox", "sh"], env, dialogue)
    assert code == 0
