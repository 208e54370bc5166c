from __future__ import annotations

import gc
import io
import tarfile
from typing import TYPE_CHECKING, Any

import docker
import pytest
from docker.errors import APIError, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.demo_engine import RunningDemo

# docker-py leaves the sockets of streams and tunnels to the garbage collector.
pytestmark = [
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture
def client(demo: RunningDemo) -> Iterator[Any]:
    client = docker.DockerClient(f"unix://{demo.path}", version="auto", timeout=10)
    yield client
    client.close()
    gc.collect()


def tar_of(name: str, data: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        info = tarfile.TarInfo(name)
        info.size = len(data)
        archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def test_lists_and_inspects(client: Any) -> None:
    assert {item.name for item in client.containers.list()} >= {"web", "db", "cache"}
    assert client.containers.get("db").labels == {"com.example.tier": "data"}
    assert {network.name for network in client.networks.list()} >= {"frontend", "backend"}
    assert client.images.get("nginx:1.27").tags == ["nginx:1.27"]
    assert client.volumes.get("db-data").attrs["Labels"] == {"com.example.backup": "daily"}
    assert client.ping()
    assert client.info()["ContainersRunning"] >= 3


def test_runs_a_container_and_returns_its_output(client: Any) -> None:
    assert client.containers.run("busybox", ["echo", "hello"], remove=True) == b"hello\n"


def test_executes_with_exit_code_and_both_streams(client: Any) -> None:
    web = client.containers.get("web")
    done = web.exec_run(["sh", "-c", "echo out; echo err >&2; exit 4"], demux=True)
    assert (done.exit_code, done.output) == (4, (b"out\n", b"err\n"))


def test_an_exec_socket_carries_input(client: Any) -> None:
    identity = client.api.exec_create("web", ["lines"], stdin=True, tty=True)["Id"]
    socket = client.api.exec_start(identity, socket=True, tty=True)
    try:
        socket._sock.sendall(b"one\r\x04")
        shown = b""
        while not shown.endswith(b"end of input\r\n"):
            shown += socket.read(100)
    finally:
        socket.close()
    assert shown == b"one\r\ngot one\r\n1 lines, end of input\r\n"
    assert client.api.exec_inspect(identity)["ExitCode"] == 0


def test_follows_logs(client: Any) -> None:
    stream = client.containers.get("web").logs(stream=True, follow=True, stderr=False)
    assert [next(stream) for _ in range(2)] == [b"ready to serve\n", b"request 1 served\n"]
    stream.close()


def test_listens_to_events(client: Any) -> None:
    events = client.events(decode=True, filters={"type": "volume", "event": "create"})
    client.volumes.create("heard")
    assert next(events)["Actor"]["ID"] == "heard"
    events.close()


def test_moves_archives(client: Any) -> None:
    web = client.containers.get("web")
    assert web.put_archive("/tmp", tar_of("moved.txt", b"moved"))
    pieces, stat = web.get_archive("/tmp/moved.txt")
    with tarfile.open(fileobj=io.BytesIO(b"".join(pieces))) as archive:
        member = archive.extractfile("moved.txt")
        assert member is not None
        assert member.read() == b"moved"
    assert (stat["name"], stat["size"]) == ("moved.txt", 5)


def test_builds_pulls_and_loads_images(client: Any) -> None:
    context = io.BytesIO(tar_of("Dockerfile", b"FROM busybox\nRUN true\n"))
    image, log = client.images.build(fileobj=context, custom_context=True, tag="made:1")
    assert image.tags == ["made:1"]
    assert any("Step 2/2" in line.get("stream", "") for line in log)
    assert client.images.pull("alpine", tag="3").tags == ["alpine:3"]
    assert client.images.load(b"".join(image.save(named=True)))[0].id == image.id


def test_a_large_saved_image_streams(client: Any, demo: RunningDemo) -> None:
    demo.engine.configure({"save_bytes": 20_000_000})
    image = client.images.get("busybox")
    try:
        assert sum(map(len, image.save())) > 20_000_000
    finally:
        demo.engine.configure({"save_bytes": 1 << 20})


def test_waits_and_reads_numbers(client: Any) -> None:
    container = client.containers.create("busybox", ["sh", "-c", "exit 9"])
    container.start()
    assert container.wait()["StatusCode"] == 9
    container.remove()
    assert client.containers.get("web").stats(stream=False)["name"] == "/web"


def test_errors_carry_the_engine_s_sentence(client: Any) -> None:
    with pytest.raises(NotFound, match="No such container: nowhere"):
        client.containers.get("nowhere")
    with pytest.raises(APIError, match="container is running"):
        client.containers.get("web").remove()
