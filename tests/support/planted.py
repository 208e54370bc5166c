"""Secrets in all the places of a real Engine where people leave them, and how to find them again.

Must never plant in a label or a name: those are shown to whoever may look at all.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.support.dockerd import IMAGE
from tests.support.guarded import Guarded
from tests.support.wait import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.dockerd import Engine

MARK = "-9d1c7e"
"""The end of every planted text: long enough to be found nowhere else."""


def secret(where: str) -> str:
    """The text that is planted at this place and at no other."""
    return f"planted-{where}{MARK}"


PROXIES = {
    "HTTP_PROXY": f"http://{secret('proxy')}.example:1",
    "HTTPS_PROXY": f"http://me:{secret('proxy-password')}@{secret('proxy-of-tls')}.example:1",
    "NO_PROXY": f"localhost,127.0.0.1,{secret('no-proxy')}.example",
}
"""Variables for the Engine's own environment."""


@dataclass(frozen=True, slots=True)
class Planted:
    """An Engine full of secrets, by the places they were planted at; `names` has what there is."""

    engine: Engine
    names: dict[str, list[str]] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)

    def ask(self, method: str, target: str, body: object = None, headers: str = "") -> Any:
        """The JSON of an answer of the Engine that says it is done."""
        direct = Guarded(self.engine.socket)
        answer = direct.ask(method, f"/v1.41{target}", body, headers)
        assert answer.status < 400, answer.body
        return answer.json if answer.body else None

    def found_in(self, data: bytes) -> set[str]:
        """The places whose secrets stand in these bytes, in plain text or in base64."""
        found = set()
        for where, text in self.secrets.items():
            if any(trace in data for trace in traces(text)):
                found.add(where)
        return found


def traces(text: str) -> list[bytes]:
    """The text itself, and the middle of its base64 at each of the three places it may begin at."""
    whole = [base64.b64encode(b"." * n + text.encode()) for n in range(3)]
    return [text.encode(), *(one[(4 if n else 0) : -4] for n, one in enumerate(whole))]


def plant(engine: Engine, folder: Path) -> Planted:
    """Fill an Engine that was started with `PROXIES`."""
    planted = Planted(engine)
    plant_an_image(planted, folder)
    plant_a_volume(planted)
    plant_containers(planted, folder)
    plant_a_swarm(planted)
    plant_services(planted)
    planted.secrets.update({where: secret(where) for where in PLACES})
    return planted


PLACES = (
    "proxy", "proxy-of-tls", "proxy-password", "no-proxy", "build-argument", "build-run",
    "image-environment",
    "image-health", "image-onbuild", "image-entrypoint", "image-command", "volume-option",
    "volume-device", "environment", "command", "health", "health-output", "path", "log-option",
    "host", "exec", "exec-environment", "device", "device-option", "disk", "id-file",
    "mount-option", "mount-device", "missing-program", "secret", "config", "templating",
    "registry-password", "external-authority", "authority-option", "service-environment-before",
    "service-environment", "service-argument", "service-command", "service-path", "service-host",
    "service-health", "service-log-option", "service-mount-option", "service-missing-path",
    "default-log-option",
)  # fmt: skip


def plant_an_image(planted: Planted, folder: Path) -> None:
    """Build one whose settings and history are full of them."""
    recipe = (
        f"FROM {IMAGE}",
        "ARG TOKEN",
        f"ENV PASSWORD={secret('image-environment')}",
        f"RUN echo {secret('build-run')}",
        f"HEALTHCHECK CMD echo {secret('image-health')}",
        f"ONBUILD RUN echo {secret('image-onbuild')}",
        f'ENTRYPOINT ["echo", "{secret("image-entrypoint")}"]',
        f'CMD ["{secret("image-command")}"]',
    )
    (folder / "Dockerfile").write_text("\n".join(recipe))
    argument = f"--build-arg=TOKEN={secret('build-argument')}"
    planted.engine.docker("build", "--tag=app", argument, str(folder))
    planted.names["image"] = ["app", IMAGE]


def plant_a_volume(planted: Planted) -> None:
    """Make one of a file server that does not exist; nobody mounts it."""
    device, password = secret("volume-device"), secret("volume-option")
    options = ("type=cifs", f"device=//server/{device}", f"o=username=me,password={password}")
    planted.engine.docker("volume", "create", *(f"--opt={one}" for one in options), "files")
    planted.names["volume"] = ["files", "more-files"]


def plant_containers(planted: Planted, folder: Path) -> None:
    """Run one, make one that is only there, and one that cannot start."""
    docker = planted.engine.docker
    path, disk = folder / secret("path"), folder / secret("disk")
    path.mkdir()
    disk.touch()
    docker(
        *("run", "--detach", "--name=box", f"--env=TOKEN={secret('environment')}"),
        f"--health-cmd=echo {secret('health-output')} # {secret('health')}",
        *("--health-interval=2s", f"--volume={path}:/data", "--entrypoint=sh"),
        *(f"--log-opt=tag={secret('log-option')}", f"--add-host={secret('host')}:192.0.2.1"),
        *(IMAGE, "-c", f"sleep 900 # {secret('command')}"),
    )
    variable = f"--env=TOKEN={secret('exec-environment')}"
    docker("exec", "--detach", variable, "box", "sh", "-c", f"sleep 900 # {secret('exec')}")
    planted.ask("POST", "/containers/create?name=odd", odd_container(str(disk)))
    failing = ("create", "--name=failed", IMAGE, secret("missing-program"))
    docker(*failing)
    docker("create", "--name=unmounted", "--volume=files:/files", IMAGE, "true")
    Guarded(planted.engine.socket).ask("POST", "/containers/failed/start")
    wait_until(
        lambda: '"Output":"planted' in docker("inspect", "--format={{json .State}}", "box"),
        "health",
    )
    told = planted.ask("GET", "/containers/box/json")
    planted.names["container"] = ["box", told["Id"], "odd", "failed", "unmounted"]
    planted.names["exec"] = told["ExecIDs"]
    planted.names["network"] = ["none", "host"]


