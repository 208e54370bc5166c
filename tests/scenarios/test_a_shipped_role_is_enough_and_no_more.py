"""Each shipped role carries the program that it is for, and not somebody who took it over.

One sockguard serves all roles, each to a client of its own, in front of one demo engine.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from demo.state import Settings
from sockguard.policy.load import shipped_folder
from tests.corpus.consumers import CALLS, LABELS, LEFT_OUT, TAR, UPGRADE, Call
from tests.support import asking
from tests.support.asking import CLOSE
from tests.support.demo_engine import RunningDemo, running_demo_engine
from tests.support.guarded import Guarded, read_answer
from tests.support.raw_client import connected, read_head, read_to_end
from tests.support.sockguard_process import Guard, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

ROLES = sorted(path.stem for path in shipped_folder().glob("*.yaml"))
POLICY = "clients:\n" + "".join(f"  {role}: {{role: shipped/{role}}}\n" for role in ROLES)
SECRET = "not-a-real-secret-of-a-victim"
FIRST_FAILURE = 400

FACES_THE_HOST: dict[str, Any] = {"Privileged": True, "Binds": ["/:/host"]}

ATTACKS: dict[str, Call] = {
    "logs": Call("GET /containers/{victim}/logs?stdout=1"),
    "processes": Call("GET /containers/{victim}/top?ps_args=eww"),
    "files": Call("GET /containers/{victim}/archive?path=/"),
    "export": Call("GET /containers/{victim}/export"),
    "typing": Call("POST /containers/{victim}/attach?stdin=1&stream=1", None, UPGRADE, opens=True),
    "exec": Call("POST /containers/{victim}/exec", {"Cmd": ["sh"]}),
    "exec of others": Call("POST /exec/{exec}/start", {}, UPGRADE, opens=True),
    "write": Call("PUT /containers/{victim}/archive?path=/", TAR),
    "rename": Call("POST /containers/{victim}/rename?name={victim}"),
    "commit": Call("POST /commit?container={victim}&repo=stolen", {}),
    "connect": Call("POST /networks/bridge/connect", {"Container": "{victim}"}),
    "restart": Call("POST /containers/{victim}/restart?t=0"),
    "kill": Call("POST /containers/{victim}/kill?signal=KILL"),
    "start": Call("POST /containers/{victim}/start"),
    "stop": Call("POST /containers/{victim}/stop?t=0"),
    "create": Call(
        "POST /containers/create?name=evil-{role}",
        {"Image": "busybox", "Labels": "{labels}", "HostConfig": FACES_THE_HOST},
    ),
    "volume of the host": Call(
        "POST /volumes/create",
        {
            "Name": "evil-{role}",
            "Driver": "local",
            "DriverOpts": {"type": "none", "o": "bind", "device": "/"},
        },
    ),
    "names of secrets": Call("GET /secrets"),
    "new secret": Call("POST /secrets/create", {"Name": "evil-{role}", "Data": "eA=="}),
    "content of configs": Call("GET /configs/app"),
    "swarm": Call("GET /swarm"),
    "unlock key": Call("GET /swarm/unlockkey"),
    "join": Call("POST /swarm/join", {"JoinToken": "x", "RemoteAddrs": ["192.0.2.1"]}),
    "leave": Call("POST /swarm/leave"),
    "service": Call("POST /services/create", {"Name": "evil", "TaskTemplate": {}}),
    "build": Call("POST /build?t=nginx", TAR),
    "session": Call("POST /session", None, "Connection: Upgrade\r\nUpgrade: h2c\r\n", opens=True),
    "tag": Call("POST /images/busybox/tag?repo=stolen&tag=1"),
    "push": Call("POST /images/stolen:1/push"),
    "load": Call("POST /images/load", TAR),
    "save": Call("GET /images/nginx:1.27/get"),
    "plugin": Call("POST /plugins/pull?remote=evil/x", []),
    "remove": Call("DELETE /containers/{victim}?force=1"),
    "remove volume": Call("DELETE /volumes/victim-{role}"),
}
"""What somebody would ask for who has the socket and wants more than it is for, in this order."""

LOOKS_ON = {"logs"}
BUTTONS = {"logs", "restart", "start", "stop", "remove"}
HANDED_OVER: dict[str, set[str]] = {
    **dict.fromkeys(("alloy", "dozzle", "dozzle-shell"), LOOKS_ON),
    **dict.fromkeys(("lazydocker", "telegraf-logs", "vector"), LOOKS_ON),
    **dict.fromkeys(("dozzle-actions", "lazydocker-actions"), BUTTONS),
    "docker-cli-read-only": LOOKS_ON | {"names of secrets"},
    "portainer-read-only": {"names of secrets", "swarm"},
    "portainer": ATTACKS.keys()
    - {"export", "exec of others", "unlock key", "join", "leave", "session", "plugin"},
    "watchtower": {"create", "connect"},
}
"""What of it a role is there for, as its first line says."""

READ: tuple[tuple[str, str, str], ...] = (
    ("autoheal", "/containers/json", "[].Id [].Names [].State [].Labels"),
    ("ofelia", "/containers/json", "[].Names [].Labels"),
    ("uptime-kuma", "/containers/json", "[].ImageID"),
    ("uptime-kuma", "/containers/{c}/json", "State.Running State.Status"),
    ("homepage", "/containers/json", "[].Id [].Names [].Labels"),
    ("homepage", "/containers/{c}/json", "State.Status"),
    ("homepage", "/services/web", "Spec.Mode.Replicated.Replicas"),
    ("homepage", "/tasks", "[].Status.ContainerStatus.ContainerID [].DesiredState"),
    (
        "prometheus",
        "/containers/json",
        "[].Id [].Names [].Labels [].Ports [].HostConfig.NetworkMode",
    ),
    ("prometheus", "/containers/json", "[].NetworkSettings.Networks"),
    ("caddy-docker-proxy", "/info", "Swarm.LocalNodeState"),
    ("caddy-docker-proxy", "/containers/{c}/json", "NetworkSettings.Networks"),
    ("caddy-docker-proxy", "/networks/bridge", "Id Name Ingress"),
    ("caddy-docker-proxy-swarm", "/configs", "[].Spec.Labels"),
    ("docker-volume-backup", "/info", "Swarm.LocalNodeState"),
    ("docker-volume-backup", "/containers/json", "[].Id [].Names [].Labels"),
    ("cadvisor", "/info", "Driver ServerVersion Name"),
    ("cadvisor", "/containers/{c}/json", "Name Created State.Pid Config.Labels Config.Image"),
    ("netdata", "/containers/{c}/json", "Name"),
    ("vector", "/containers/{c}/json", "Id Name Created Config.Tty Config.Image Config.Labels"),
    ("telegraf-logs", "/containers/{c}/json", "Config.Tty State.Running"),
)
"""What programs take from answers of which their role shows a part, by the source of each."""

SEES_THE_ENVIRONMENT = {"everything", "portainer", "watchtower"}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    """An Engine in a swarm, with a service, two configs and a secret."""
    settings = Settings(swarm=True)
    with running_demo_engine(tmp_path_factory.mktemp("e") / "e.sock", settings) as demo:
        made = [
            asking.ask(demo, "POST", "/services/create", service("web")),
            asking.ask(demo, "POST", "/configs/create", config("caddyfile", caddy="")),
            asking.ask(demo, "POST", "/configs/create", config("app")),
            asking.ask(demo, "POST", "/secrets/create", config("password")),
        ]
        assert all(answer.status < FIRST_FAILURE for answer in made), made
        yield demo


def service(name: str) -> dict[str, Any]:
    task = {"ContainerSpec": {"Image": "nginx:1.27", "Env": [f"TOKEN={SECRET}"]}}
    return {"Name": name, "TaskTemplate": task, "Mode": {"Replicated": {"Replicas": 1}}}


def config(name: str, **labels: str) -> dict[str, Any]:
    return {"Name": name, "Data": "eA==", "Labels": labels}


@pytest.fixture(scope="module")
def guard(engine: RunningDemo) -> Iterator[Guard]:
    with serving(POLICY, f"unix://{engine.path}", *ROLES) as guard:
        yield guard


@pytest.fixture
def victim(engine: RunningDemo, role: str) -> Iterator[dict[str, str]]:
    """A container of somebody else, with a secret, a volume and an exec: what a call may name."""
    name = f"victim-{role}"
    asking.run(engine, name, Env=[f"PASSWORD={SECRET}"], HostConfig={"Binds": [f"{name}:/data"]})
    prepared = asking.ask(engine, "POST", f"/containers/{name}/exec", {"Cmd": ["sh"]})
    yield {"role": role, "victim": name, "exec": prepared.json["Id"]}
    asking.ask(engine, "DELETE", f"/containers/{name}?force=1")


def test_every_shipped_role_has_its_calls() -> None:
    assert sorted(CALLS) == ROLES
    assert LEFT_OUT.keys() <= CALLS.keys()
    assert HANDED_OVER.keys() | LABELS.keys() <= CALLS.keys()


@pytest.mark.parametrize("role", ROLES)
def test_a_program_gets_what_it_asks_for(engine: RunningDemo, guard: Guard, role: str) -> None:
    asking.run(engine, f"c-{role}", Labels=LABELS.get(role, {}))
    names = {"role": role, "c": f"c-{role}", "node": node(engine)}
    failed = []
    for call in CALLS[role]:
        engine.clear()
        status, document = send(guard, role, call, names)
        if status >= FIRST_FAILURE or not arrived(engine, call):
            failed.append((call.do, status, document))
        if isinstance(document, dict) and "Id" in document and status == 201:
            names["exec" if call.do.endswith("/exec") else "made"] = document["Id"]
    assert failed == []


@pytest.mark.parametrize("role", sorted(LEFT_OUT))
def test_what_a_role_leaves_out_is_refused(engine: RunningDemo, guard: Guard, role: str) -> None:
    asking.run(engine, f"left-{role}", Labels=LABELS.get(role, {}))
    names = {"role": role, "c": f"left-{role}"}
    for call in LEFT_OUT[role]:
        engine.clear()
        status, _ = send(guard, role, call, names)
        assert (status in {400, 403}, arrived(engine, call)) == (True, False), call.do


@pytest.mark.parametrize("role", sorted({*ROLES} - {"everything"}))
def test_who_took_a_program_over_gets_no_further(
    engine: RunningDemo, guard: Guard, role: str, victim: dict[str, str]
) -> None:
    reached = set()
    for name, call in ATTACKS.items():
        engine.clear()
        status, _ = send(guard, role, call, victim)
        refused = status in {403, 404}  # sockguard reads an object to know whether it may be read
        if arrived(engine, call) and not (refused and call.do.startswith("GET ")):
            reached.add(name)
        else:
            assert refused, call.do
    assert reached == HANDED_OVER.get(role, set())


@pytest.mark.parametrize("role", ROLES)
def test_the_environment_of_others_stays_masked(
    guard: Guard, role: str, victim: dict[str, str]
) -> None:
    client = Guarded(guard.socket(role))
    places = ("/containers/json", f"/containers/{victim['victim']}/json", "/services", "/tasks")
    told = any(SECRET.encode() in client.ask("GET", place).body for place in places)
    assert told == (role in SEES_THE_ENVIRONMENT)


@pytest.mark.parametrize(("role", "place", "paths"), READ)
def test_a_program_finds_what_it_reads(
    engine: RunningDemo, guard: Guard, role: str, place: str, paths: str
) -> None:
    made = asking.run(engine, "", Labels=LABELS.get(role, {}))
    document = Guarded(guard.socket(role)).get(filled(place, {"c": made}))
    assert [path for path in paths.split() if not list(found(document, path.split(".")))] == []


@pytest.mark.parametrize("role", ["cadvisor", "datadog", "telegraf"])
def test_a_program_that_makes_tags_of_what_it_sees_is_not_shown_the_mask(
    engine: RunningDemo, guard: Guard, role: str
) -> None:
    made = asking.run(engine, "", Env=["DD_ENV=production"])
    client = Guarded(guard.socket(role))
    assert "Env" not in client.get(f"/containers/{made}/json")["Config"]
    assert role != "cadvisor" or "DockerRootDir" not in client.get("/info")


def test_acme_companion_sees_its_own_settings_and_no_others(
    engine: RunningDemo, guard: Guard
) -> None:
    shown = ["LETSENCRYPT_HOST=a.example", "ACME_CA_URI=https://ca.example", "NGINX_VERSION=1.27"]
    made = asking.run(engine, "", Env=[*shown, f"PASSWORD={SECRET}"])
    for role in ("acme-companion", "acme-companion-exec"):
        document = Guarded(guard.socket(role)).get(f"/containers/{made}/json")
        assert document["Config"]["Env"] == shown


def test_caddy_docker_proxy_reads_caddyfiles_and_no_other_config(guard: Guard) -> None:
    client = Guarded(guard.socket("caddy-docker-proxy-swarm"))
    assert [each["Spec"]["Name"] for each in client.get("/configs")] == ["caddyfile"]
    assert client.get("/configs/caddyfile")["Spec"]["Data"] == "eA=="
    assert client.ask("GET", "/configs/app").status == 404


def found(document: Any, path: list[str]) -> Iterator[Any]:
    """Yield each value that stands at this path, through any item of a list."""
    first, *rest = [*path, ""]
    if not first:
        yield document
    elif first == "[]":
        for item in document:
            yield from found(item, rest[:-1])
    elif first in document:
        yield from found(document[first], rest[:-1])


@pytest.mark.parametrize("role", ROLES)
def test_no_role_mounts_what_is_sockguards_own(
    engine: RunningDemo, guard: Guard, role: str
) -> None:
    engine.clear()
    for place in (guard.sockets, guard.audit, guard.folder / "policy.yaml"):
        body = {
            "Image": "busybox",
            "Labels": LABELS.get(role, {}),
            "HostConfig": {"Binds": [f"{place}:/x"]},
        }
        answer = Guarded(guard.socket(role)).ask("POST", "/containers/create", body)
        assert answer.status == 403, place
    assert not engine.sent("POST", "/containers/create")


def send(guard: Guard, role: str, call: Call, names: dict[str, str]) -> tuple[int, Any]:
    """Send one call; the status of its answer, and its document if it has one."""
    data = body_of(call, role, names)
    method, _, target = filled(call.do, names).partition(" ")
    lines = f"{method} {target} {call.http}\r\n"
    if call.http == "HTTP/1.1":
        lines += f"Host: docker\r\n{call.headers}" + CLOSE * ("Upgrade" not in call.headers)
    if data:
        kind = "application/x-tar" if isinstance(call.body, bytes) else "application/json"
        lines += f"Content-Type: {kind}\r\nContent-Length: {len(data)}\r\n"
    with connected(guard.socket(role)) as client:
        client.sendall(lines.encode() + b"\r\n" + data)
        answer = read_answer(read_head(client) if call.opens else read_to_end(client))
    is_json = b"\r\ncontent-type: application/json\r\n" in answer.head.lower() + b"\r\n"
    whole = is_json and not call.opens and answer.body.count(b"\n") <= 1
    return answer.status, answer.json if whole and answer.body else None


def body_of(call: Call, role: str, names: dict[str, str]) -> bytes:
    if call.body is None or isinstance(call.body, bytes):
        return call.body or b""
    text = json.dumps(call.body).replace('"{labels}"', json.dumps(LABELS.get(role, {})))
    return filled(text, names).encode()


def filled(text: str, names: dict[str, str]) -> str:
    """Put names in the place of `{victim}` and the like; filters have braces of their own."""
    for name, value in names.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def arrived(engine: RunningDemo, call: Call) -> bool:
    """Whether such a request came to the Engine: sockguard itself asks for no more than facts."""
    method, _, target = call.do.partition(" ")
    place = kind_of(target.partition("?")[0])
    return any((it.method, kind_of(it.path)) == (method, place) for it in engine.received)


def kind_of(path: str) -> tuple[str, str]:
    """The kind of object that a path is about, and what is asked of it, whatever it is called."""
    parts = [part for part in path.split("/") if part and not part.startswith("v1.")]
    return parts[0], parts[-1] if len(parts) > 2 or parts[-1] in ENDINGS else ""


ENDINGS = {"json", "create", "prune", "load", "pull", "unlockkey", "join", "leave"}


def node(engine: RunningDemo) -> str:
    """The id of the one node of the swarm."""
    return str(asking.get(engine, "/nodes")[0]["ID"])
