"""What `sockguard doctor` makes of facts that no test machine has: containers, other Engines."""

from __future__ import annotations

import os
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sockguard.audit.segment_store import lock_folder, lock_holder
from sockguard.cli.doctor_certificates import judge_tls_dir, look_at_tls_dir
from sockguard.cli.doctor_engine import EngineSeen, judge_engine
from sockguard.cli.doctor_listeners import listening
from sockguard.cli.doctor_mounts import judge_bypassing, judge_file_mounts
from sockguard.cli.doctor_sockets import ServerSeen, SocketSeen, judge_folder, judge_socket
from sockguard.cli.doctor_versions import judge_versions
from sockguard.cli.engine_socket import what_bars
from sockguard.cli.files_seen import Ear, FileSeen, Kind, who_may_open
from sockguard.cli.process_seen import ProcessSeen, judge_process, look_at_process, mount_points
from sockguard.policy.model import SocketFile
from sockguard.proxy.own_paths import OwnPaths
from tests.support.certificates import (
    NOW,
    authority,
    certificate,
    revocation_list,
    server,
    write_folder,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sockguard.cli.finding import Finding

ID = "a" * 64
HOST = ProcessSeen(uid=1000, groups=frozenset({1000}))
BOXED = replace(HOST, uid=65532, groups=frozenset({65532}), container=ID)
ENGINE = EngineSeen(Path("/var/run/docker.sock"), FileSeen(Kind.SOCKET), oldest=24, newest=47)
NONE = ServerSeen(Path("/s/.control/health.sock"), {})
RUNS = replace(NONE, parts={"healthy": True, "policy": "ok"}, pid=7)
PORTAL = SocketSeen(
    "portal",
    Path("/s/portal/docker.sock"),
    SocketFile(mode=0o666),
    FileSeen(Kind.SOCKET, mode=0o666, fits=True),
    FileSeen(Kind.FOLDER, mode=0o755, fits=True),
    Ear.LIVE,
    7,
)
CA = authority(lasting=(-9, 90))
OWN = server(CA, lasting=(-1, 60))


def short(found: Iterable[Finding]) -> list[str]:
    return [f"{one.level}: {one.text} [{one.mend}]" for one in found]


# --- the process and its container


def test_a_container_is_told_what_it_can_do_without() -> None:
    root = replace(BOXED, uid=0, groups=frozenset({0, 999}), capabilities=1)
    assert short(judge_process(root)) == [
        "ok: in container aaaaaaaaaaaa; uid 0, groups 0, 999 []",
        'note: it runs as root in its container [user: "65532:65532"]',
        "note: it has capabilities that it does not need [cap_drop: [ALL]]",
        "note: its root file system can be written [read_only: true]",
        'note: programs in it could gain privileges [security_opt: ["no-new-privileges:true"]]',
    ]
    least = replace(BOXED, root_is_read_only=True, no_new_privileges=True)
    assert short(judge_process(least)) == [
        "ok: in container aaaaaaaaaaaa; uid 65532, group 65532 []"
    ]


def test_outside_of_a_container_root_is_nothing_special() -> None:
    root = replace(HOST, uid=0, groups=frozenset({0}), capabilities=-1)
    assert short(judge_process(root)) == ["ok: not in a container; uid 0, group 0 []"]


def test_too_few_descriptors_are_a_problem() -> None:
    found = short(judge_process(replace(HOST, cramped="only 256 file descriptors are allowed")))
    assert found[0].startswith("problem: only 256 file descriptors are allowed [ulimit -n 4096")


def test_the_process_is_read_from_the_kernel(tmp_path: Path) -> None:
    (tmp_path / "status").write_text("Name:\tx\nCapEff:\t0000000000000001\nNoNewPrivs:\t1\n")
    (tmp_path / "mountinfo").write_text(
        f"1 2 0:3 /docker/containers/{ID}/hostname /etc/hostname rw - ext4 x rw\n"
        "2 2 0:4 / /run/a\\040b rw - tmpfs x rw\n"
    )
    seen = look_at_process(tmp_path)
    assert (seen.container, seen.may_give_away, seen.no_new_privileges) == (ID, True, True)
    assert seen.mounted == {"/etc/hostname", "/run/a b"}
    assert (seen.uid, os.getegid() in seen.groups) == (os.geteuid(), True)


def test_a_line_that_is_no_mount_is_passed_over() -> None:
    assert mount_points("\n1 2\n") == frozenset()


# --- the Engine


@pytest.mark.parametrize(
    ("process", "kind", "mend"),
    [
        (BOXED, Kind.MISSING, "add to the volumes of the service: - /var/run/docker.sock:/var"),
        (HOST, Kind.MISSING, "start the Engine"),
        (BOXED, Kind.FOLDER, "docker compose up -d --force-recreate sockguard"),
        (HOST, Kind.FOLDER, "rmdir /var/run/docker.sock"),
        (HOST, Kind.HIDDEN, "run as root"),
    ],
)
def test_what_mends_it_depends_on_where_we_run(process: ProcessSeen, kind: Kind, mend: str) -> None:
    (found,) = judge_engine(replace(ENGINE, file=FileSeen(kind)), process)
    assert (found.level, mend in found.mend) == ("problem", True), found


def test_an_engines_socket_that_is_mounted_as_a_file_is_noted() -> None:
    process = replace(BOXED, mounted=frozenset({"/var/run/docker.sock"}))
    answers, note = judge_engine(ENGINE, process)
    assert (answers.level, note.level) == ("ok", "note")
    assert "is mounted as a file" in note.text
    (silent,) = judge_engine(replace(ENGINE, newest=0, fault="refused"), process)
    assert "docker compose restart sockguard" in silent.mend


@pytest.mark.parametrize(("word", "told"), [("rootless", "is rootless"), ("userns", "namespace")])
def test_an_engine_with_other_ids_is_noted(word: str, told: str) -> None:
    _, note = judge_engine(replace(ENGINE, security=("seccomp", word)), HOST)
    assert told in note.text


@pytest.mark.parametrize(
    ("gid", "in_container", "mend"),
    [
        (999, True, 'group_add: ["999"]'),
        (999, False, "member of group 999"),
        (65534, True, "userns_mode: host"),
    ],
)
def test_a_missing_group_is_mended_where_it_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gid: int, in_container: bool, mend: str
) -> None:
    path = tmp_path / "docker.sock"
    path.touch(0o000)
    monkeypatch.setattr(os, "access", lambda *_: False)
    monkeypatch.setattr(
        type(path), "stat", lambda *_, **__: os.stat_result((0, 0, 0, 0, 0, gid, *[0] * 4))
    )
    barred = what_bars(path, in_container=in_container)
    assert barred is not None
    assert mend in barred.mend


