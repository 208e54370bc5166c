from __future__ import annotations

import io
import os
from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import pytest

from sockguard.cli.main import main
from sockguard.policy.load import load_text

if TYPE_CHECKING:
    from pathlib import Path


class Said(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def granted(self) -> set[str]:
        """What the policy that was printed grants, to all its clients."""
        clients = load_text(self.out).clients.values()
        return {name for client in clients for name in client.role.grants}


Importing = Callable[..., Said]


@pytest.fixture
def importing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Importing:
    """Run `policy import` in a folder of its own, where nothing is set but what a test sets."""
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.isupper() and name not in ("HOME", "PATH"):
            monkeypatch.delenv(name)

    def run(*words: str, file: str | None = None, name: str = "compose.yaml") -> Said:
        if file is not None:
            (tmp_path / name).write_text(file)
        code = main(["policy", "import", *words])
        return Said(code, *capsys.readouterr())

    return run


def compose(environment: str, image: str = "tecnativa/docker-socket-proxy:0.4.1") -> str:
    return f"services:\n  proxy:\n    image: {image}\n    environment:\n{environment}"


LIST = """\
      - CONTAINERS=1
      - POST=0
      - "NETWORKS=1"
      - PING=0 # a comment
"""
MAP = """\
      CONTAINERS: 1
      POST: "0"
      NETWORKS: '1'
      PING: 0
"""


def test_an_expression_is_quoted_as_it_was_written(importing: Importing) -> None:
    file = """\
services:
  proxy:
    image: wollomatic/socket-proxy:1
    command: ['-allowfrom=0.0.0.0/0', '-allowGET=/v1\\.\\d+/version', '-allowPOST=/v1\\.\\d+/foo']
"""
    said = importing("wollomatic", "compose.yaml", file=file)
    assert "warning: -allowPOST=/v1\\.\\d+/foo lets nothing through" in said.err


@pytest.mark.parametrize("environment", [LIST, MAP])
@pytest.mark.parametrize("proxy", ["tecnativa", "linuxserver"])
def test_a_compose_file_is_read_in_both_forms(
    importing: Importing, environment: str, proxy: str
) -> None:
    images = {"tecnativa": "ghcr.io/tecnativa/docker-socket-proxy:latest@sha256:ab"}
    image = images.get(proxy, "lscr.io/linuxserver/socket-proxy:latest")
    said = importing(proxy, "compose.yaml", file=compose(environment, image))
    assert (said.code, said.err) == (0, "")
    assert {"containers.list", "networks.inspect", "system.version"} <= said.granted
    assert said.granted.isdisjoint({"system.ping", "containers.start", "images.list"})
    assert ("containers.logs" in said.granted) is (proxy == "tecnativa")
    assert (
        "# Served as it was with: --listen tcp://0.0.0.0:2375 --listen tcp://[::]:2375" in said.out
    )


@pytest.mark.parametrize(
    ("written", "on"),
    [
        ("${X:-0}", False), ("${X:-1}", True), ("${X-1}", True), ("$SET", True), ("${SET}", True),
        ("${SET:-0}", True), ("${BLANK:-1}", True), ("${BLANK-1}", False), ("${SET:+1}", True),
        ("${X:+1}", False), ("${SET:?is needed}", True), ("$$SET", False), ("${BESIDE}", True),
        ("${BOTH}", True),
    ],
)  # fmt: skip
def test_variables_of_a_compose_file_are_replaced(
    importing: Importing,
    written: str,
    on: bool,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    (tmp_path / ".env").write_text("BESIDE=1\nBOTH=0\n")
    for name, value in {"SET": "1", "BLANK": "", "BOTH": "1"}.items():
        monkeypatch.setenv(name, value)
    said = importing("tecnativa", "compose.yaml", file=compose(f"      IMAGES: {written}\n"))
    assert said.code == 0
    assert ("images.list" in said.granted) is on


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ("      IMAGES: ${X}\n", "compose.yaml:5: the variable X is set nowhere"),
        ("      IMAGES: $X\n", "compose.yaml:5: the variable X is set nowhere"),
        ("      A: 1\n      IMAGES: ${X:?no}\n", "compose.yaml:6: the variable X is set nowhere"),
        ("      IMAGES: ${A:-${B}}\n", "compose.yaml:5: what follows $ is no variable"),
        ("      IMAGES: ${A\n", "what follows $ is no variable"),
        ("      IMAGES:\n", "compose.yaml:5: IMAGES takes its value from the environment"),
        ("      - IMAGES\n", "compose.yaml:5: IMAGES takes its value from the environment"),
        ("      IMAGES: [1]\n", "compose.yaml:5: environment: IMAGES has no plain value"),
        ("      - {IMAGES: 1}\n", "compose.yaml:5: is no plain value"),
        ("      IMAGES=1\n", "compose.yaml:5: environment is a list or a mapping"),
        ("      A: 1\n    env_file: .env\n", "env_file of proxy is not followed"),
        ("      A: 1\n    extends: {service: x}\n", "extends of proxy is not followed"),
        ("      A: 1\n    label_file: x\n", "compose.yaml:6: label_file of proxy is not followed"),
        ("      A: 1\n    entrypoint: [x]\n", "compose.yaml:6: entrypoint of proxy is not"),
        ("      LOG_LEVEL: loud\n", "LOG_LEVEL=loud: must be one of"),
        ("      SOCKET_PATH: x\n", "SOCKET_PATH=x: must be an absolute path"),
    ],
)
def test_what_cannot_be_read_of_a_compose_file_is_named(
    importing: Importing, environment: str, says: str
) -> None:
    said = importing("tecnativa", "compose.yaml", file=compose(environment))
    assert (said.code, said.out) == (1, "")
    assert says in said.err


