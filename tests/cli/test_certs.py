from __future__ import annotations

import json
import shutil
import socket
import ssl
import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
import yaml

from sockguard.cli.certs_text import client_name, docker_lines, until
from sockguard.cli.main import main
from tests.support.certificates import openssl
from tests.support.docker_cli import environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DAY = 86400.0
ANSWER = b"HTTP/1.1 200 OK\r\nApi-Version: 1.47\r\nContent-Length: 2\r\nConnection: close\r\n\r\nOK"


@dataclass(frozen=True, slots=True)
class Said:
    """What a command left behind."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class Command:
    """`sockguard certs` with one authority's folder."""

    folder: Path
    capsys: pytest.CaptureFixture[str]

    def __call__(self, verb: str, *words: str) -> Said:
        code = main(["certs", verb, "--ca-dir", str(self.folder), *words])
        return Said(code, *self.capsys.readouterr())


@pytest.fixture
def certs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    command = Command(tmp_path / "ca", capsys)
    assert command("init").code == 0
    return command


def test_who_does_not_ask_for_it_does_not_pay_for_it() -> None:
    code = "import sys, sockguard.cli.main; print('cryptography' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_an_authority_is_made_once_and_lasts_ten_years(certs: Command) -> None:
    assert "(in 3650 days)" in certs("list").out
    key = (certs.folder / "ca-key.pem").read_bytes()
    again = certs("init")
    assert (again.code, again.out) == (1, "")
    assert again.err.startswith(f"sockguard: {certs.folder}/ca.pem: there is an authority already")
    assert again.err.count("\n") == 1
    assert (certs.folder / "ca-key.pem").read_bytes() == key


@pytest.mark.parametrize(
    ("words", "client", "match"),
    [
        (("ci",), "ci", {"common_name": "ci"}),
        (("ci", "--ip", "192.0.2.7"), "ci", {"common_name": "ci"}),
        (("ci", "--dns", "ci.lab", "--dns", "b.lab"), "ci", {"dns": "ci.lab"}),
        (
            ("build-1.lab", "--dns", "ci.lab", "--spiffe", "spiffe://home.lab/ci"),
            "build-1-lab",
            {"spiffe": "spiffe://home.lab/ci"},
        ),
    ],
)
def test_the_policy_that_knows_a_client_is_printed(
    certs: Command, words: tuple[str, ...], client: str, match: dict[str, str]
) -> None:
    said = certs("issue", *words)
    first, _, policy = said.out.partition("\n\n")
    assert (said.code, said.err) == (0, "")
    assert first.startswith(f"made '{words[0]}' for a client, valid until ")
    assert first.endswith(f"(in 397 days), in {certs.folder}/issued/{words[0]}")
    assert yaml.safe_load(policy) == {
        "clients": {client: {"match": {"cert": match}, "role": "shipped/read-only"}}
    }


@pytest.mark.parametrize(
    ("name", "client"),
    [
        ("1a", "client-1a"),
        ("main", "client-main"),
        ("a.b", "a-b"),
        ("9" * 63, "client-" + "9" * 56),
    ],
)
def test_a_client_gets_a_name_that_a_policy_takes(name: str, client: str) -> None:
    assert client_name(name) == client


def test_a_server_without_names_is_for_this_host_and_that_is_said(certs: Command) -> None:
    said = certs("issue", "docker", "--server")
    served = certs.folder / "issued/docker"
    assert said.out.endswith(f"serve from it with --tls-dir {served}\n")
    assert "without --dns and --ip it is for localhost" in said.err
    for name in filter(None, ("localhost", socket.gethostname().lower())):
        openssl("verify", "-purpose", "sslserver", "-verify_hostname", name,
                "-CAfile", served / "ca.pem", served / "cert.pem")  # fmt: skip
    for address in ("127.0.0.1", "::1"):
        openssl("verify", "-verify_ip", address,
                "-CAfile", served / "ca.pem", served / "cert.pem")  # fmt: skip


def test_a_server_with_names_is_for_these_alone(certs: Command) -> None:
    said = certs("issue", "docker", "--server", "--dns", "*.home.lab")
    told = openssl(
        *("x509", "-noout", "-ext", "subjectAltName"),
        *("-in", certs.folder / "issued/docker/cert.pem"),
    )
    assert said.err == ""
    assert told.split("\n")[1].strip() == "DNS:*.home.lab"


def test_a_certificate_that_would_outlive_its_authority_says_why_it_does_not(
    certs: Command,
) -> None:
    said = certs("issue", "ci", "--days", "36500")
    assert "(in 3650 days)" in said.out
    assert said.err == "sockguard: it ends so early because the authority ends then\n"


def test_what_was_issued_is_listed_with_what_still_counts(certs: Command, tmp_path: Path) -> None:
    assert certs("list").out.startswith("nothing was issued yet\n")
    certs("issue", "docker", "--server", "--dns", "docker.lab", "--days", "1")
    certs("issue", "ci", "--spiffe", "spiffe://home.lab/ci", "--out", str(tmp_path / "out"))
    certs("renew", "ci", "--days", "30", "--revoke-old")
    lines = certs("list").out.split("\n")
    assert [line.split()[0] for line in lines[:4]] == ["NAME", "ci", "ci", "docker"]
    assert [line.split(")")[-1].strip() for line in lines[1:4]] == [
        "valid",
        "revoked, replaced",
        "valid",
    ]
    assert "docker  server  docker.lab " in lines[3]
    assert "(in 1 day)" in lines[3]

    document = json.loads(certs("list", "--json").out)
    assert document["authority"]["name"].startswith("sockguard CA ")
    newest, _, server = document["certificates"]
    assert (newest["name"], newest["kind"], newest["state"]) == ("ci", "client", "valid")
    assert (newest["names"], newest["replaced"]) == (["spiffe://home.lab/ci"], False)
    assert newest["folder"] == str(tmp_path / "out")
    told = openssl("x509", "-noout", "-serial", "-in", tmp_path / "out/cert.pem")
    assert int(told.strip().removeprefix("serial="), 16) == int(newest["serial"], 16)
    assert server["expires"].endswith("Z")