def odd_container(disk: str) -> dict[str, object]:
    """Settings that need no hardware as long as the container is not started."""
    options = {
        "type": "cifs",
        "device": f"//server/{secret('mount-device')}",
        "o": f"username=me,password={secret('mount-option')}",
    }
    driver = {"DriverConfig": {"Name": "local", "Options": options}}
    mount = {"Type": "volume", "Source": "more-files", "Target": "/x", "VolumeOptions": driver}
    device = {"PathOnHost": f"/dev/{secret('device')}", "PathInContainer": "/dev/x"}
    request = {
        "Driver": "nvidia",
        "Count": 1,
        "Capabilities": [["gpu"]],
        "Options": {"key": secret("device-option")},
    }
    host = {
        "Mounts": [mount],
        "Devices": [device | {"CgroupPermissions": "r"}],
        "DeviceRequests": [request],
        "BlkioDeviceReadBps": [{"Path": disk, "Rate": 1024}],
        "ContainerIDFile": f"/tmp/{secret('id-file')}",
    }
    return {"Image": "app", "HostConfig": host}


def plant_a_swarm(planted: Planted) -> None:
    """Make the Engine a manager, with keys and tokens of which we do not choose the text."""
    where = {"ListenAddr": "127.0.0.1:0", "AdvertiseAddr": "127.0.0.1"}
    planted.ask("POST", "/swarm/init", where)
    told = planted.ask("GET", "/swarm")
    planted.ask("POST", f"/swarm/update?version={told['Version']['Index']}", swarm())
    for role, token in told["JoinTokens"].items():
        planted.secrets[f"token of a {role}"] = token.rpartition("-")[2]
    planted.secrets["unlock key"] = planted.ask("GET", "/swarm/unlockkey")["UnlockKey"]
    planted.names["node"] = [planted.ask("GET", "/info")["Swarm"]["NodeID"]]
    template = {"Name": "golang", "Options": {"key": secret("templating")}}
    for kind, specification in (
        ("secret", {"Name": "password", "Data": in_base64(secret("secret"))}),
        ("config", {"Name": "settings", "Data": in_base64(secret("config"))}),
        ("config", {"Name": "template", "Data": in_base64("x"), "Templating": template}),
    ):
        planted.ask("POST", f"/{kind}s/create", specification)
        planted.names.setdefault(kind, []).append(str(specification["Name"]))


def swarm() -> dict[str, Any]:
    """The specification of a swarm that would ask an outside authority, which is not there."""
    driver = {"Name": "json-file", "Options": {"tag": secret("default-log-option")}}
    authority = {
        "Protocol": "cfssl",
        "URL": f"https://127.0.0.1:1/{secret('external-authority')}",
        "Options": {"key": secret("authority-option")},
    }
    return {
        "Name": "default",
        "TaskDefaults": {"LogDriver": driver},
        "EncryptionConfig": {"AutoLockManagers": True},
        "CAConfig": {"ExternalCAs": [authority]},
    }


def in_base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def plant_services(planted: Planted) -> None:
    """Run one that was updated, and one whose tasks are rejected."""
    login = {"username": "me", "password": secret("registry-password"), "serveraddress": "x"}
    header = f"X-Registry-Auth: {in_base64(json.dumps(login))}\r\n"
    for name, specification in (("web", web()), ("broken", broken())):
        planted.ask("POST", "/services/create", specification | {"Name": name}, header)
    version = planted.ask("GET", "/services/web")["Version"]["Index"]
    updated = web(environment=secret("service-environment")) | {"Name": "web"}
    planted.ask("POST", f"/services/web/update?version={version}", updated, header)
    wait_until(
        lambda: any("Err" in one["Status"] for one in planted.ask("GET", "/tasks")), "a task"
    )
    planted.names["service"] = ["web", "broken"]
    planted.names["task"] = [one["ID"] for one in planted.ask("GET", "/tasks")]


def web(environment: str = secret("service-environment-before")) -> dict[str, Any]:
    """A service that runs nowhere, as no node is like that."""
    options = {"o": f"password={secret('service-mount-option')}"}
    container = {
        "Image": IMAGE,
        "Env": [f"TOKEN={environment}"],
        "Command": ["echo", secret("service-command")],
        "Args": [secret("service-argument")],
        "Hosts": [f"192.0.2.1 {secret('service-host')}"],
        "HealthCheck": {"Test": ["CMD", "echo", secret("service-health")]},
        "Mounts": [
            {"Type": "bind", "Source": f"/srv/{secret('service-path')}", "Target": "/x"},
            {
                "Type": "volume",
                "Source": "v",
                "Target": "/y",
                "VolumeOptions": {"DriverConfig": {"Name": "local", "Options": options}},
            },
        ],
    }
    template = {
        "ContainerSpec": container,
        "LogDriver": {"Name": "json-file", "Options": {"tag": secret("service-log-option")}},
        "Placement": {"Constraints": ["node.labels.none == yes"]},
    }
    return {"TaskTemplate": template}


def broken() -> dict[str, Any]:
    """A service whose tasks say which path of the host is missing."""
    path = f"/srv/{secret('service-missing-path')}"
    mount = {"Type": "bind", "Source": path, "Target": "/x"}
    restart = {"Condition": "none"}
    container = {"Image": IMAGE, "Mounts": [mount]}
    return {"TaskTemplate": {"ContainerSpec": container, "RestartPolicy": restart}}