@pytest.mark.parametrize(
    ("written", "on"),
    [
        ('      - "IMAGES=1"\n', True),
        ("      - 'IMAGES=1'\n", True),
        ("      - IMAGES=1 # 0\n", True),
        ('      IMAGES: "1"\n', True),
        ("      IMAGES: >-\n        1\n", True),
        ('      - IMAGES="1"\n', False),  # these quotes are part of the value
        ("      IMAGES: \"'1'\"\n", False),
        ("      IMAGES: ' 1'\n", False),
        ("      IMAGES: ''\n", False),
        ("      IMAGES: null\n", None),
        ("      IMAGES: 'null'\n", False),
    ],
)
def test_quotes_of_yaml_are_no_part_of_a_value_and_others_are(
    importing: Importing, written: str, on: bool | None
) -> None:
    said = importing("tecnativa", "compose.yaml", file=compose(written))
    assert said.code == (1 if on is None else 0)
    assert on is None or ("images.list" in said.granted) is on


@pytest.mark.parametrize("key", ["extends: {service: x}", "label_file: labels"])
def test_labels_of_a_neighbour_that_come_from_elsewhere_are_a_complaint(
    importing: Importing, key: str
) -> None:
    file = WOLLOMATIC % "      - -proxycontainername=guard" + f"    {key}\n"
    said = importing("wollomatic", "compose.yaml", file=file)
    assert (said.code, said.out) == (1, "")
    assert f"{key.partition(':')[0]} of dozzle may bring labels: write them out here" in said.err