# --- mounts


def container(name: str, *mounts: tuple[str, str], identity: str = "b" * 64) -> dict[str, object]:
    told = [{"Type": "bind", "Source": source, "Destination": at} for source, at in mounts]
    return {"Id": identity, "Names": [f"/{name}"], "Mounts": told}


OURS = container(
    "sockguard",
    ("/var/run/docker.sock", "/var/run/docker.sock"),
    ("/srv/volumes/portal", "/run/sockguard/portal"),
    identity=ID,
)


def test_our_own_container_does_not_go_past_us() -> None:
    inside = OwnPaths(sockets=frozenset({"/var/run/docker.sock"}))
    both = [OURS, container("portainer", ("/run", "/host/run")), container("web", ("/srv", "/srv"))]
    (note,) = judge_bypassing(both, inside, ID)  # type: ignore[arg-type]
    assert note.text.endswith("past sockguard: portainer")
    assert list(judge_bypassing([OURS], inside, ID)) == []  # type: ignore[list-item]


def test_a_long_list_is_cut() -> None:
    many = [container(f"c{n:02}", ("/run/docker.sock", "/d")) for n in range(10)]
    (note,) = judge_bypassing(many, OwnPaths(), "")  # type: ignore[arg-type]
    assert note.text.endswith("c06, c07 and 2 more")


