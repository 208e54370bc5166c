"""That the docker command decodes what the demo engine says of its objects."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.support.docker_cli import run

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.demo_engine import RunningDemo

pytestmark = pytest.mark.skipif(shutil.which("docker") is None, reason="needs the docker command")
CASES = {
    """
    docker run -d --name full --health-cmd true --log-opt max-size=1m -v /srv:/srv:ro \\
        --mount type=volume,src=made,dst=/made,volume-label=a=b redis:7 >/dev/null
    docker inspect full -f '{{.Config.User}} {{.HostConfig.LogConfig.Config}}'
    docker inspect full -f '{{range .Mounts}}{{.Source}} {{.RW}} {{end}}'
    docker inspect full -f '{{.State.Health.FailingStreak}} {{.GraphDriver.Name}}'
    docker ps --filter volume=made --format '{{.Names}} {{.Mounts}}'
    docker volume inspect made -f '{{.Labels}}'
    """: """
    999:999 map[max-size:1m]
    /srv false /var/lib/docker/volumes/made/_data true
    0 overlay2
    full /srv,made
    map[a:b]
    """,
    """
    docker create --name source -l a=b busybox serve >/dev/null
    docker commit -c 'ENV K=v' -c 'LABEL c=d' source taken:1 >/dev/null
    docker image inspect taken:1 -f '{{.Config.Labels}} {{index .Config.Env 0}}'
    docker history --format '{{.CreatedBy}}' taken:1
    echo | docker import -c 'LABEL i=1' - imported:1 >/dev/null
    docker image inspect imported:1 -f '{{.Config.Labels}} {{.RepoTags}}'
    """: """
    map[a:b c:d] K=v
    serve
    COPY . / # buildkit
    map[i:1] [imported:1]
    """,
    """
    docker network create --subnet 10.1.2.0/24 --internal --label a=b made >/dev/null
    docker network inspect made -f '{{(index .IPAM.Config 0).Subnet}} {{.Internal}} {{.Labels}}'
    docker network connect --alias db --ip 10.1.2.3 made web
    docker network inspect made -f '{{range .Containers}}{{.Name}} {{.IPv4Address}}{{end}}'
    docker network disconnect made web
    docker network prune -f --filter label=a=b | grep made
    """: """
    10.1.2.0/24 true map[a:b]
    web 10.1.2.3/24
    made
    """,
    """
    docker plugin ls --format '{{.Name}} {{.Enabled}}'
    docker plugin inspect example/netfs -f '{{.Settings.Env}}'
    docker info -f '{{.HTTPProxy}} {{.Labels}} {{.RegistryConfig.Mirrors}}'
    docker system df -v --format '{{range .BuildCache}}{{.CacheType}}{{end}}'
    """: """
    example/netfs:latest true
    [DEBUG=0 NETFS_PASSWORD=not-a-real-password]
    http://xxxxx:xxxxx@proxy.example.com:3128 [region=lab] [https://mirror.example.com/]
    regular
    """,
}


@pytest.mark.parametrize(("script", "shown"), CASES.items(), ids=range(len(CASES)))
def test_the_docker_command_shows_it(
    demo: RunningDemo, tmp_path: Path, script: str, shown: str
) -> None:
    done = run(["sh", "-ec", script], f"unix://{demo.path}", tmp_path)
    assert (done.stderr, done.code) == ("", 0)
    lines = [line.strip() for line in done.stdout.splitlines()]
    assert [line for line in lines if line] == [line.strip() for line in shown.split("\n")][1:-1]


def test_a_build_keeps_labels_environment_and_arguments(demo: RunningDemo, tmp_path: Path) -> None:
    text = "FROM redis:7\nARG TOKEN\nENV K=v\nLABEL c=d\nUSER nobody\nRUN true\n"
    (tmp_path / "Dockerfile").write_text(text)
    script = """
    docker build -q --label l=m --build-arg TOKEN=hidden -t built:1 . >/dev/null
    docker image inspect built:1 -f '{{.Config.User}} {{index .Config.Env 0}} {{.Config.Labels}}'
    docker history --no-trunc --format '{{.CreatedBy}}' built:1 | head -1
    """
    done = run(["sh", "-ec", script], f"unix://{demo.path}", tmp_path)
    assert done.stdout.splitlines() == [
        "nobody K=v map[c:d l:m org.opencontainers.image.title:redis]",
        "|1 TOKEN=hidden /bin/sh -c true",
    ]