def test_a_variable_without_a_value_comes_from_here(
    importing: Importing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMAGES", "1")
    said = importing("tecnativa", "compose.yaml", file=compose("      - IMAGES\n"))
    assert "images.list" in said.granted


def test_anchors_and_merges_are_followed(importing: Importing) -> None:
    file = """\
x-some: &some {CONTAINERS: 1, VOLUMES: 1}
x-more: &more {VOLUMES: 0, IMAGES: 1}
services:
  proxy:
    image: &image tecnativa/docker-socket-proxy
    environment:
      <<: [*more, *some]
      IMAGES: 0
"""
    said = importing("tecnativa", "compose.yaml", file=file)
    assert "containers.list" in said.granted
    assert said.granted.isdisjoint({"volumes.list", "images.list"})


@pytest.mark.parametrize(
    ("file", "says"),
    [
        ("", "has no services: this is no compose file"),
        ("version: 1\nallow: []\n", "has no services"),
        ("services: []\n", "has no services"),
        ("services: {a: [\n", "is not YAML"),
        ("services: &a {a: *a}\n", "no service has the image tecnativa/docker-socket-proxy"),
        (
            "services:\n  a: {}\n  b: {}\n  a: {}\n",
            "compose.yaml:4: 'a' stands here twice (first in line 2)",
        ),
        ("services: &a {<<: *a, b: {}}\n", "compose.yaml:1: merges too much"),
        (
            "a: &a {x: {}}\n"
            + "".join(
                f"{b}: &{b} {{<<: [{', '.join([f'*{a}'] * 9)}]}}\n"
                for a, b in pairwise("abcdefghi")
            )
            + "services: *i\n",
            "merges too much",
        ),
        ("services:\n  a: {image: nginx}\n  b: {}\n", "say with --service which it is, of a, b"),
        (
            "services: {a: {image: lscr.io/linuxserver/socket-proxy}}\n",
            "'a' has linuxserver/socket-proxy: did you mean `policy import linuxserver`?",
        ),
        ("services: {a: {image: x/docker-socket-proxy}}\n", "no service has the image"),
        ("services: {a: {image: nottecnativa/docker-socket-proxy}}\n", "no service has the image"),
        (
            "services:\n  a: &i {image: tecnativa/docker-socket-proxy}\n  b: *i\n",
            "several services have the image tecnativa/docker-socket-proxy: say with --service",
        ),
        ("services: {a: {}}\n---\nservices: {}\n", "is not YAML"),
        ("\x00", "is not YAML"),
        ("[" * 3000, "is not YAML"),
    ],
)
def test_a_file_that_does_not_say_which_service_is_refused(
    importing: Importing, file: str, says: str
) -> None:
    said = importing("tecnativa", "compose.yaml", file=file)
    assert (said.code, said.out) == (1, "")
    assert says in said.err


def test_the_service_can_be_named(importing: Importing) -> None:
    file = "services:\n  a: {image: mine, environment: [INFO=1]}\n  b: {environment: {EVENTS: 0}}\n"
    assert "system.info" in importing("tecnativa", "compose.yaml", "--service=a", file=file).granted
    assert "system.info" not in importing("tecnativa", "compose.yaml", "--service=b").granted
    said = importing("tecnativa", "compose.yaml", "--service=c")
    assert (said.code, "there is no service 'c'; there are: a, b" in said.err) == (1, True)


def test_another_service_may_be_what_it_likes(importing: Importing) -> None:
    file = compose(LIST) + "  web:\n    image: nginx:${TAG:?}\n    env_file: .x\n    extends: {}\n"
    assert importing("tecnativa", "compose.yaml", file=file).code == 0


# --- variables ----------------------------------------------------------------------------------

ENV_FILE = """\
# of the proxy
CONTAINERS=1
export POST=0
IMAGES="1"   # quoted
NETWORKS='0'

VOLUMES=1 # a comment
SECRETS=
"""


@pytest.mark.parametrize("how", ["file", "standard input", "here"])
def test_variables_come_from_a_file_or_from_here(
    importing: Importing, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if how == "here":
        for name in ("CONTAINERS", "IMAGES", "VOLUMES"):
            monkeypatch.setenv(name, "1")
        said = importing("linuxserver")
    elif how == "file":
        said = importing("linuxserver", "proxy.env", file=ENV_FILE, name="proxy.env")
    else:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(ENV_FILE.encode())))
        said = importing("linuxserver", "-")
    assert (said.code, said.err) == (0, "")
    assert {"containers.list", "images.list", "volumes.list"} <= said.granted
    assert said.granted.isdisjoint({"networks.list", "secrets.list"})


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("CONTAINERS", "proxy.env:2: is no variable"),
        ("CONTAINERS 1", "proxy.env:2: is no variable"),
        ("- CONTAINERS=1", "proxy.env:2: is no variable"),
        ("CONTAINERS: 1", "proxy.env:2: is no variable"),
        ("1CONTAINERS=1", "proxy.env:2: is no variable"),
        ("CONTAINERS=$X", "proxy.env:2: CONTAINERS: quotes, backslashes and $ are not read"),
        ('CONTAINERS="1', "proxy.env:2: CONTAINERS: quotes"),
        ("CONTAINERS='1'x", "proxy.env:2: CONTAINERS: quotes"),
        ("CONTAINERS=1\\", "proxy.env:2: CONTAINERS: quotes"),
    ],
)
def test_a_line_that_is_no_variable_is_named(importing: Importing, line: str, says: str) -> None:
    said = importing("tecnativa", "proxy.env", file=f"POST=0\n{line}\n", name="proxy.env")
    assert (said.code, said.out) == (1, "")
    assert says in said.err


