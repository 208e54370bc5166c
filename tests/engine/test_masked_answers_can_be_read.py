"""Programs written for Docker read masked answers without an error, and find no secret in them.

The docker command and docker-py decode each field into its own type; a mask of another type, or a
text that is no base64 where bytes are meant, would make them fail.
"""

from __future__ import annotations

import base64
import itertools
from typing import TYPE_CHECKING, Any

import docker
import pytest

from tests.support.docker_cli import run
from tests.support.docker_programs import docker_programs
from tests.support.planted import secret
from tests.support.sockguard_process import Guard, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.planted import Planted

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")

POLICY = """
clients:
  read-only: {role: shipped/read-only}
  reader:
    allow:
      - system/hello
      - containers/read
      - images/read
      - networks/read
      - volumes/read
      - system.info
      - system.df
      - system.events
      - exec.inspect: {target: any}
      - swarm.inspect
      - swarm.unlock_key
      - services.list
      - services.inspect
      - tasks.list
      - tasks.inspect
      - nodes.list
      - nodes.inspect
      - secrets.list
      - secrets.inspect
      - configs.list
      - configs.inspect
      - plugins.list
"""
CLIENTS = ("read-only", "reader")
MASK = "sockguard:masked"


@pytest.fixture(scope="module")
def guard(planted: Planted) -> Iterator[Guard]:
    with serving(POLICY, planted.engine.host, *CLIENTS) as guard:
        yield guard


COMMANDS = """
docker ps --all --no-trunc --size
docker ps --all --format '{{json .}}'
docker ps --all --format 'table {{.ID}}\\t{{.Command}}\\t{{.Mounts}}\\t{{.Ports}}\\t{{.Networks}}'
docker inspect box odd failed
docker inspect --size box
docker inspect --format '{{json .}}' box odd failed
docker inspect --format '{{range .Config.Env}}{{println .}}{{end}}' box
docker inspect --format '{{.Path}} {{join .Args " "}} {{.LogPath}} {{.State.Error}}' box odd failed
docker inspect --format '{{range .Mounts}}{{.Type}} {{.Source}} {{.Destination}}{{end}}' box odd
docker inspect --format '{{range $k, $v := .HostConfig.LogConfig.Config}}{{$k}}={{$v}}{{end}}' box
docker inspect --format '{{range .State.Health.Log}}{{.ExitCode}} {{.Output}}{{end}}' box
docker inspect --format '{{(index .State.Health.Log 0).Start.Unix}} {{.State.StartedAt}}' box
docker inspect --format '{{range .HostConfig.Devices}}{{.PathOnHost}}{{end}}' odd
docker inspect --format '{{range .HostConfig.DeviceRequests}}{{.Count}} {{.Options}}{{end}}' odd
docker inspect --format '{{range .HostConfig.BlkioDeviceReadBps}}{{.Rate}} {{.Path}}{{end}}' odd
docker inspect --format '{{range .HostConfig.Mounts}}{{json .VolumeOptions}}{{end}}' odd
docker inspect --format '{{json .HostConfig.ExtraHosts}} {{json .GraphDriver.Data}}' box
docker inspect --format '{{json .Config.Healthcheck}} {{len .Config.Healthcheck.Test}}' box
docker stats --no-stream box
docker diff box
docker images --all --no-trunc
docker images --digests --format '{{json .}}'
docker image inspect app
docker image inspect --format '{{json .Config}} {{.Architecture}} {{.Size}} {{.RootFS.Type}}' app
docker image inspect --format '{{join .Config.Cmd " "}} {{join .Config.Entrypoint " "}}' app
docker history --no-trunc app
docker history --format '{{.CreatedBy}} {{.CreatedSince}} {{.Size}}' app
docker network ls --no-trunc
docker network inspect host none
docker volume ls --format '{{json .}}'
docker volume inspect files more-files
docker volume inspect --format '{{.Mountpoint}} {{range $k, $v := .Options}}{{$v}}{{end}}' files
docker info
docker info --format '{{json .}}'
docker info --format '{{.HTTPProxy}} {{.NoProxy}} {{.DockerRootDir}} {{json .Runtimes}}'
docker version
docker system df
docker system df --verbose
docker system df --format '{{json .}}'
""".strip().splitlines()

