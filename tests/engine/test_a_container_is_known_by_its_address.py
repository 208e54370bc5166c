"""Containers of a real Engine call over their networks: each is its client, or nobody."""

from __future__ import annotations

import socket
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.audit_events import events_of
from tests.support.dockerd import IMAGE
from tests.support.ports import free_port
from tests.support.processes import running, wait_until
from tests.support.sockguard_process import sockguard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.dockerd import Engine
    from tests.support.sockguard_process import Guard

KEY = "com.example/job"
POLICY = f"""
version: 1
clients:
  agent:
    match: {{container: {{name: agent-1}}}}
    allow: [system/hello, containers.list, system.events]
  backup: {{match: {{container: {{label: {{{KEY}: backup}}}}}}, allow: [system/hello]}}
"""
NETWORKS = {"callers": "10.213.7", "others": "10.213.8"}
PORT = free_port()
LIST = "GET /v1.41/containers/json"
PING = "GET /v1.41/_ping"
EVENTS = "GET /v1.41/events"
STOP = "POST /v1.41/containers/agent-1/stop"
HEADERS = r"Host: sockguard\r\nConnection: close\r\n\r\n"


def asking(what: str, network: str = "callers") -> str:
    """A line of shell that sends a request over this network and prints the whole answer.

    What nc executes has the connection itself, and so ends nothing before the answer has come. How
    the connection ends is not what is asked.
    """
    said = f"printf '{what} HTTP/1.1\\r\\n{HEADERS}'; cat >&3 || true"
    return f'exec 3>&1; nc {NETWORKS[network]}.1 {PORT} -e sh -c "{said}"'


@dataclass(frozen=True, slots=True)
class Home:
    """An Engine with two networks, and a sockguard that listens at the gateways of both."""

    engine: Engine
    guard: Guard

    def start(self, name: str, *flags: str, network: str = "callers") -> None:
        """Run a container that sleeps."""
        line = ["run", "--detach", "--name", name, "--network", network, *flags]
        self.engine.docker(*line, IMAGE, "sleep", "600")

    def first_words(self, name: str, what: str, *flags: str) -> str:
        """Run a container whose first act is to call; all that it was answered."""
        line = ["run", "--rm", "--name", name, "--network", "callers", *flags]
        return self.engine.docker(*line, IMAGE, "sh", "-c", asking(what))

    def call(self, name: str, what: str, network: str = "callers") -> str:
        """Call from a container that runs; all that it was answered."""
        return self.engine.docker("exec", name, "sh", "-c", asking(what, network))

    def address(self, name: str) -> str:
        """The address of a container on the network of the callers."""
        form = "{{.NetworkSettings.Networks.callers.IPAddress}}"
        return self.engine.docker("inspect", "--format", form, name).strip()

    @contextmanager
    def listening(self, name: str, network: str = "callers") -> Iterator[None]:
        """Have a container listen to events meanwhile."""
        wanted = {"kind": "decision", "operation": "system.events"}
        before = len(self.events(**wanted))
        line = ["exec", name, "sh", "-c", asking(EVENTS, network)]
        command = ["docker", "--host", self.engine.host, *line]
        with running(command, self.guard.folder / "stream.log"):
            self.until(lambda: len(self.events(**wanted)) > before)
            yield

    def events(self, **wanted: object) -> list[dict[str, Any]]:
        """The audit events so far with these fields."""
        return [each for each in events_of(self.guard.audit) if wanted.items() <= each.items()]

    def until(self, holds: Callable[[], bool]) -> None:
        """Wait until it holds."""
        wait_until(holds, seconds=10, process=self.guard.process, log=self.guard.log)

    def ended(self) -> list[str]:
        """How the streams of events ended that have."""
        return [
            str(each["ended"]) for each in self.events(kind="outcome", operation="system.events")
        ]


@pytest.fixture(scope="module")
def guarded(dockerd: Engine) -> Iterator[Home]:
    for name, prefix in NETWORKS.items():
        pool = ["--subnet", f"{prefix}.0/24", "--gateway", f"{prefix}.1"]
        dockerd.docker("network", "create", *pool, name)
    listen = [f"--listen=tcp://{prefix}.1:{PORT}" for prefix in NETWORKS.values()]
    with tempfile.TemporaryDirectory(prefix="sg-") as name:
        folder = Path(name)
        (folder / "policy.yaml").write_text(POLICY)
        flags = (*listen, "--plain-on-any-network")
        with sockguard(
            folder, str(folder / "policy.yaml"), dockerd.host, *flags, clients=()
        ) as guard:
            home = Home(dockerd, guard)
            home.until(lambda: listens(f"{NETWORKS['others']}.1"))
            yield home
    dockerd.remove_containers()
    for network in NETWORKS:
        dockerd.docker("network", "rm", network)


@pytest.fixture
def home(guarded: Home) -> Iterator[Home]:
    yield guarded
    guarded.engine.remove_containers()


def listens(address: str) -> bool:
    try:
        socket.create_connection((address, PORT), 1).close()
    except OSError:
        return False
    return True


def status(answer: str) -> int:
    return int(answer.split()[1])


