"""The example with nginx and docker-gen in two containers does what it is for, and nothing else."""

from __future__ import annotations

import json
import re
import sys
import time
from typing import TYPE_CHECKING

from tests.support.attacks import ATTACKS
from tests.support.nginx_proxy_example import NOBODY, PASSWORD, SUPPORT, WHOAMI

if TYPE_CHECKING:
    from tests.support.nginx_proxy_example import Stack


def test_both_names_lead_to_their_services(stack: Stack) -> None:
    for host in ("one.local", "two.local"):
        stack.wait_for(host, (200, f"I am {host}\n"), 10)
    assert stack.get("three.local") == NOBODY


def test_a_third_service_comes_and_goes_within_two_seconds(stack: Stack) -> None:
    start = ("run", "--detach", "--name=three", "--network=example_default")
    stack.engine.docker(*start, "--env=VIRTUAL_HOST=three.local", WHOAMI)
    began = time.monotonic()
    stack.wait_for("three.local", (200, "I am three.local\n"), 2)
    stack.engine.docker("stop", "--time=0", "three")
    stack.wait_for("three.local", NOBODY, 2)
    assert time.monotonic() - began < 10


def test_what_faces_the_internet_has_no_socket_and_docker_gen_no_network(stack: Stack) -> None:
    assert not stack.inside("nginx", "find", "/", "-xdev", "-name", "*.sock")
    assert stack.inside("docker-gen", "ls", "-A", "/run/sockguard") == "docker.sock\n"
    assert "docker.sock" not in stack.inside("docker-gen", "ls", "-A", "/run", "/tmp")
    assert stack.inside("docker-gen", "ls", "/sys/class/net") == "lo\n"
    assert stack.inside("sockguard", "ls", "/sys/class/net") == "lo\n"


def test_the_variables_of_others_are_masked(stack: Stack) -> None:
    told = stack.inside("docker-gen", sys.executable, "-c", READS.format(stack.container("two")))
    assert "VIRTUAL_HOST=two.local" in told
    assert "DATABASE_PASSWORD" not in told
    assert PASSWORD not in told


READS = "import docker; print(docker.from_env().api.inspect_container({!r}))"


def test_whatever_else_is_tried_from_the_consumer_is_refused_and_recorded(stack: Stack) -> None:
    assert len(ATTACKS) >= 20
    services = ("one", "nginx", "sockguard")
    names = json.dumps({name: stack.container(name) for name in services})
    before = running(stack)
    mark = stack.engine.mark()
    attacks = (sys.executable, str(SUPPORT / "attacks.py"), names)
    answered = json.loads(stack.inside("docker-gen", *attacks))
    assert {what: status for what, status in answered.items() if not 400 <= status < 500} == {}
    refused = {
        event.get("user_agent"): event
        for event in stack.audit()
        if event["kind"] == "decision" and event["decision"] == "deny"
    }
    for attack in ATTACKS:
        assert refused[attack.what]["client"] == "docker-gen"
        assert refused[attack.what]["reason"]
    writes: list[str] = []
    reads: list[str] = []
    for call in stack.engine.received(mark):
        method, path = call.split("?")[0].split(" ")
        (reads if method in ("GET", "HEAD") else writes).append(VERSION.sub("", path))
    # The way in is a docker command, on the bare socket. sockguard asks which container is meant.
    begun, started = writes
    assert begun == f"/containers/{stack.container('docker-gen')}/exec"
    assert re.fullmatch("/exec/[0-9a-f]{64}/start", started)
    assert [path for path in reads if path.endswith(GIVES_AWAY)] == []
    assert running(stack) == before


VERSION = re.compile(r"^/v1\.\d+")
GIVES_AWAY = ("/archive", "/export", "/get", "/logs", "/secrets", "/top", "/unlockkey", "/volumes")


def running(stack: Stack) -> dict[str, int]:
    """The containers that run, each with the process that it is."""
    listed = stack.engine.ask("GET", "/containers/json").json
    ids = [one["Id"] for one in listed]
    details = [stack.engine.ask("GET", f"/containers/{one}/json").json for one in ids]
    return {one["Name"]: one["State"]["Pid"] for one in details}