def test_revoking_names_each_folder_that_obeys_and_each_that_does_not(
    certs: Command, tmp_path: Path
) -> None:
    certs("issue", "ci")
    alone = certs("revoke", "ci")
    assert (alone.code, alone.out) == (
        0, f"revoked 1 certificate of 'ci': {certs.folder}/crl.pem\n"
    )  # fmt: skip
    assert "no server was issued here" in alone.err

    certs("issue", "docker", "--server")
    certs("issue", "edge", "--server", "--out", str(tmp_path / "edge"))
    shutil.rmtree(tmp_path / "edge")
    said = certs("revoke", "ci")
    assert said.code == 1
    assert said.out.split("\n")[:2] == [
        f"all certificates of 'ci' were revoked already: {certs.folder}/crl.pem",
        f"and in {certs.folder}/issued/docker",
    ]
    assert said.err.startswith(f"sockguard: {tmp_path}/edge/crl.pem: there is no such folder")


@pytest.mark.parametrize(
    ("words", "code", "complaint"),
    [
        (("issue", "CI"), 1, "'CI' is no name for a certificate"),
        (("issue", "ci", "--dns", "10.0.0.1"), 1, "--dns 10.0.0.1: this is an address"),
        (("issue", "ci", "--dns", "*.lab"), 1, "--dns *.lab: a wildcard would be many clients"),
        (("issue", "ci", "--host", "tcp://a:1"), 2, "add --context"),
        (("issue", "ci", "--server", "--context"), 2, "--context is for clients"),
        (("renew", "ci"), 1, "nothing was issued under the name 'ci'"),
        (("revoke", "../ci"), 1, "'../ci' is no name for a certificate"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line(
    certs: Command, words: tuple[str, ...], code: int, complaint: str
) -> None:
    said = certs(*words)
    assert (said.code, said.out, said.err.count("\n")) == (code, "", 1)
    assert complaint in said.err


@pytest.mark.parametrize(
    "words",
    [
        ("ci", "--days", "0"),
        ("ci", "--days", "36501"),
        ("ci", "--context", "--host", "unix:///x"),
        ("ci", "--context", "--host", "tcp://a"),
    ],
)
def test_a_flag_with_a_bad_value_is_a_fault_of_usage(
    certs: Command, words: tuple[str, ...]
) -> None:
    with pytest.raises(SystemExit) as caught:
        certs("issue", *words)
    assert caught.value.code == 2
    assert not (certs.folder / "issued").exists()


def test_without_an_authority_the_way_to_one_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for verb in (("list",), ("issue", "ci"), ("revoke", "ci"), ("renew", "ci")):
        said = Command(tmp_path / "none", capsys)(*verb)
        assert said.code == 1
        assert "holds no authority; `sockguard certs init` makes one" in said.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (397 * DAY - 1, "in 397 days"),
        (1.2 * DAY, "in 1 day"),
        (5 * 3600, "in 5 hours"),
        (-2 * DAY, "2 days ago"),
    ],
)
def test_how_far_an_end_is_away_is_told_in_words(seconds: float, told: str) -> None:
    assert until(1e9 + seconds, 1e9) == told


# --- docker -----------------------------------------------------------------------------------


@contextmanager
def listening(folder: Path) -> Iterator[tuple[int, list[object]]]:
    """Answer pings over TLS to clients of the authority; yields the port and who called."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    context.load_verify_locations(folder / "ca.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    callers: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    plain, _ = server.accept()
                except OSError:
                    return
                with context.wrap_socket(plain, server_side=True) as peer:
                    callers.append((peer.getpeercert() or {}).get("subject"))
                    peer.recv(65536)
                    peer.sendall(ANSWER)

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1], callers
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


@pytest.mark.skipif(shutil.which("docker") is None, reason="the docker command is not installed")
@pytest.mark.parametrize("out", ["ci", 'it\'s, "quoted"'])
def test_docker_connects_by_the_commands_that_are_printed(
    certs: Command, tmp_path: Path, out: str
) -> None:
    certs("issue", "docker", "--server")
    with listening(certs.folder / "issued/docker") as (port, callers):
        host = f"tcp://127.0.0.1:{port}"
        said = certs("issue", "ci", "--context", "--host", host, "--out", str(tmp_path / out))
        create, use, *exports = said.out.split("\n\n", 2)[2].split("\n")
        for script in (f"{create} && {use}", "\n".join([*exports, "docker version"])):
            callers.clear()
            variables = environment("", tmp_path)
            done = subprocess.run(
                ["bash", "-c", script],
                capture_output=True, text=True, check=False, timeout=20, env=variables,
            )  # fmt: skip
            assert callers[:1] == [((("commonName", "ci"),),)], done.stderr


def test_the_port_is_dockers_unless_another_host_is_named(tmp_path: Path) -> None:
    lines = docker_lines("ci", tmp_path, "tcp://localhost:2376")
    assert "export DOCKER_HOST=tcp://localhost:2376" in lines
    assert "export DOCKER_TLS_VERIFY=1" in lines
