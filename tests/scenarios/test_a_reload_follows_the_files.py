from __future__ import annotations

import signal
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from tests.support.audit_events import events_of
from tests.support.sockguard_process import MODULE, accepts, environment, sockguard
from tests.support.stack import send, status_of
from tests.support.wait import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    from tests.support.demo_engine import RunningDemo
    from tests.support.sockguard_process import Guard

ONE = "version: 1\nclients:\n  one: {allow: [system/hello, containers.list]}\n"
BOTH = ONE + "  two: {allow: [system/hello]}\n"
BROKEN = "version: 1\nclients:\n  one: {allow: [containers.lst]}\n"
LIST = b"GET /v1.44/containers/json HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n"


def in_place(path: Path, text: str) -> None:
    path.write_text(text)


def by_rename(path: Path, text: str) -> None:
    fresh = path.with_name(".fresh")
    fresh.write_text(text)
    fresh.rename(path)


def health(guard: Guard) -> tuple[int, str]:
    done = subprocess.run(
        [*MODULE, "health", "--socket-dir", str(guard.sockets)],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=10,
        check=False,
    )
    return done.returncode, done.stdout


def serving(short_path: Path, policy: Path, *flags: str) -> AbstractContextManager[Guard]:
    upstream = f"unix://{short_path}/engine.sock"
    return sockguard(short_path, str(policy), upstream, *flags, clients=("one",))


@pytest.mark.parametrize("write", [in_place, by_rename])
@pytest.mark.parametrize("folder", [False, True], ids=["file", "folder"])
def test_a_changed_policy_counts_by_itself(
    short_path: Path, engine: RunningDemo, write: Callable[[Path, str], None], *, folder: bool
) -> None:
    file = short_path / "policies" / "policy.yaml"
    file.parent.mkdir()
    file.write_text(ONE)
    with serving(short_path, file.parent if folder else file) as guard:
        write(file, BOTH)
        wait_until(lambda: accepts(guard.socket("two")), "the new client's socket", 8)
        if folder:
            (file.parent / "more.yaml").write_text(
                "version: 1\nclients:\n  three: {allow: [system/hello]}\n"
            )
            wait_until(lambda: accepts(guard.socket("three")), "the new file's client", 8)
        write(file, ONE)
        wait_until(lambda: not guard.socket("two").exists(), "the socket to go", 8)

    assert "client 'two' added" in guard.log.read_text()
    assert engine.received is not None


def test_a_broken_policy_keeps_the_old_one_and_shows_in_health_and_log(
    short_path: Path, engine: RunningDemo
) -> None:
    file = short_path / "policy.yaml"
    file.write_text(ONE)
    with serving(short_path, file) as guard:
        assert health(guard) == (0, "policy: ok\nengine: ok\naudit: ok\n")
        in_place(file, BROKEN)
        wait_until(lambda: "policy_rejected" in guard.log.read_text(), "the rejection", 8)

        assert status_of(send(guard.socket("one"), LIST)) == 200
        code, told = health(guard)
        assert (code, f"policy: rejected: {file}:3: " in told) == (1, True), told
        assert "serving the one of 20" in told
        time.sleep(2.5)
        assert guard.log.read_text().count("policy_rejected") == 1

        by_rename(file, ONE)
        wait_until(lambda: health(guard)[0] == 0, "the mended policy", 8)
    assert len(engine.sent("GET", "/containers/json")) == 1


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("flags", [(), ("--no-watch",)], ids=["watched", "asked for"])
def test_what_was_not_the_policys_fault_is_tried_again(
    short_path: Path, flags: tuple[str, ...]
) -> None:
    file = short_path / "policy.yaml"
    file.write_text(ONE)
    with serving(short_path, file, *flags) as guard:
        in_the_way = guard.sockets / "two"
        in_the_way.write_text("no folder")
        in_place(file, BOTH)
        guard.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "policy_rejected" in guard.log.read_text(), "the rejection", 8)
        time.sleep(2.5)  # two more tries
        in_the_way.unlink()
        wait_until(lambda: accepts(guard.socket("two")), "the new client's socket", 20)
        wait_until(lambda: health(guard)[0] == 0, "its health", 8)
        told = [str(event["kind"]) for event in events_of(guard.audit)]
        assert (told.count("policy_rejected"), told.count("policy_loaded")) == (1, 1)


def test_sighup_loads_at_once_and_never_ends_the_process(
    short_path: Path, engine: RunningDemo
) -> None:
    file = short_path / "policy.yaml"
    file.write_text(ONE)
    with serving(short_path, file, "--no-watch") as guard:
        in_place(file, BOTH)
        time.sleep(2.5)
        assert not guard.socket("two").exists()

        guard.process.send_signal(signal.SIGHUP)
        wait_until(lambda: accepts(guard.socket("two")), "the new client's socket")
        for text, kind in ((BROKEN, "policy_rejected"), (ONE, "policy_loaded")):
            before = guard.log.read_text().count(kind)
            in_place(file, text)
            guard.process.send_signal(signal.SIGHUP)
            wait_until(lambda: guard.log.read_text().count(kind) > before, kind)  # noqa: B023
        assert guard.stop() == 0

    kinds = [str(event["kind"]) for event in events_of(guard.audit)]
    assert [kind for kind in kinds if kind.startswith("policy")] == [
        "policy_loaded",
        "policy_rejected",
        "policy_loaded",
    ]
    assert engine.received is not None


def test_a_shipped_role_is_loaded_again_on_sighup(short_path: Path, engine: RunningDemo) -> None:
    upstream = f"unix://{short_path}/engine.sock"
    with sockguard(short_path, "read-only", upstream) as guard:
        guard.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "no client changed" in guard.log.read_text(), "the reload")
        assert status_of(send(guard.socket(), LIST)) == 200
    assert len(engine.sent("GET", "/containers/json")) == 1


def test_a_policy_that_is_written_slowly_counts_when_it_is_whole(
    short_path: Path, engine: RunningDemo
) -> None:
    file = short_path / "policy.yaml"
    file.write_text(ONE)
    with serving(short_path, file) as guard:
        with file.open("w") as writing:
            for line in (BOTH + "# more\n" * 12).splitlines(keepends=True):
                writing.write(line)
                writing.flush()
                time.sleep(0.2)
        wait_until(lambda: accepts(guard.socket("two")), "the whole policy", 8)
    log = guard.log.read_text()
    assert (log.count("policy_loaded"), log.count("policy_rejected")) == (1, 0)
    assert engine.received is not None