OF_A_READER = """
docker events --since 0 --until 0s
docker events --since 0 --until 0s --format '{{json .}}'
docker events --since 0 --until 0s --filter event=exec_create --format '{{.Action}} {{.Actor.ID}}'
docker service ls
docker service ls --format '{{json .}}'
docker service inspect web broken
docker service inspect --pretty web
docker service inspect --pretty broken
docker service inspect --format '{{json .Spec}}' web
docker service inspect --format '{{json .PreviousSpec.TaskTemplate.ContainerSpec.Env}}' web
docker service inspect --format '{{json .Spec.TaskTemplate.LogDriver.Options}}' web
docker service inspect --format '{{json .Spec.TaskTemplate.ContainerSpec.Mounts}}' web
docker service inspect --format '{{.Spec.TaskTemplate.ContainerSpec.Healthcheck.Test}}' web
docker service ps --no-trunc broken web
docker service ps --format '{{json .}}' broken
docker node ls
docker node inspect --pretty self
docker node ps --no-trunc self
docker secret ls
docker secret inspect password
docker config ls
docker config inspect settings template
docker config inspect --pretty settings
docker swarm unlock-key
docker plugin ls
docker inspect --type task $(docker service ps --quiet broken)
""".strip().splitlines()


@pytest.mark.parametrize("program", docker_programs())
@pytest.mark.parametrize("client", CLIENTS)
def test_the_docker_command_reads_them(
    client: str, program: str, guard: Guard, planted: Planted, tmp_path: Path
) -> None:
    masked = 0
    for command in COMMANDS + OF_A_READER * (client == "reader"):
        line = command.replace("docker ", f"{program} ")
        seen = run(["sh", "-c", line], guard.host(client), tmp_path)
        assert (seen.code, seen.stdout != "" or "diff" in line) == (0, True), (line, seen.stderr)
        assert planted.found_in((seen.stdout + seen.stderr).encode()) == set(), line
        masked += MASK in seen.stdout
    assert masked > 10


@pytest.fixture
def library(guard: Guard) -> Iterator[Any]:
    client = docker.DockerClient(guard.host("reader"), timeout=30, version="auto")
    yield client
    client.close()


def attributes(client: Any) -> list[Any]:
    """All that docker-py decodes of all that there is, on every way to it."""
    api = client.api
    listed = [
        *client.containers.list(all=True), *client.images.list(all=True), *client.networks.list(),
        *client.volumes.list(), *client.services.list(), *client.nodes.list(),
        *client.secrets.list(), *client.configs.list(), *client.services.get("broken").tasks(),
    ]  # fmt: skip
    again = [one for one in listed if hasattr(one, "reload")]
    for one in again:
        one.reload()
    return [
        *[getattr(one, "attrs", one) for one in listed],
        *[api.containers(all=True, size=True), api.volumes(), api.images(), api.networks()],
        *[api.inspect_image("app"), api.history("app"), api.df(), api.info(), api.version()],
        *[api.inspect_swarm(), api.get_unlock_key(), api.stats("box", stream=False)],
        *[api.tasks(), api.plugins(), api.diff("box")],
        *[api.exec_inspect(one) for one in api.inspect_container("box")["ExecIDs"]],
    ]


def test_docker_py_reads_them(library: Any, planted: Planted) -> None:
    seen = attributes(library)
    assert planted.found_in(repr(seen).encode()) == set()
    assert repr(seen).count(MASK) > 50
    assert planted.found_in(repr(attributes(docker.DockerClient(planted.engine.host))).encode())


def test_docker_py_follows_events(library: Any, planted: Planted) -> None:
    stream = library.events(decode=True, filters={"container": "box"})
    planted.engine.docker("exec", "box", "echo", secret("exec"))
    events = list(itertools.islice(stream, 6))  # its health checks are events, too
    stream.close()
    actions = {event["Action"].partition(":")[0] for event in events}
    assert {"exec_create", "exec_start", "exec_die"} <= actions
    assert planted.found_in(repr(events).encode()) == set()


def test_bytes_stay_bytes_and_assignments_keep_their_names(library: Any) -> None:
    assert base64.b64decode(library.configs.get("settings").attrs["Spec"]["Data"]) == MASK.encode()
    box = library.containers.get("box")
    assert f"TOKEN={MASK}" in box.attrs["Config"]["Env"]
    assert library.services.get("web").attrs["PreviousSpec"]["TaskTemplate"]["ContainerSpec"][
        "Env"
    ] == [f"TOKEN={MASK}"]
