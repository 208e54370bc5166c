from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sockguard.engine.reference import normalise_image
from sockguard.policy.question import OwnObjects
from sockguard.proxy.own_objects import Ourselves, SelfKnowledge, own_container_id, own_objects
from tests.support.stack import running_stack, send, status_of
from tests.support.wait import wait_until

if TYPE_CHECKING:
    from sockguard.wire.document import Value
    from tests.support.demo_engine import RunningDemo

POLICY = """
version: 1
clients:
  all: {allow: [engine/everything]}
  trusted:
    allow:
      - engine/everything
      - containers.stop: {including_sockguard: true}
"""


def request(method: str, target: str) -> bytes:
    return f"{method} {target} HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n".encode()


def own(engine: RunningDemo) -> OwnObjects:
    web = engine.engine.world.containers
    identity = next(each.id for each in web.values() if each.name == "web")
    return OwnObjects(
        container_id=identity,
        container_names=frozenset({"web"}),
        volumes=frozenset({"db-data"}),
        images=frozenset({normalise_image("nginx:1.27")}),
    )


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1.44/containers/{}/stop"),
        ("POST", "/v1.44/containers/{}/exec"),
        ("GET", "/v1.44/containers/{}/logs?stdout=1"),
        ("GET", "/v1.44/containers/{}/archive?path=/"),
        ("GET", "/v1.44/containers/{}/export"),
        ("GET", "/v1.44/containers/{}/top"),
        ("POST", "/v1.44/containers/{}/attach?stream=1&stdout=1"),
        ("DELETE", "/v1.44/containers/{}"),
        ("POST", "/v1.44/commit?container={}"),
    ],
)
@pytest.mark.parametrize("spelling", ["name", "id", "prefix"])
def test_its_own_container_cannot_be_touched_by_any_name(
    short_path: Path, engine: RunningDemo, method: str, path: str, spelling: str
) -> None:
    known = own(engine)
    name = {"name": "web", "id": known.container_id, "prefix": known.container_id[:3]}[spelling]
    with running_stack(short_path, short_path / "engine.sock", policy=POLICY) as stack:
        stack.gate.know_own(known)
        answer = send(stack.socket("all"), request(method, path.format(name)))
        reason = stack.events(kind="decision")[0]["reason"]

    assert (status_of(answer), reason) == (403, "self_protection")
    assert engine.received == []


@pytest.mark.parametrize(
    ("method", "path"),
    [("DELETE", "/v1.44/volumes/db-data"), ("DELETE", "/v1.44/images/nginx:1.27")],
)
def test_neither_can_its_volume_or_image(
    short_path: Path, engine: RunningDemo, method: str, path: str
) -> None:
    with running_stack(short_path, short_path / "engine.sock", policy=POLICY) as stack:
        stack.gate.know_own(own(engine))
        answer = send(stack.socket("all"), request(method, path))

    assert status_of(answer) == 403
    assert engine.received == []


@pytest.mark.parametrize("path", ["json", "stats?stream=0", "changes"])
def test_looking_at_it_goes_on_as_granted(short_path: Path, engine: RunningDemo, path: str) -> None:
    with running_stack(short_path, short_path / "engine.sock", policy=POLICY) as stack:
        stack.gate.know_own(own(engine))
        answer = send(stack.socket("all"), request("GET", f"/v1.44/containers/web/{path}"))

    assert status_of(answer) == 200


def test_including_sockguard_lets_the_one_operation_through(
    short_path: Path, engine: RunningDemo
) -> None:
    with running_stack(short_path, short_path / "engine.sock", policy=POLICY) as stack:
        stack.gate.know_own(own(engine))
        stop = send(stack.socket("trusted"), request("POST", "/v1.44/containers/web/stop"))
        kill = send(stack.socket("trusted"), request("POST", "/v1.44/containers/web/kill"))

    assert (status_of(stop), status_of(kill)) == (204, 403)


def test_what_was_judged_before_it_knew_itself_is_judged_again(
    short_path: Path, engine: RunningDemo
) -> None:
    restart = request("POST", "/v1.44/containers/web/restart")
    with running_stack(short_path, short_path / "engine.sock", policy=POLICY) as stack:
        before = send(stack.socket("all"), restart)
        stack.gate.know_own(own(engine))
        after = send(stack.socket("all"), restart)

    assert (status_of(before), status_of(after)) == (204, 403)
    assert len(engine.sent("POST", "/containers/web/restart")) == 1


def test_it_finds_itself_and_follows_its_renames(engine: RunningDemo) -> None:
    identity = own(engine).container_id
    learned: list[OwnObjects] = []
    told: list[str] = []

    async def watch() -> None:
        knowledge = SelfKnowledge(
            Path(engine.path), Ourselves(identity), 2.0, learned.append, told.append
        )
        task = asyncio.create_task(knowledge.watch())
        await asyncio.to_thread(wait_until, lambda: learned, "the first look")
        rename = request("POST", "/v1.44/containers/web/rename?name=guard")
        await asyncio.to_thread(send, Path(engine.path), rename)
        await asyncio.to_thread(wait_until, lambda: len(learned) > 1, "the second look")
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(watch())

    assert [found.container_names for found in learned[:2]] == [{"web"}, {"guard"}]
    assert learned[0].container_id == identity
    assert told == []


