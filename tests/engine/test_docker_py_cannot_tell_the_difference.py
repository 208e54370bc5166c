"""docker-py, the library below many tools, gives the same through sockguard as directly."""

from __future__ import annotations

import io
import itertools
import tarfile
import time
from typing import TYPE_CHECKING, Any

import docker
import pytest

from tests.support.docker_cli import scrubbed
from tests.support.docker_py import Task, archive, box, later, on_both

if TYPE_CHECKING:
    from tests.engine.conftest import Side

pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

CONTENT = bytes(range(256)) * 20_000  # 5 MB: many reads, many chunks


def without_frames(stream: bytes) -> bytes:
    """The payload of a multiplexed stream, whose frames are cut as the Engine happens to read."""
    payload = b""
    while stream:
        length = int.from_bytes(stream[4:8], "big")
        payload, stream = payload + stream[8 : 8 + length], stream[8 + length :]
    return payload


def list_them(client: Any) -> object:
    container = box(client)
    listed = client.containers.list(filters={"id": container.id})
    return [(one.status, one.image.tags) for one in listed]


def run_and_read(client: Any) -> object:
    return client.containers.run("busybox", ["seq", "5000"])


def run_and_fail(client: Any) -> object:
    with pytest.raises(docker.errors.ContainerError) as caught:
        client.containers.run("busybox", ["sh", "-c", "echo wrong >&2; exit 3"])
    return caught.value.exit_status, caught.value.stderr


def execute(client: Any) -> object:
    return box(client).exec_run(later("echo out; echo err >&2; exit 3"), demux=True)


def execute_as_a_stream(client: Any) -> object:
    _, output = box(client).exec_run(later("seq 2000"), stream=True)
    return b"".join(output)


def talk_over_a_socket(client: Any) -> object:
    """Write to a program's input through the raw connection, end it, read all it says."""
    _, connection = box(client).exec_run(["sh", "-c", "cat; echo end"], stdin=True, socket=True)
    raw = connection._sock
    raw.settimeout(20)
    raw.sendall(b"over the socket\n")
    raw.shutdown(1)
    said = b"".join(iter(lambda: raw.recv(4096), b""))
    connection.close()
    return without_frames(said)


def attach(client: Any) -> object:
    container = client.containers.create("busybox", ["sh", "-c", "sleep 1; seq 500"])
    output = container.attach(stream=True)
    container.start()
    return b"".join(output), container.wait()


def follow_logs(client: Any) -> object:
    container = box(client, "sh", "-c", "for i in 1 2 3; do echo $i; sleep 0.3; done")
    return b"".join(container.logs(stream=True, follow=True)), container.wait()


def watch_events(client: Any) -> object:
    since = int(time.time())
    stream = client.events(decode=True, since=since, filters={"type": "volume"})
    client.volumes.create("watched").remove()
    seen = [event["Action"] for event in itertools.islice(stream, 2)]
    stream.close()
    return seen


def put_and_get_archives(client: Any) -> object:
    container = client.containers.create("busybox")
    container.put_archive("/tmp", archive("content", CONTENT))
    pieces, info = container.get_archive("/tmp/content")
    with tarfile.open(fileobj=io.BytesIO(b"".join(pieces))) as tar:
        content = tar.extractfile("content")
        return info["size"], content is not None and content.read() == CONTENT


def build(client: Any) -> object:
    recipe = io.BytesIO(b"FROM busybox\nRUN echo building\n")
    image, said = client.images.build(fileobj=recipe, nocache=True, rm=True)
    client.images.remove(image.id)
    return [scrubbed(str(line)) for line in said]


def save_and_load(client: Any) -> object:
    saved = b"".join(client.images.get("busybox").save(named=True))
    return [image.tags for image in client.images.load(saved)]


def wait_for_the_end(client: Any) -> object:
    return box(client, "sh", "-c", "sleep 1; exit 5").wait()


def ask_for_what_is_not_there(client: Any) -> object:
    with pytest.raises(docker.errors.NotFound) as caught:
        client.containers.get("nobody")
    return caught.value.explanation


def make_networks_and_volumes(client: Any) -> object:
    network = client.networks.create("made", labels={"a": "b"})
    volume = client.volumes.create("made", labels={"a": "b"})
    seen = network.attrs["Labels"], volume.attrs["Labels"]
    network.remove()
    volume.remove()
    return seen


TASKS = (
    list_them, run_and_read, run_and_fail, execute, execute_as_a_stream, talk_over_a_socket,
    attach, follow_logs, watch_events, put_and_get_archives, build, save_and_load,
    wait_for_the_end, ask_for_what_is_not_there, make_networks_and_volumes,
)  # fmt: skip


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.__name__)
def test_a_task_gives_the_same(task: Task, sides: tuple[Side, Side]) -> None:
    direct, guarded = on_both(task, sides)
    assert guarded == direct
