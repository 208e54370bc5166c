from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from demo.faults import Kind
from tests.support.raw_client import connected
from tests.support.sockguard_process import MODULE, sockguard
from tests.support.wait import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.demo_engine import RunningDemo

CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("SOCKGUARD_")}


def run(*arguments: str, **variables: str) -> tuple[int, str]:
    done = subprocess.run(
        [*MODULE, *arguments],
        env=CLEAN | variables,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def serve(folder: Path, *arguments: str, **variables: str) -> tuple[int, str]:
    """Try to serve with every folder in place; `arguments` come later and win."""
    return run(
        "serve",
        f"--socket-dir={folder}/run",
        f"--upstream=unix://{folder}/engine.sock",
        f"--audit-dir={folder}/audit",
        *arguments,
        **variables,
    )


def test_a_policy_that_does_not_load_is_one_line_per_fault_and_no_socket(short_path: Path) -> None:
    policy = short_path / "policy.yaml"
    policy.write_text("version: 1\nallow:\n  - containers.lst\n  - system/helo\n")

    code, said = serve(short_path, f"--policy={policy}")

    assert code == 1
    assert f"{policy}:3: " in said
    assert f"{policy}:4: " in said
    assert "containers.list" in said
    assert not (short_path / "run").exists()


def test_wrong_usage_is_2(short_path: Path) -> None:
    assert serve(short_path, "--polcy=x")[0] == 2
    assert run("serv")[0] == 2


@pytest.mark.parametrize(
    ("arguments", "variables", "words"),
    [
        (["--upstream=tcp://127.0.0.1:2375"], {}, "--upstream"),
        ([], {"SOCKGUARD_POLICYS": "x"}, "SOCKGUARD_POLICYS"),
        (["--log=loud"], {}, "denied, changes, all"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(
    short_path: Path, arguments: list[str], variables: dict[str, str], words: str
) -> None:
    code, said = serve(short_path, *arguments, **variables)

    assert (code, words in said) == (2, True), said


def test_an_audit_folder_that_cannot_be_written_shows_the_volume_line(short_path: Path) -> None:
    (short_path / "audit").write_text("a file")

    code, said = serve(short_path)

    assert code == 1
    assert "cannot be written" in said
    assert "sockguard-audit: {}" in said
    assert "Traceback" not in said


def test_a_second_server_on_the_same_sockets_or_log_does_not_start(
    short_path: Path, engine: RunningDemo
) -> None:
    with sockguard(short_path, "read-only", engine.path) as guard:
        same_log = run(
            "serve",
            f"--socket-dir={short_path}/other",
            f"--upstream=unix://{engine.path}",
            f"--audit-dir={guard.audit}",
        )
        same_sockets = run(
            "serve",
            f"--socket-dir={guard.sockets}",
            f"--upstream=unix://{engine.path}",
            f"--audit-dir={short_path}/other-audit",
        )

    assert same_log[0] == 1
    assert "in use" in same_log[1]
    assert same_sockets[0] == 1
    assert "another process serves" in same_sockets[1]


def test_a_report_mode_client_is_announced_as_root(short_path: Path, engine: RunningDemo) -> None:
    policy = short_path / "policy.yaml"
    policy.write_text("version: 1\nmode: report\nallow: [system/hello]\n")
    with sockguard(short_path, str(policy), engine.path) as guard:
        wait_until(lambda: "report mode" in guard.log.read_text(), "the warning")

    assert "has root" in guard.log.read_text()


def test_health_follows_the_engine(short_path: Path, engine: RunningDemo) -> None:
    with sockguard(short_path, "read-only", engine.path) as guard:
        well, told = run("health", f"--socket-dir={guard.sockets}")
        engine.fault(Kind.CLOSE, path="/_ping")
        ill, why = run("health", f"--socket-dir={guard.sockets}", "--json")
        guard.stop()
        gone, _ = run("health", f"--socket-dir={guard.sockets}")

    assert (well, told) == (0, "policy: ok\nengine: ok\naudit: ok\n")
    assert ill == 1
    assert json.loads(why)["engine"] != "ok"
    assert gone == 1


def test_the_health_socket_is_the_owners_alone(short_path: Path, engine: RunningDemo) -> None:
    with sockguard(short_path, "read-only", engine.path) as guard:
        control = guard.sockets / ".control"

        assert control.stat().st_mode & 0o777 == 0o700


def test_sigterm_with_a_stuck_client_and_a_stuck_engine_ends_within_the_time(
    short_path: Path, engine: RunningDemo
) -> None:
    engine.fault(Kind.DEAF, path="/containers/.*/stop", times=0)
    with (
        sockguard(short_path, "everything", engine.path) as guard,
        connected(guard.socket()) as stuck,
        connected(guard.socket()) as streaming,
    ):
        stuck.sendall(b"POST /v1.44/containers/web/stop HTTP/1.1\r\nHost: d\r\n\r\n")
        streaming.sendall(b"GET /v1.44/images/nginx:1.27/get HTTP/1.1\r\nHost: d\r\n\r\n")
        streaming.recv(100)

        assert guard.stop() == 0
    assert "Traceback" not in guard.log.read_text()