def test_the_first_words_of_a_container_are_those_of_its_client(home: Home) -> None:
    answer = home.first_words("agent-1", LIST)
    assert status(answer) == 200
    assert '"/agent-1"' in answer
    assert status(home.first_words("agent-1", STOP)) == 403
    label = ("--label", f"{KEY}=backup")
    assert status(home.first_words("some-job", PING, *label)) == 200
    assert status(home.first_words("some-job", LIST, *label)) == 403
    clients = [event["client"] for event in home.events(kind="decision")[-4:]]
    assert clients == ["agent", "agent", "backup", "backup"]
    assert [event["reason"] for event in home.events(decision="deny")[-2:]] == ["not_granted"] * 2


def test_the_event_names_the_container(home: Home) -> None:
    home.start("agent-1")
    identity = home.engine.docker("inspect", "--format", "{{.Id}}", "agent-1")[:12]
    assert status(home.call("agent-1", PING)) == 200
    event = home.events(kind="decision")[-1]
    address = home.address("agent-1")
    assert event["caller"] == f"address={address} container=agent-1/{identity}"
    assert event["listener"] == f"tcp://10.213.7.1:{PORT}"


def test_a_container_of_another_name_or_label_is_nobody(home: Home) -> None:
    since = home.engine.mark()
    for number, flags in enumerate([(), ("--label", f"{KEY}=restore"), ("--label", KEY)]):
        answer = home.first_words(f"agent-1-{number}", PING, *flags)
        assert status(answer) == 403
        assert "matches address=" in answer
    assert PING not in home.engine.received(since)
    assert {event["reason"] for event in home.events(decision="deny")[-3:]} == {"unknown_caller"}


def test_a_new_name_is_another_client_and_ends_what_the_old_one_had(home: Home) -> None:
    home.start("agent-1")
    ended = home.ended()
    with home.listening("agent-1"):
        home.engine.docker("rename", "agent-1", "elsewhere")
        home.until(lambda: home.ended() == [*ended, "disowned"])
    assert status(home.call("elsewhere", PING)) == 403
    home.engine.docker("rename", "elsewhere", "agent-1")
    assert status(home.call("agent-1", PING)) == 200


def test_another_label_takes_a_new_container_and_counts_for_it(home: Home) -> None:
    home.start("job", "--label", f"{KEY}=backup", "--ip", "10.213.7.70")
    assert status(home.call("job", PING)) == 200
    home.engine.docker("rm", "--force", "job")
    home.start("job", "--label", f"{KEY}=none", "--ip", "10.213.7.70")
    assert status(home.call("job", PING)) == 403


def test_the_client_takes_its_new_address_along_and_whoever_has_the_old_one_is_nobody(
    home: Home,
) -> None:
    home.start("agent-1")
    before, ended = home.address("agent-1"), home.ended()
    with home.listening("agent-1"):
        home.engine.docker("stop", "--time", "0", "agent-1")
        home.until(lambda: len(home.ended()) > len(ended))  # by itself, mostly
    assert status(home.first_words("heir", PING, "--ip", before)) == 403
    home.start("intruder", "--ip", before)
    home.engine.docker("start", "agent-1")
    assert home.address("agent-1") not in ("", before)
    assert status(home.call("agent-1", PING)) == 200
    assert status(home.call("intruder", PING)) == 403


def test_a_container_on_two_networks_is_known_on_each_while_it_is_there(home: Home) -> None:
    home.start("agent-1")
    home.engine.docker("network", "connect", "others", "agent-1")
    assert status(home.call("agent-1", PING, "others")) == 200
    ended = home.ended()
    with home.listening("agent-1"), home.listening("agent-1", "others"):
        home.engine.docker("network", "disconnect", "others", "agent-1")
        home.until(lambda: home.ended() == [*ended, "disowned"])
        assert status(home.call("agent-1", PING)) == 200
        assert len(home.ended()) == len(ended) + 1


def test_whoever_is_let_onto_the_address_of_a_client_is_nobody(home: Home) -> None:
    home.start("agent-1")
    home.start("intruder", network="others")
    before, ended = home.address("agent-1"), home.ended()
    with home.listening("agent-1"):
        home.engine.docker("network", "disconnect", "callers", "agent-1")
        home.engine.docker("network", "connect", "--ip", before, "callers", "intruder")
        home.until(lambda: len(home.ended()) > len(ended))  # by the intruder's reset, at times
    assert status(home.call("intruder", PING)) == 403
    home.engine.docker("network", "connect", "callers", "agent-1")
    assert status(home.call("agent-1", PING)) == 200


def test_a_program_on_the_host_and_a_container_with_its_network_are_nobody(home: Home) -> None:
    home.start("agent-1", network="host")
    answer = home.call("agent-1", PING)
    assert status(answer) == 403
    assert "not exactly one container is known at its address" in answer


def test_whoever_shares_the_network_of_a_client_is_that_client(home: Home) -> None:
    home.start("agent-1")
    home.start("sidecar", network="container:agent-1")
    assert status(home.call("sidecar", PING)) == 200


def test_an_end_of_what_is_sent_is_heard_from_a_container_that_is_known(home: Home) -> None:
    home.start("agent-1")
    line = f"printf '{PING} HTTP/1.1\\r\\n{HEADERS}' | nc 10.213.7.1 {PORT}"
    assert status(home.engine.docker("exec", "agent-1", "sh", "-c", line)) == 200
