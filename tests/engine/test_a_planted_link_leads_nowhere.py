"""A client that may mount what lies under a folder, read-only, gets nothing from outside of it.

The Engine follows links of the host when it mounts. So nobody may be able to plant one where the
client may then mount, and what a container can write to is nothing that is mounted by its path.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.docker_py import archive
from tests.support.dockerd import IMAGE
from tests.support.guarded import Guarded
from tests.support.raw_client import exchange, request
from tests.support.sockguard_process import serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.dockerd import Engine

SECRET = "the-secret-of-the-host"
POLICY = """
allow:
  - containers.create: {{host_paths: {{under: [{shared}, {engine}]}}}}
  - containers.start
  - containers.wait
  - containers.logs
  - containers.archive_get
  - containers.archive_put
  - volumes.create: {{host_paths: {{under: [{shared}, {engine}]}}}}
"""


@dataclass(frozen=True, slots=True)
class Ground:
    """Where a test happens: `shared` may be mounted, `outside` may not."""

    shared: Path
    outside: Path
    client: Guarded
    engine: Engine

    def filled(self, value: Any) -> Any:
        """A value of a table with the paths in place of their names."""
        if isinstance(value, dict):
            return {key: self.filled(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.filled(inner) for inner in value]
        if not isinstance(value, str):
            return value
        root = self.engine.folder / "data"
        return value.format(shared=self.shared, outside=self.outside, root=root)

    def create(self, host: object, *command: str) -> tuple[int, str]:
        """Status and id, or message, of a container with this HostConfig."""
        body = {"Image": IMAGE, "Cmd": list(command), "HostConfig": self.filled(host)}
        answer = self.client.ask("POST", "/containers/create", body)
        made = answer.status == 201
        return answer.status, answer.json["Id"] if made else answer.message

    def run(self, host: object, *command: str) -> str:
        """All that a container says which is created, started and ends."""
        status, identity = self.create(host, *command)
        assert status == 201, identity
        assert self.client.ask("POST", f"/containers/{identity}/start").status == 204
        self.client.ask("POST", f"/containers/{identity}/wait")
        said = self.client.ask("GET", f"/containers/{identity}/logs?stdout=1&stderr=1").body
        return said.decode(errors="replace")


@pytest.fixture(scope="module")
def place(dockerd: Engine) -> Iterator[Ground]:
    with tempfile.TemporaryDirectory(prefix="ground-") as name:
        shared, outside = Path(name) / "shared", Path(name) / "outside"
        for folder in (shared / "data", outside):
            folder.mkdir(parents=True)
        (outside / "secret").write_text(SECRET)
        policy = POLICY.format(shared=shared, engine=dockerd.folder)
        with serving(policy, dockerd.host) as guard:
            yield Ground(shared, outside, Guarded(guard.socket()), dockerd)


@pytest.fixture
def ground(place: Ground) -> Iterator[Ground]:
    """The place with a volume that stands for the shared folder, and one that is just a volume."""
    docker = place.engine.docker
    bound = ("--opt=type=none", "--opt=o=bind", f"--opt=device={place.shared}")
    docker("volume", "create", *bound, "bound")
    docker("volume", "create", "mine")
    yield place
    place.engine.remove_containers()
    docker("volume", "rm", "--force", "bound", "mine", "fresh")


def a_bind(source: str, **more: object) -> object:
    return {"Mounts": [{"Type": "bind", "Source": source, "Target": "/x", **more}]}


def a_volume(source: str, **more: object) -> object:
    return {"Mounts": [{"Type": "volume", "Source": source, "Target": "/x", **more}]}


def by_options(device: str, kind: str = "none", o: str = "bind") -> dict[str, object]:
    options = {"type": kind, "o": o, "device": device}
    return {"DriverConfig": {"Name": "local", "Options": options}}


WRITABLE = {
    "a bind": {"Binds": ["{shared}:/x"]},
    "a bind that says so": {"Binds": ["{shared}:/x:rw"]},
    "a bind below": {"Binds": ["{shared}/./data:/x"]},
    "a bind through an alias": {"Binds": ["//{shared}/:/x"]},
    "a bind that is shared": {"Binds": ["{shared}:/x:ro,rshared"]},
    "a mount": a_bind("{shared}"),
    "a mount that says so": a_bind("{shared}", ReadOnly=False),
    "a mount that is read-only at its root": a_bind(
        "{shared}", ReadOnly=True, BindOptions={"ReadOnlyNonRecursive": True}
    ),
    "a mount that is shared": a_bind(
        "{shared}", ReadOnly=True, BindOptions={"Propagation": "rshared"}
    ),
    "a volume of the mount's own": a_volume("", VolumeOptions=by_options("{shared}")),
    "a new volume": a_volume("fresh", VolumeOptions=by_options("{shared}")),
    "a new volume that is mounted read-only": a_volume(
        "fresh", ReadOnly=True, VolumeOptions=by_options("{shared}")
    ),
    "a new volume of a type that is no bind": a_volume(
        "fresh", VolumeOptions=by_options("{shared}", "tmpfs", "size=1m,bind")
    ),
    "a volume that is there": {"Binds": ["bound:/x"]},
    "a volume that is there, as a mount": a_volume("bound"),
    "a volume that is there, with other options": a_volume(
        "bound", VolumeOptions=by_options("tmpfs", "tmpfs", "size=1m")
    ),
    "what another container has": {"VolumesFrom": ["theirs"]},
}
"""HostConfigs that would write below the folder."""


@pytest.mark.parametrize("way", WRITABLE)
def test_nothing_mounts_the_folder_writable(way: str, ground: Ground) -> None:
    ground.engine.docker("create", "--name=theirs", "--volume=bound:/x", IMAGE)
    status, told = ground.create(WRITABLE[way], "ln", "-s", str(ground.outside), "/x/link")
    assert (status, told.startswith("sockguard: ")) == (403, True)


@pytest.mark.parametrize("options", [by_options("{shared}"), by_options("{shared}", o="bind,ro")])
def test_no_volume_is_made_of_the_folder(options: Any, ground: Ground) -> None:
    body = {"Name": "mine", "DriverOpts": ground.filled(options["DriverConfig"]["Options"])}
    assert ground.client.ask("POST", "/volumes/create", body).status == 403


READ_ONLY = {
    "a bind": {"Binds": ["{shared}:/x:ro"]},
    "a mount": a_bind("{shared}", ReadOnly=True),
    "a volume that is there": {"Binds": ["bound:/x:ro"]},
    "a volume that is there, as a mount": a_volume("bound", ReadOnly=True),
}


@pytest.mark.parametrize("way", READ_ONLY)
def test_what_is_mounted_read_only_takes_no_link(way: str, ground: Ground) -> None:
    plant = f"ln -s {ground.outside} /x/link; ln -s {ground.outside} /x/data/link; ls -A /x /x/data"
    said = ground.run(READ_ONLY[way], "sh", "-c", plant)
    assert said.count("Read-only file system") == 2
    _, identity = ground.create(READ_ONLY[way], "true")
    for path in ("/x", "/x/data"):
        tar = archive("link", b"")
        target = f"/containers/{identity}/archive?path={path}"
        head = "Connection: close\r\n"
        put = request("PUT", target, tar, head).replace(b"application/json", b"application/x-tar")
        assert b" 204 " not in exchange(str(ground.client.path), put).partition(b"\r\n")[0]
    assert sorted(ground.shared.rglob("*")) == [ground.shared / "data"]


PLANTED = "{root}/volumes/mine/_data/link"
THROUGH_THE_LINK = {
    "the volume's own place": {"Binds": [f"{PLANTED}:/x:ro"]},
    "the volume's own place, as a mount": a_bind(PLANTED, ReadOnly=True),
    "a folder behind it": {"Binds": [f"{PLANTED}/deeper:/x:ro"]},
    "a volume by its options": a_volume("", VolumeOptions=by_options(PLANTED)),
    "a part of the volume": a_volume("mine", ReadOnly=True, VolumeOptions={"Subpath": "link"}),
    "a step back from it": a_bind(f"{{shared}}/../{PLANTED}", ReadOnly=True),
    "outside by itself": {"Binds": ["{outside}:/x:ro"]},
    "outside by a step back": {"Binds": ["{shared}/../outside:/x:ro"]},
    "outside by options that step back": a_volume(
        "", VolumeOptions=by_options("{shared}/data/../../outside")
    ),
}


@pytest.mark.parametrize("way", THROUGH_THE_LINK)
def test_a_link_in_a_volume_is_not_followed(way: str, ground: Ground) -> None:
    mine = {"Binds": ["mine:/v"]}
    planted = f"ln -s {ground.outside} /v/link && readlink /v/link"
    assert str(ground.outside) in ground.run(mine, "sh", "-c", planted)
    status, told = ground.create(THROUGH_THE_LINK[way], "cat", "/x/secret")
    assert (status, told.startswith("sockguard: ")) == (403, True)


def test_a_link_in_a_container_ends_in_it(ground: Ground) -> None:
    """The Engine resolves it in the container, where there is no such path."""
    plant = f"ln -s {ground.outside} /link; ln -s {ground.outside}/secret /file"
    status, identity = ground.create({"Binds": ["mine:/v"]}, "sh", "-c", f"{plant}; ls -l /")
    assert status == 201
    assert ground.client.ask("POST", f"/containers/{identity}/start").status == 204
    ground.client.ask("POST", f"/containers/{identity}/wait")
    for path in ("/link/secret", "/link/", "/file", "/v/../link/secret"):
        answer = ground.client.ask("GET", f"/containers/{identity}/archive?path={path}")
        assert SECRET.encode() not in answer.body