def test_a_file_mount_is_found_by_the_path_of_the_host() -> None:
    sockets = {"portal": "/run/sockguard/portal/docker.sock"}
    file = container("app", ("/srv/volumes/portal/docker.sock", "/var/run/docker.sock"))
    same = container("other", ("/run/sockguard/portal/docker.sock", "/var/run/docker.sock"))
    (found,) = judge_file_mounts([OURS, file, same], sockets, ID)  # type: ignore[list-item]
    assert found.text.startswith("container app mounts the socket of 'portal' as a file")
    assert found.mend == "in app, the folder instead: - /srv/volumes/portal:/var/run"


# --- sockets


@pytest.mark.parametrize(
    ("file", "folder", "who"),
    [
        (0o666, 0o755, "everybody"),
        (0o666, 0o750, "uid 1 and group 2"),
        (0o660, 0o755, "uid 1 and group 2"),
        (0o660, 0o750, "uid 1 and group 2"),
        (0o600, 0o755, "uid 1"),
        (0o600, 0o710, "uid 1, if they may enter its folder, which is for uid 1 and group 2"),
        (0o444, 0o755, "root alone"),
    ],
)
def test_who_may_open_a_socket_is_said_in_words(file: int, folder: int, who: str) -> None:
    one, other = FileSeen(Kind.SOCKET, 1, 2, file), FileSeen(Kind.FOLDER, 1, 2, folder)
    assert who_may_open(one, other) == who


def test_a_volume_that_belongs_to_root_is_mended_by_its_options() -> None:
    (found,) = judge_folder(Path("/run/sockguard/x"), FileSeen(Kind.FOLDER), BOXED)
    assert 'o: "uid=65532,gid=65532,mode=0755"' in found.mend


def test_each_fault_of_owner_and_mode_has_its_command() -> None:
    seen = replace(PORTAL, wanted=SocketFile(0o660, uid=5, gid=6))
    mends = [one.mend for one in judge_socket(seen, RUNS, HOST)]
    path = "/s/portal/docker.sock"
    assert mends == ["", f"chmod 0660 {path}", f"chown 5 {path}", f"chgrp 6 {path}"]


@pytest.mark.parametrize(
    ("seen", "server", "process", "told"),
    [
        (PORTAL, RUNS, HOST, "ok: /s/portal/docker.sock is open, for everybody []"),
        (PORTAL, replace(NONE, unknown=True), HOST, "ok: "),
        (PORTAL, NONE, HOST, "problem: another process (pid 7) serves "),
        (replace(PORTAL, pid=8), RUNS, HOST, "problem: another process (pid 8) serves "),
        (replace(PORTAL, ear=Ear.BARRED), RUNS, HOST, "note: uid 1000 may not open "),
        (
            replace(PORTAL, ear=Ear.STALE),
            NONE,
            replace(BOXED, mounted=frozenset({"/s/portal/docker.sock"})),
            "problem: nobody listens on /s/portal/docker.sock, which is mounted as a file ",
        ),
    ],
)
def test_a_socket_is_told_by_who_listens(
    seen: SocketSeen, server: ServerSeen, process: ProcessSeen, told: str
) -> None:
    (found,) = short(judge_socket(seen, server, process))
    assert found.startswith(told)


def test_a_group_that_cannot_be_given_is_mended_by_group_add() -> None:
    seen = replace(
        PORTAL, file=FileSeen(Kind.MISSING), ear=None, wanted=SocketFile(0o660, uid=1, gid=999)
    )
    uid, gid = judge_socket(seen, NONE, BOXED)
    assert "may not give the socket of 'portal' to uid 1" in uid.text
    assert gid.mend == 'group_add: ["999"]'
    assert list(judge_socket(seen, NONE, replace(HOST, capabilities=1))) == []


# --- the log's lock, listeners, certificates