def test_where_no_variable_is_set_that_is_told(importing: Importing) -> None:
    said = importing("tecnativa")
    assert said.code == 0
    assert "the environment: no variable of tecnativa is set: all as in its image" in said.err
    assert said.granted == {"system.ping", "system.version", "system.events"}


def test_what_serve_would_warn_of_is_told(importing: Importing) -> None:
    said = importing("tecnativa", "p.env", file="CONTAINERS=true\nIMAGE=1\n", name="p.env")
    assert "warning: CONTAINERS=true is off, as there" in said.err
    assert "(did you mean IMAGES?)" in said.err
    assert "containers.list" not in said.granted


def test_files_that_are_none_are_refused(importing: Importing, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.yaml")
    (tmp_path / "latin.env").write_bytes(b"CONTAINERS=\xe9\n")
    (tmp_path / "big.env").write_text("#" * 1024**2 + "\n")
    for file, says in {
        "fifo.yaml": "is not a regular file",
        "latin.env": "is not UTF-8 text",
        "big.env": "is larger than 1 MiB",
        "none.yaml": "cannot be read",
        ".": "is not a regular file",
    }.items():
        said = importing("tecnativa", file)
        assert (said.code, said.out) == (1, "")
        assert says in said.err


def test_words_that_mean_nothing_together_are_a_usage_error(importing: Importing) -> None:
    said = importing("tecnativa", "--service=x")
    assert (said.code, "--service is about a compose file" in said.err) == (2, True)


# --- expressions --------------------------------------------------------------------------------

WOLLOMATIC = """\
services:
  guard:
    image: wollomatic/socket-proxy:1
    command:
      - '-loglevel=info'
      - '-listenip=0.0.0.0'
      - '-allowfrom=traefik'
      - '-allowGET=/v1\\..{1,2}/(version|containers/(json|.*/json)|events)$$'
      - '-allowHEAD=/_ping'
%s
  traefik: {image: traefik:v3}
  dozzle:
    image: amir20/dozzle
    labels: {socket-proxy.allow.get: "/version", other: "${X}"}
"""


def test_a_compose_file_with_expressions_becomes_operations(importing: Importing) -> None:
    said = importing("wollomatic", "compose.yaml", file=WOLLOMATIC % "")
    clients = load_text(said.out).clients
    assert {name: set(one.role.grants) for name, one in clients.items()} == {
        "traefik": {
            "system.ping", "system.version", "system.events", "containers.list",
            "containers.inspect",
        }
    }  # fmt: skip
    assert "labels of other services count only with -proxycontainername" in said.err
    assert "# Served as it was with: --listen tcp://0.0.0.0:2375 --plain-on-any-network" in said.out


def test_labels_of_neighbours_are_read_where_they_count(importing: Importing) -> None:
    file = WOLLOMATIC % "      - -proxycontainername=guard"
    said = importing("wollomatic", "compose.yaml", file=file)
    clients = load_text(said.out).clients
    assert set(clients) == {"traefik", "dozzle"}
    assert set(clients["dozzle"].role.grants) == {"system.version"}


def test_a_command_in_one_line_and_variables_are_read(importing: Importing) -> None:
    line = "services:\n  p:\n    image: wollomatic/socket-proxy\n    command: %s\n"
    said = importing(
        "wollomatic", "compose.yaml", file=line % "-allowGET=/info '-allowHEAD=/_ping'"
    )
    assert said.granted == {"system.info", "system.ping"}
    said = importing("wollomatic", "p.env", file="SP_ALLOW_GET=/version\n", name="p.env")
    assert said.granted == {"system.version"}


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("['-allowGET=(']", "compose.yaml:2: -allowGET=(: is no regular expression"),
        ("[-allowANY=.*]", "-allowANY=.* is no flag of wollomatic/socket-proxy"),
        ('"-allowGET=\'"', "the command is no line that can be split"),
        ("[{a: b}]", "is no plain value"),
        ("-allowfrom=", "compose.yaml:2: -allowfrom= lets nobody in"),
        ("-allowGET=$X", "the variable X is set nowhere"),
        ("-allowGET=/info, environment: [SP_ALLOW_GTE=/x]", "SP_ALLOW_GTE is no variable of"),
    ],
)
def test_a_command_that_cannot_be_read_is_refused(
    importing: Importing, command: str, says: str
) -> None:
    file = f"services:\n  p: {{image: wollomatic/socket-proxy, command: {command}}}\n"
    said = importing("wollomatic", "compose.yaml", file=file)
    assert (said.code, said.out) == (1, "")
    assert says in said.err


