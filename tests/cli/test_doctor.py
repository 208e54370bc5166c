"""`sockguard doctor` as a command, in front of set-ups that are broken in every way."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from demo.state import Settings
from sockguard.cli.main import main
from tests.support.demo_engine import RunningDemo, running_demo_engine
from tests.support.sockguard_process import environment, sockguard
from tests.support.tree import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

POLICY = """\
version: 1
clients:
  portal:
    allow: [system/hello, containers.list, containers.restart]
    limits: {requests: 50/second, body: 4MiB}
    socket: {mode: "0660"}
  traefik: {role: shipped/traefik}
expect:
  - {as: portal, do: POST /containers/web/restart, then: allow}
"""
NOBODY = 54321
AS_ANOTHER = """\
import contextlib, io, os, sys
from sockguard.cli.main import main
with contextlib.redirect_stdout(io.StringIO()):
    main(sys.argv[2:])
uid = int(sys.argv[1])
os.setgroups([])
os.setgid(uid)
os.setuid(uid)
sys.exit(main(sys.argv[2:]))
"""
"""It runs once before, so that all is imported: the other user may not read this Python."""
ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="only root may become somebody else")


@dataclass
class Setup:
    """The folders of a server that may or may not run, and what doctor says of them."""

    folder: Path
    capsys: pytest.CaptureFixture[str]
    policy: str = POLICY
    flags: list[str] = field(default_factory=list)

    @property
    def engine(self) -> Path:
        return self.folder / "engine.sock"

    @property
    def sockets(self) -> Path:
        return self.folder / "sockets"

    @property
    def audit(self) -> Path:
        return self.folder / "audit"

    @property
    def words(self) -> list[str]:
        (self.folder / "policy.yaml").write_text(self.policy)
        return [
            "doctor",
            f"--policy={self.folder}/policy.yaml",
            f"--upstream=unix://{self.engine}",
            f"--socket-dir={self.sockets}",
            f"--audit-dir={self.audit}",
            *self.flags,
        ]

    def examine(self, *more: str) -> list[dict[str, str]]:
        """All findings; the exit code and the counts are held against them."""
        code = main([*self.words, "--json", *more])
        return read(self.capsys.readouterr().out, code)

    def examine_as(self, uid: int) -> list[dict[str, str]]:
        """All findings of a process of another user, without groups."""
        done = subprocess.run(
            [sys.executable, "-c", AS_ANOTHER, str(uid), *self.words, "--json"],
            env={**environment(), "PYTHONPATH": os.fspath(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stdout, done.stderr
        return read(done.stdout, done.returncode)

    @contextmanager
    def served(self, *flags: str) -> Iterator[int]:
        """Let a real server run with these settings; its pid."""
        path = str(self.folder / "policy.yaml")
        (self.folder / "policy.yaml").write_text(self.policy)
        with sockguard(
            self.folder, path, f"unix://{self.engine}", *flags, clients=("portal", "traefik")
        ) as guard:
            yield guard.process.pid


def read(text: str, code: int) -> list[dict[str, str]]:
    told: dict[str, Any] = json.loads(text)
    found: list[dict[str, str]] = told["findings"]
    for level, count in (("problem", told["problems"]), ("warning", told["warnings"])):
        assert sum(one["level"] == level for one in found) == count
    assert code == (1 if told["problems"] else 0)
    for one in found:
        assert one["level"] in ("ok", "note") or one["mend"], one
    return found


def bad(found: list[dict[str, str]], area: str = "") -> list[dict[str, str]]:
    """The warnings and problems, of one area or of all."""
    wanted = ("warning", "problem")
    return [one for one in found if one["level"] in wanted and area in ("", one["area"])]


def only(found: list[dict[str, str]], area: str) -> dict[str, str]:
    """The one thing that is wrong, in the area where it belongs."""
    assert [one["area"] for one in bad(found)] == [area], bad(found)
    return bad(found)[0]


@pytest.fixture
def setup(short_path: Path, capsys: pytest.CaptureFixture[str]) -> Setup:
    short_path.chmod(0o755)
    return Setup(short_path, capsys)


@pytest.fixture
def demo(setup: Setup) -> Iterator[RunningDemo]:
    with running_demo_engine(setup.engine) as engine:
        yield engine


CALM_SECONDS = 0.5


def calm_tree(folder: Path) -> dict[str, tuple[int, ...]]:
    """The same once it stays so for half a second: a server that starts still writes."""
    deadline = time.monotonic() + 15
    found = tree(folder)
    while time.monotonic() < deadline:
        time.sleep(CALM_SECONDS)
        before, found = found, tree(folder)
        if found == before:
            break
    return found


def tree(folder: Path) -> dict[str, tuple[int, ...]]:
    """Every file with what changes when it is touched."""
    found = {str(path): path.lstat() for path in [folder, *folder.rglob("*")]}
    return {
        name: (one.st_ino, one.st_mode, one.st_uid, one.st_size, one.st_mtime_ns, one.st_ctime_ns)
        for name, one in found.items()
    }


# --- all is well


def test_a_server_that_runs_well_is_told_so(setup: Setup, demo: RunningDemo) -> None:
    with setup.served() as pid:
        found = setup.examine()

    assert bad(found) == []
    told = "\n".join(f"{one['area']}: {one['text']}" for one in found)
    assert f"engine: {setup.engine} answers: Engine 27.5.1, API 1.24 to 1.47" in told
    assert "loads; expectations of its own: 1, all hold" in told
    assert f"sockets: a sockguard serves in {setup.sockets} (pid {pid})" in told
    assert f"sockets: {setup.sockets}/traefik/docker.sock is open, for uid" in told
    assert "clients: portal (role portal) amounts to disturb containers" in told
    assert "limits: 50 requests/second, bodies of 4 MiB" in told
    assert "now nothing" not in told
    assert "can be written; the last event came" in told
    assert [one.path for one in demo.received if one.method != "GET"] == []


def test_text_says_the_same_as_json(setup: Setup, demo: RunningDemo) -> None:
    assert demo
    setup.policy += "  - {as: portal, do: POST /containers/web/stop, then: allow}\n"
    found = setup.examine()

    assert main(setup.words) == 1
    *lines, end = setup.capsys.readouterr().out.splitlines()

    told = []
    for one in found:
        told.append(f"{one['area']:<12}  {one['level']:<7}  {one['text']}")
        if one["mend"]:
            told.append(f"{'':<23}to mend it: {one['mend']}")
    assert lines == told
    assert end == "1 problem, 0 warnings"


def test_nothing_on_disk_changes_whether_a_server_runs_or_not(
    setup: Setup, demo: RunningDemo
) -> None:
    assert demo
    words = [*setup.words, "--json"]
    before = tree(setup.folder)
    assert main(words) == 0
    assert tree(setup.folder) == before
    with setup.served():
        before = calm_tree(setup.folder)
        assert main(words) == 0
        assert tree(setup.folder) == before


def test_before_the_first_start_nothing_is_wrong(setup: Setup, demo: RunningDemo) -> None:
    assert demo
    found = setup.examine()
    assert bad(found) == []
    assert [one["text"] for one in found if one["area"] == "sockets"] == [
        f"no sockguard serves in {setup.sockets}"
    ]
    assert all("its socket is not served" in o["text"] for o in found if o["area"] == "clients")


def test_the_variables_of_serve_count(setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOCKGUARD_AUDIT", "stdout")
    assert "events go to standard output, and no folder is kept" in [
        one["text"] for one in setup.examine()
    ]


def test_a_flag_that_cannot_be_used_is_a_fault_of_usage(setup: Setup) -> None:
    assert main([*setup.words, "--upstream=tcp://127.0.0.1"]) == 2


# --- the Engine


@pytest.mark.parametrize(
    ("make", "words", "mend"),
    [
        (lambda _: None, "there is no ", "start the Engine"),
        (lambda path: path.write_text(""), "is a file and no socket", "--upstream"),
        (lambda path: path.mkdir(), "is a folder: Docker makes one", "rmdir "),
    ],
)
def test_what_is_no_engines_socket_is_told(
    setup: Setup, monkeypatch: pytest.MonkeyPatch, make: Any, words: str, mend: str
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(setup.folder))
    make(setup.engine)
    found = only(setup.examine(), "engine")
    assert (words in found["text"], mend in found["mend"]) == (True, True), found


def test_the_socket_of_a_rootless_engine_is_found(
    setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(setup.folder))
    stale(setup.folder / "docker.sock")
    found = only(setup.examine(), "engine")
    assert found["mend"] == f"--upstream unix://{setup.folder}/docker.sock"


@contextmanager
def listening(path: Path, answer: bytes = b"") -> Iterator[None]:
    """A socket that accepts and, in a process of its own, gives this answer to everybody."""
    program = (
        "import socket, sys\n"
        "listener = socket.socket(socket.AF_UNIX)\n"
        "listener.bind(sys.argv[1])\nlistener.listen(9)\nprint(flush=True)\n"
        "while True:\n"
        "    peer = listener.accept()[0]\n"
        "    if sys.argv[2]:\n"
        "        peer.recv(9999)\n        peer.sendall(sys.argv[2].encode())\n"
        "        peer.close()\n"
    )
    command = [sys.executable, "-c", program, str(path), answer.decode()]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield
        finally:
            process.kill()


def stale(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))


def test_a_socket_on_which_no_engine_listens_any_more_is_told(setup: Setup) -> None:
    stale(setup.engine)
    found = only(setup.examine(), "engine")
    assert "Connection refused" in found["text"]
    assert "start the Engine" in found["mend"]


def test_what_is_no_engine_is_told(setup: Setup) -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
    with listening(setup.engine, answer):
        assert only(setup.examine(), "engine")["text"] == "what answers there is no Docker Engine"


def test_an_engine_that_never_answers_is_told(setup: Setup) -> None:
    with listening(setup.engine):
        found = setup.examine()
    assert only(found, "engine")["text"] == "the Engine did not answer within 5 s"
    clients = [text for _, text in told_of(found, "clients")]
    assert all(text.endswith("; now nothing, as the Engine does not answer") for text in clients)


@ROOT_ONLY
def test_a_group_that_is_missing_is_named(setup: Setup, demo: RunningDemo) -> None:
    assert demo
    os.chown(setup.engine, 0, 4711)
    setup.engine.chmod(0o660)
    found = bad(setup.examine_as(NOBODY), "engine")
    assert [one["text"] for one in found] == [
        f"uid {NOBODY} may not open {setup.engine}, which belongs to group 4711"
    ]
    assert "4711" in found[0]["mend"]


@pytest.mark.parametrize("through", ["ours", "another"])
def test_a_guarded_socket_is_no_engine(setup: Setup, demo: RunningDemo, through: str) -> None:
    assert demo
    with setup.served():
        guarded = setup.sockets / "traefik" / "docker.sock"
        more = [] if through == "ours" else [f"--socket-dir={setup.folder}/other"]
        found = setup.examine(f"--upstream=unix://{guarded}", "--audit=stdout", *more)
    assert only(found, "engine")["text"].endswith(
        "is a socket of sockguard itself, not the Engine's"
    )


@pytest.mark.parametrize(
    ("least", "most", "level", "words"),
    [
        (24, 57, "note", "newer versions are refused"),
        (18, 23, "problem", "this Engine is too old"),
        (60, 61, "problem", "this Engine is too new"),
    ],
)
def test_the_range_of_the_engine_is_held_against_the_catalogue(
    setup: Setup, least: int, most: int, level: str, words: str
) -> None:
    with running_demo_engine(setup.engine, Settings(api_min=(1, least), api_max=(1, most))):
        found = [one for one in setup.examine() if one["area"] == "engine"]
    assert [(level, True)] == [(one["level"], words in one["text"]) for one in found[1:]], found


def test_containers_that_go_past_sockguard_are_named(setup: Setup, demo: RunningDemo) -> None:
    demo.populate(1, "past", {"HostConfig": {"Binds": ["/var/run/docker.sock:/d.sock"]}})
    demo.populate(1, "wide", {"HostConfig": {"Binds": ["/run:/host/run:ro"]}})
    demo.populate(1, "plain", {"HostConfig": {"Binds": ["/srv:/srv"]}})
    notes = [one["text"] for one in setup.examine() if one["area"] == "engine"]
    assert notes[1:] == [
        "these containers mount the Engine's own socket, past sockguard: past-1, wide-1"
    ]


# --- the sockets


def test_a_container_that_mounts_a_socket_as_a_file_is_named(
    setup: Setup, demo: RunningDemo
) -> None:
    file = f"{setup.sockets}/traefik/docker.sock"
    demo.populate(1, "file", {"HostConfig": {"Binds": [f"{file}:/run/sg/docker.sock"]}})
    demo.populate(
        1, "folder", {"HostConfig": {"Binds": [f"{setup.sockets}/traefik:/run/sockguard"]}}
    )
    found = only(setup.examine(), "sockets")
    assert "container file-1 mounts the socket of 'traefik' as a file" in found["text"]
    assert found["mend"].endswith(f"- {setup.sockets}/traefik:/run/sg")


@pytest.mark.parametrize(
    ("make", "words", "mend"),
    [
        (lambda path: path.write_text(""), "is a file and no socket", "rm /"),
        (lambda path: path.mkdir(), "is a folder: Docker makes one", "rmdir /"),
        (stale, "nobody listens on", "sockguard serve"),
    ],
)
def test_what_stands_in_the_place_of_a_socket_is_told(
    setup: Setup, demo: RunningDemo, make: Any, words: str, mend: str
) -> None:
    assert demo
    path = setup.sockets / "traefik" / "docker.sock"
    path.parent.mkdir(parents=True)
    make(path)
    found = only(setup.examine(), "sockets")
    assert found["level"] == ("warning" if make is stale else "problem")
    assert (words in found["text"], mend in found["mend"]) == (True, True), found


def test_another_process_on_our_socket_is_told(setup: Setup, demo: RunningDemo) -> None:
    assert demo
    path = setup.sockets / "traefik" / "docker.sock"
    path.parent.mkdir(parents=True)
    with listening(path):
        found = only(setup.examine(), "sockets")
    assert "another process (pid " in found["text"]


def test_an_owner_or_mode_that_is_not_the_policys_is_told(setup: Setup, demo: RunningDemo) -> None:
    assert demo
    with setup.served():
        path = setup.sockets / "portal" / "docker.sock"
        path.chmod(0o666)
        found = only(setup.examine(), "sockets")
    assert "has mode 0666, not the 0660 that is asked for" in found["text"]
    assert found["mend"] == f"chmod 0660 {path}"


def test_a_socket_that_the_running_server_lacks_is_told(setup: Setup, demo: RunningDemo) -> None:
    assert demo
    with setup.served("--no-watch"):
        setup.policy = POLICY.replace("  traefik:", "  other: {role: shipped/traefik}\n  traefik:")
        found = only(setup.examine(), "sockets")
    assert (
        found["text"] == f"the sockguard that runs has no socket {setup.sockets}/other/docker.sock"
    )


@ROOT_ONLY
def test_a_folder_that_cannot_be_written_is_told(setup: Setup, demo: RunningDemo) -> None:
    assert demo
    setup.engine.chmod(0o666)
    setup.sockets.mkdir()
    setup.audit.mkdir(0o755)
    setup.policy = POLICY.replace('{mode: "0660"}', "{gid: 4711}")
    found = bad(setup.examine_as(NOBODY))
    assert [(one["area"], one["text"].replace(str(setup.folder), "")) for one in found] == [
        ("sockets", f"/sockets cannot be written by uid {NOBODY}"),
        ("sockets", f"/sockets/portal cannot be made by uid {NOBODY}"),
        ("sockets", f"uid {NOBODY} may not give the socket of 'portal' to group 4711"),
        ("sockets", f"/sockets/traefik cannot be made by uid {NOBODY}"),
        ("audit", f"/audit belongs to uid 0 and cannot be written by uid {NOBODY}"),
    ]


@ROOT_ONLY
def test_somebody_else_is_told_for_whom_the_sockets_are(setup: Setup, demo: RunningDemo) -> None:
    assert demo
    with setup.served():
        found = setup.examine_as(NOBODY)
    told = [one["text"] for one in found if one["area"] == "sockets"]
    assert f"whether a sockguard serves in {setup.sockets}, only its own user may ask" in told
    barred = [text for _, text in told_of(found, "sockets") if "may not look into" in text]
    assert [text.rpartition("/")[2] for text in barred] == ["portal", "traefik"]
    assert not any("is not served" in text for _, text in told_of(found, "clients"))


def test_a_path_that_is_too_long_is_told(setup: Setup, demo: RunningDemo) -> None:
    assert demo
    found = bad(setup.examine(f"--socket-dir={setup.folder}/{'x' * 90}"))
    assert {(one["area"], "shorter" in one["text"] + one["mend"]) for one in found} == {
        ("policy", True),
        ("sockets", True),
    }


# --- policy, audit, listeners


def test_each_complaint_is_a_problem_with_its_line(setup: Setup, demo: RunningDemo) -> None:
    assert demo
    setup.policy = "version: 1\nallow:\n  - containers.lst\n  - system/helo\n"
    found = bad(setup.examine(), "policy")
    places = [one["text"].removeprefix(f"{setup.folder}/")[:14] for one in found]
    assert places == ["policy.yaml:3:", "policy.yaml:4:"]
    assert "sockguard policy check" in found[0]["mend"]


def test_a_case_that_fails_is_a_problem_with_its_line(setup: Setup, demo: RunningDemo) -> None:
    assert demo
    setup.policy += "  - {as: portal, do: POST /containers/web/stop, then: allow}\n"
    found = only(setup.examine(), "policy")
    assert f"{setup.folder}/policy.yaml:10: expected allow of POST" in found["text"]


def test_what_looks_wrong_in_a_policy_is_a_warning(setup: Setup, demo: RunningDemo) -> None:
    assert demo
    setup.policy = "version: 1\nclients:\n  a: {allow: [containers.list], mode: report}\n"
    found = setup.examine()
    assert [one["level"] for one in bad(found)] == ["warning", "warning"]
    client = next(one for one in found if one["area"] == "clients")
    assert client["level"] == "note"
    assert "report mode, in which everything passes" in client["text"]


def test_a_shipped_role_that_does_not_exist_is_told(setup: Setup, demo: RunningDemo) -> None:
    assert demo
    found = only(setup.examine("--policy=trefik"), "policy")
    assert "sockguard policy show" in found["mend"]


@pytest.mark.parametrize(
    ("mode", "words"), [(0o755, "has mode 0755"), (0o700, "may be read by others")]
)
def test_a_log_that_others_may_read_is_told(
    setup: Setup, demo: RunningDemo, mode: int, words: str
) -> None:
    assert demo
    with setup.served():
        setup.audit.chmod(mode)
        if mode == 0o700:
            next(setup.audit.glob("audit-*.jsonl")).chmod(0o644)
        found = only(setup.examine(), "audit")
    assert words in found["text"]


def test_a_key_of_the_log_that_others_may_use_is_told(setup: Setup, demo: RunningDemo) -> None:
    assert demo
    with setup.served():
        (setup.audit / "audit.key").chmod(0o644)
        found = only(setup.examine(), "audit")
    assert found["level"] == "problem"
    assert found["text"].startswith(f"others may use {setup.audit}/audit.key")


def test_a_log_that_another_writes_is_told(setup: Setup, demo: RunningDemo) -> None:
    assert demo
    with setup.served() as pid:
        found = only(setup.examine(f"--socket-dir={setup.folder}/other"), "audit")
    assert found["text"] == f"another sockguard writes {setup.audit} (pid {pid})"


def test_a_disk_with_less_room_than_the_log_may_take_is_told(
    setup: Setup, demo: RunningDemo
) -> None:
    assert demo
    setup.audit.mkdir(0o700)
    found = only(setup.examine("--audit-total=999999GiB"), "audit")
    assert "MiB are free" in found["text"]
    assert only(setup.examine("--audit-total=16MiB"), "audit")["mend"] == "--audit-total 32MiB"


def test_a_file_in_place_of_the_log_is_told(setup: Setup, demo: RunningDemo) -> None:
    assert demo
    setup.audit.write_text("")
    assert only(setup.examine(), "audit")["text"] == f"{setup.audit} is no folder"


def test_an_address_that_is_taken_is_told(setup: Setup, demo: RunningDemo) -> None:
    assert demo
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = f"127.0.0.1:{other.getsockname()[1]}"
        found = only(setup.examine(f"--metrics={address}"), "listeners")
        assert found["text"] == f"another process listens at {address}"
    free = [one["text"] for one in setup.examine(f"--metrics={address}")]
    assert f"{address} is free" in free


def test_an_address_of_another_machine_is_told(setup: Setup, demo: RunningDemo) -> None:
    assert demo
    found = setup.examine("--metrics=192.0.2.1:9180", "--metrics-on-any-network")
    assert "nobody can listen at 192.0.2.1:9180" in only(found, "listeners")["text"]


@pytest.fixture
def tls(setup: Setup, capsys: pytest.CaptureFixture[str]) -> Path:
    """A TLS folder for 20 days, as people without an authority make it."""
    ca, out = f"--ca-dir={setup.folder}/ca", f"--out={setup.folder}/tls"
    assert main(["certs", "init", ca]) == 0
    issue = ["certs", "issue", "guard", "--server", "--dns=docker.home.lab", "--days=20", ca, out]
    assert main(issue) == 0
    capsys.readouterr()
    return setup.folder / "tls"


def told_of(found: list[dict[str, str]], area: str) -> list[tuple[str, str]]:
    return [(one["level"], one["text"]) for one in found if one["area"] == area]


def test_a_tls_folder_is_told_with_its_names_and_days(
    setup: Setup, demo: RunningDemo, tls: Path
) -> None:
    assert demo
    found = setup.examine("--listen=tls://127.0.0.1:29376", f"--tls-dir={tls}")
    assert told_of(found, "listeners") == [("ok", "tls://127.0.0.1:29376 is free")]
    levels, texts = zip(*told_of(found, "certificates"), strict=True)
    assert levels == ("ok", "warning", "ok", "ok")
    assert texts[0] == f"{tls}: the server is docker.home.lab, for 19 more days"
    assert texts[1] == f"{tls}/cert.pem ends in 19 days"
    assert "may connect, for" in texts[2]


def test_a_tls_folder_that_cannot_be_served_from_is_told_with_its_mend(
    setup: Setup, demo: RunningDemo, tls: Path
) -> None:
    assert demo
    (tls / "key.pem").chmod(0o644)
    found = only(
        setup.examine("--listen=tls://127.0.0.1:29376", f"--tls-dir={tls}"), "certificates"
    )
    assert "key.pem" in found["text"]
    assert "chmod" in found["mend"]


NETWORKED = """\
version: 1
clients:
  ci:
    match: {cert: {dns: ci.home.lab}}
    allow: [system/hello, containers.list]
  near:
    match: {from: 10.9.0.0/24, anyone_there: true}
    allow: [system/hello, containers.list]
"""


def test_a_client_that_no_listener_can_admit_is_told(
    setup: Setup, demo: RunningDemo, tls: Path
) -> None:
    assert demo
    setup.policy = NETWORKED
    found = setup.examine()
    assert told_of(found, "listeners") == [
        ("problem", "client 'ci' is recognised by certificate, and nobody listens for TLS"),
        ("problem", "client 'near' comes over the network, and nobody listens there"),
    ]
    plain = setup.examine("--listen=tcp://127.0.0.1:29375")
    assert [one["text"] for one in bad(plain, "listeners")] == [
        "client 'ci' is recognised by certificate, and nobody listens for TLS"
    ]
    both = setup.examine("--listen=tls://127.0.0.1:29376", f"--tls-dir={tls}")
    assert bad(both, "listeners") == []
    texts = [text for _, text in told_of(both, "clients")]
    assert "at the network listeners, by certificate" in texts[0]
    assert texts[0].endswith("; now nothing, as no listener of the network is served")