def test_the_lock_of_a_log_is_seen_without_being_taken(tmp_path: Path) -> None:
    assert lock_holder(tmp_path) == ""
    lock = lock_folder(tmp_path)
    assert lock_holder(tmp_path) == str(os.getpid())
    os.close(lock)
    assert lock_holder(tmp_path) == ""


def test_who_listens_is_read_from_the_kernels_tables() -> None:
    table = (
        "  sl  local_address rem_address   st\n"
        "   0: 0100007F:23DC 00000000:0000 0A 0\n"
        "   1: 0100007F:23DD 0100007F:0001 01 0\n"
        "   2: 00000000000000000000000001000000:0050 00000000000000000000000000000000:0000 0A 0\n"
    )
    assert list(listening(table)) == [
        (ip_address("127.0.0.1"), 9180),
        (ip_address("::1"), 80),
    ]


@pytest.mark.parametrize(
    ("files", "told"),
    [
        (
            {"crl": revocation_list(CA, lasting=(-1, 5))},
            "{}/crl.pem ends in 5 days, and then everybody is refused",
        ),
        (
            {"ca": authority("old", lasting=(-9, -1)).pem + CA.pem},
            "the authority 'old' in {}/ca.pem has ended, and its clients are refused",
        ),
        (
            {"ca": authority("old", lasting=(-9, 9)).pem + CA.pem},
            "the authority 'old' ends in 9 days, and all its certificates with it",
        ),
        ({"cert": None}, "{}/cert.pem: is missing"),
        ({"crl": revocation_list(CA, lasting=(-1, 40))}, ""),
    ],
)
def test_what_ends_soon_is_a_warning(
    tmp_path: Path, files: dict[str, bytes | None], told: str
) -> None:
    good = {"ca": CA.pem, "cert": OWN.pem, "key": OWN.key_pem}
    folder = write_folder(tmp_path / "tls", **{**good, **files})
    found = [one.text for one in judge_tls_dir(look_at_tls_dir(folder, NOW)) if one.mend]
    assert found == [told.format(folder)] * bool(told)


def test_a_server_without_a_name_is_a_problem(tmp_path: Path) -> None:
    own = certificate("nameless", issuer=CA, lasting=(-1, 60))
    folder = write_folder(tmp_path / "tls", ca=CA.pem, cert=own.pem, key=own.key_pem)
    found = list(judge_tls_dir(look_at_tls_dir(folder, NOW)))
    assert any(one.level == "problem" and "no name by which" in one.text for one in found)


@pytest.mark.parametrize(
    ("image", "warned"),
    [
        ("traefik:v3.6.0", True),
        ("docker.io/library/traefik:3.5-alpine", True),
        ("traefik:v2.11.30", True),
        ("traefik:v2.11.31", False),
        ("traefik:v3.6.1", False),
        ("traefik:v3.6", False),  # the newest 3.6
        ("traefik:v3", False),
        ("traefik:latest", False),
        ("traefik", False),
        ("ghcr.io/acme/traefik:v3.5", False),
        ("containrrr/watchtower", True),
        ("containrrr/watchtower:1.7.1", True),
        ("nickfedor/watchtower:1.21.0", False),
        ("lazyteam/lazydocker:v0.24.1", True),
        ("lazyteam/lazydocker:v0.24.2", False),
        ("sha256:4bb9", False),
    ],
)
def test_programs_that_the_engine_is_too_new_for_are_named(image: str, warned: bool) -> None:
    (found,) = short(judge_versions([{"Image": image}], 40))
    assert found.startswith(f"warning: {image} asks in API 1.2") == warned
    assert warned or found.startswith(
        "note: this Engine refuses programs that ask in an API version"
    )


def test_an_engine_that_serves_all_versions_is_no_matter() -> None:
    assert short(judge_versions([{"Image": "traefik:v3.5"}], 24)) == []
    assert short(judge_versions([{"Image": "traefik:v3.5"}, {"Image": None}], 12)) == []