@pytest.mark.parametrize("slow", ["([a-z0-9]+)*$$", "((((a?){1000}){1000}){1000}){1000}x"])
def test_an_expression_that_takes_for_ever_is_named_and_refused(
    importing: Importing, slow: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sockguard.cli.policy_import._ALL_SECONDS", 0.5)
    monkeypatch.setattr("sockguard.cli.policy_import._ONE_SECONDS", 0.5)
    words = f"['-allowHEAD=/_ping', '-allowGET=/containers/{slow}']"
    file = f"services:\n  p: {{image: wollomatic/socket-proxy, command: {words}}}\n"
    said = importing("wollomatic", "compose.yaml", file=file)
    assert (said.code, said.out) == (1, "")
    expected = f"compose.yaml:2: -allowGET=/containers/{slow.replace('$$', '$')}: takes too long"
    assert expected in said.err


SOCKET = "/var/run/docker.sock"
SHORT = f'["{SOCKET}:{SOCKET}:ro"]'
LONG = f"[{{type: bind, source: {SOCKET}, target: {SOCKET}}}]"
GROUP = (
    'add to it: group_add: ["${DOCKER_GID:?is not set, this prints it - '
    'stat -c %g /var/run/docker.sock}"]'
)


@pytest.mark.parametrize("volumes", [SHORT, LONG])
@pytest.mark.parametrize("proxy", ["tecnativa", "linuxserver", "wollomatic"])
def test_a_service_without_the_group_of_its_socket_is_told_the_line(
    importing: Importing, proxy: str, volumes: str
) -> None:
    file = with_volumes(proxy, volumes)
    said = importing(proxy, "compose.yaml", file=file)
    assert said.code == 0
    assert f"compose.yaml:3: service proxy has no group for {SOCKET}" in said.err
    assert GROUP in said.err
    line = GROUP.partition("add to it: ")[2]
    mended = importing(proxy, "compose.yaml", file=f"{file}    {line}\n")
    assert (mended.code, mended.out, "group" in mended.err) == (0, said.out, False)


@pytest.mark.parametrize("more", ["user: root", 'user: "0:0"', "user: 0", 'group_add: ["${GID}"]'])
def test_a_service_that_may_open_its_socket_is_told_nothing(
    importing: Importing, more: str
) -> None:
    said = importing(
        "tecnativa", "compose.yaml", file=f"{with_volumes('tecnativa', SHORT)}    {more}\n"
    )
    assert (said.code, said.err) == (0, "")


@pytest.mark.parametrize(
    "volumes", ["[]", "null", '["data:/data"]', "[{type: tmpfs, target: /run}]"]
)
def test_a_service_that_mounts_no_socket_is_told_nothing(
    importing: Importing, volumes: str
) -> None:
    said = importing("tecnativa", "compose.yaml", file=with_volumes("tecnativa", volumes))
    assert (said.code, said.err) == (0, "")


def with_volumes(proxy: str, volumes: str) -> str:
    images = {
        "tecnativa": "tecnativa/docker-socket-proxy",
        "linuxserver": "lscr.io/linuxserver/socket-proxy",
        "wollomatic": "wollomatic/socket-proxy:1",
    }
    told = {"wollomatic": "command: ['-allowGET=/v1\\..{1,2}/version', '-listenip=0.0.0.0']"}
    return (
        f"services:\n  proxy:\n    image: {images[proxy]}\n    volumes: {volumes}\n"
        f"    {told.get(proxy, 'environment: {CONTAINERS: 1}')}\n"
    )