def test_its_id_is_kept_from_everybody_even_while_the_engine_is_away(tmp_path: Path) -> None:
    learned: list[OwnObjects] = []
    told: list[str] = []
    knowledge = SelfKnowledge(
        tmp_path / "none", Ourselves("f" * 64), 1.0, learned.append, told.append
    )

    asyncio.run(knowledge.look())

    assert learned == [OwnObjects(container_id="f" * 64)]
    assert len(told) == 1


def test_what_it_knows_of_itself_is_not_forgotten_by_another_look(engine: RunningDemo) -> None:
    identity = own(engine).container_id
    learned: list[OwnObjects] = []

    async def look_twice() -> None:
        knowledge = SelfKnowledge(
            Path(engine.path), Ourselves(identity), 2.0, learned.append, print
        )
        await knowledge.look()
        await knowledge.look()

    asyncio.run(look_twice())

    assert [found.container_names for found in learned] == [set(), {"web"}, {"web"}]


def test_it_says_so_when_it_cannot_find_itself(engine: RunningDemo) -> None:
    told: list[str] = []

    async def watch() -> None:
        knowledge = SelfKnowledge(
            Path(engine.path), Ourselves("f" * 64), 2.0, lambda _own: None, told.append
        )
        task = asyncio.create_task(knowledge.watch())
        await asyncio.to_thread(wait_until, lambda: told, "a word")
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(watch())

    assert "cannot find its own container ffffffffffff" in told[0]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("mountinfo", "1 2 0:3 /var/lib/docker/containers/{}/hostname /etc/hostname rw - ext4"),
        ("cgroup", "0::/system.slice/docker-{}.scope\n"),
        ("cgroup", "12:pids:/docker/{}\n"),
    ],
)
def test_the_container_id_is_read_from_what_the_kernel_shows(
    tmp_path: Path, name: str, text: str
) -> None:
    (tmp_path / name).write_text(text.format("a" * 64))

    assert own_container_id(tmp_path) == "a" * 64


def test_outside_a_container_there_is_no_id(tmp_path: Path) -> None:
    (tmp_path / "mountinfo").write_text("1 2 0:3 / / rw - ext4 /dev/sda rw")
    (tmp_path / "cgroup").write_text("0::/user.slice\n")

    assert own_container_id(tmp_path) == ""


def test_files_of_a_container_that_something_is_copied_from_are_not_ours(tmp_path: Path) -> None:
    held, root = f"/var/lib/docker/containers/{'a' * 64}", "/var/lib/docker/overlay2/b/merged"
    lines = [f"1 2 0:3 {held}/{one} {root}/etc/{one} rw - ext4" for one in ("hosts", "hostname")]
    (tmp_path / "mountinfo").write_text("\n".join(lines))
    (tmp_path / "cgroup").write_text("0::/user.slice\n")

    assert own_container_id(tmp_path) == ""


def test_volumes_and_images_are_read_from_the_inspect_document() -> None:
    found = own_objects(
        {
            "Id": "a" * 64,
            "Name": "/guard",
            "Image": "sha256:" + "b" * 64,
            "Config": {"Image": "sockguard:1"},
            "Mounts": [
                {"Type": "volume", "Name": "audit"},
                {"Type": "bind", "Source": "/var/run/docker.sock"},
            ],
        }
    )

    assert found.volumes == {"audit"}
    assert found.images == {normalise_image("sockguard:1")}
    assert found.image_ids == {"b" * 64}


@pytest.mark.parametrize(
    ("started_as", "images", "repositories"),
    [
        ("ghcr.io/acme/guard:1", {"ghcr.io/acme/guard:1"}, set()),
        ("guard", {"docker.io/library/guard:latest"}, set()),
        (f"ghcr.io/acme/guard:1@sha256:{'a' * 64}", {"ghcr.io/acme/guard:1"}, set()),
        (f"ghcr.io/acme/guard@sha256:{'a' * 64}", set(), {"ghcr.io/acme/guard"}),
        (f"localhost:5000/guard@sha256:{'a' * 64}", set(), {"localhost:5000/guard"}),
    ],
)
def test_an_image_that_a_digest_pins_is_known_by_its_tag_or_by_its_repository(
    started_as: str, images: set[str], repositories: set[str]
) -> None:
    document: dict[str, Value] = {
        "Id": "a" * 64,
        "Name": "/guard",
        "Image": "sha256:" + "b" * 64,
        "Config": {"Image": started_as},
    }
    found = own_objects(document)

    assert found.images == images
    assert found.repositories == repositories
