"""What the demo engine keeps of a create request, and how it shows and finds it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.asking import ask, get, make, run
from tests.support.wait import wait_until

if TYPE_CHECKING:
    from tests.support.demo_engine import RunningDemo

BODY: dict[str, Any] = {
    "Image": "redis:7",
    "Cmd": ["redis-server", "--requirepass", "hidden"],
    "Env": ["TOKEN=hidden", "PATH=/mine"],
    "Labels": {"owner": "me"},
    "HostConfig": {
        "Binds": ["/srv/data:/data:ro", "named:/named"],
        "Mounts": [{"Type": "bind", "Source": "/srv/more/", "Target": "/more"}],
        "LogConfig": {"Type": "syslog", "Config": {"syslog-address": "udp://192.0.2.1:514"}},
        "NetworkMode": "backend",
        "Sysctls": {"net.core.somaxconn": "1024"},
    },
}


def test_a_container_is_shown_whole(demo: RunningDemo) -> None:
    run(demo, "whole", **BODY)
    shown = get(demo, "/containers/whole/json")
    assert (shown["Path"], shown["Args"]) == ("redis-server", ["--requirepass", "hidden"])
    assert shown["Config"]["Env"] == ["TOKEN=hidden", "PATH=/mine"]
    assert shown["Config"]["User"] == "999:999"
    assert shown["HostConfig"]["Binds"] == BODY["HostConfig"]["Binds"]
    assert shown["HostConfig"]["Mounts"] == BODY["HostConfig"]["Mounts"]
    assert shown["HostConfig"]["LogConfig"] == BODY["HostConfig"]["LogConfig"]
    assert shown["HostConfig"]["Sysctls"] == {"net.core.somaxconn": "1024"}
    assert shown["HostConfig"]["CapAdd"] is None
    assert [mount["Source"] for mount in shown["Mounts"]] == [
        "/srv/data",
        "/var/lib/docker/volumes/named/_data",
        "/srv/more",
    ]
    assert [mount["RW"] for mount in shown["Mounts"]] == [False, True, True]
    for path in ("LogPath", "HostnamePath", "HostsPath", "ResolvConfPath"):
        assert shown[path].startswith(f"/var/lib/docker/containers/{shown['Id']}/")
    assert shown["GraphDriver"]["Data"]["UpperDir"].startswith("/var/lib/docker/overlay2/")


def test_a_list_shows_what_a_real_one_shows(demo: RunningDemo) -> None:
    run(demo, "listed", **BODY)
    (shown,) = get(demo, "/containers/json?filters={%22name%22:[%22listed%22]}")
    image = get(demo, "/images/redis:7/json")
    assert shown["Labels"] == {"owner": "me", "org.opencontainers.image.title": "redis"}
    assert shown["ImageID"] == image["Id"]
    assert shown["Command"] == "redis-server --requirepass hidden"
    assert shown["HostConfig"] == {"NetworkMode": "backend"}
    assert list(shown["NetworkSettings"]["Networks"]) == ["backend"]
    assert shown["NetworkSettings"]["Networks"]["backend"]["IPAddress"].startswith("172.19.0.")
    assert [mount["Destination"] for mount in shown["Mounts"]] == ["/data", "/named", "/more"]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (None, {"a": "image", "b": "image"}),
        ({}, {"a": "image", "b": "image"}),
        ({"b": "mine", "c": "mine"}, {"a": "image", "b": "mine", "c": "mine"}),
        ({"a": ""}, {"a": "", "b": "image"}),
    ],
)
def test_labels_come_from_the_image_unless_the_body_sets_them(
    demo: RunningDemo, asked: dict[str, str] | None, expected: dict[str, str]
) -> None:
    changes = "&changes=LABEL%20a=image%20b=image"
    ask(demo, "POST", f"/images/create?fromSrc=-&repo=labelled{changes}")
    identity = make(demo, "", Image="labelled", Labels=asked)
    assert get(demo, f"/containers/{identity}/json")["Config"]["Labels"] == expected


@pytest.mark.parametrize(
    ("asked", "command"),
    [
        ({}, ["image", "words"]),
        ({"Cmd": ["mine"]}, ["image", "mine"]),
        ({"Entrypoint": ["mine"]}, ["mine"]),
        ({"Entrypoint": [], "Cmd": ["mine"]}, ["mine"]),
        ({"Entrypoint": []}, ["words"]),
    ],
)
def test_the_command_is_made_as_the_engine_makes_it(
    demo: RunningDemo, asked: dict[str, Any], command: list[str]
) -> None:
    changes = "&changes=ENTRYPOINT%20[%22image%22]&changes=CMD%20[%22words%22]"
    ask(demo, "POST", f"/images/create?fromSrc=-&repo=commanded{changes}")
    shown = get(demo, f"/containers/{make(demo, '', Image='commanded', **asked)}/json")
    assert [shown["Path"], *shown["Args"]] == command


def test_a_container_is_found_by_id_then_name_then_prefix(demo: RunningDemo) -> None:
    first = make(demo, "found")
    named = make(demo, first[:12])
    expected = {first: first, "found": first, first[:20]: first, first[:12]: named, named: named}
    for reference, identity in expected.items():
        assert get(demo, f"/containers/{reference}/json")["Id"] == identity
    body = {"Image": "busybox", "HostConfig": {"NetworkMode": "container:/found"}}
    assert ask(demo, "POST", "/containers/create", body).status == 201


@pytest.mark.parametrize("reference", ["nowhere", "Found", "found-", "f" * 64])
def test_a_container_is_not_found_in_the_engine_s_words(demo: RunningDemo, reference: str) -> None:
    answer = ask(demo, "GET", f"/containers/{reference}/json")
    assert (answer.status, answer.message) == (404, f"No such container: {reference}")


def test_an_ambiguous_prefix_is_refused(demo: RunningDemo) -> None:
    # Of 17 hexadecimal ids two begin with the same digit.
    digits = [identity[0] for identity in demo.populate(17, "prefix")]
    digit = next(digit for digit in digits if digits.count(digit) > 1)
    for method, target in (("GET", "json"), ("POST", "kill")):
        answer = ask(demo, method, f"/containers/{digit}/{target}")
        assert answer.status == 400
        assert answer.message == f"multiple IDs found with provided prefix: {digit}"


def test_an_exec_is_shown_with_its_container_and_found_by_its_whole_id(demo: RunningDemo) -> None:
    container = run(demo, "executed", User="nobody")
    made = {"Cmd": ["sh", "-c", "echo hidden"], "Privileged": True, "Tty": True}
    identity = ask(demo, "POST", "/containers/executed/exec", made).json["Id"]
    shown = get(demo, f"/exec/{identity}/json")
    assert shown["ContainerID"] == container
    assert shown["ProcessConfig"] == {
        "tty": True,
        "entrypoint": "sh",
        "arguments": ["-c", "echo hidden"],
        "privileged": True,
        "user": "nobody",
    }
    assert get(demo, "/containers/executed/json")["ExecIDs"] == [identity]
    answer = ask(demo, "GET", f"/exec/{identity[:12]}/json")
    assert (answer.status, answer.message) == (404, f"No such exec instance: {identity[:12]}")
    ask(demo, "POST", f"/exec/{identity}/start", {"Detach": True})
    wait_until(lambda: not get(demo, f"/exec/{identity}/json")["Running"], "the exec to end")
    wait_until(lambda: not get(demo, "/containers/executed/json")["ExecIDs"], "the list to forget")
    ask(demo, "DELETE", "/containers/executed?force=1")
    assert ask(demo, "GET", f"/exec/{identity}/json").status == 404


@pytest.mark.parametrize(
    ("test", "status"),
    [
        (["CMD", "true"], "healthy"),
        (["CMD-SHELL", "echo hidden; exit 1"], "unhealthy"),
        (["CMD", "curl", "localhost"], "healthy"),
    ],
)
def test_health_is_checked_once_after_the_start(
    demo: RunningDemo, test: list[str], status: str
) -> None:
    run(demo, f"checked-{status}-{len(test)}", Healthcheck={"Test": test})
    path = f"/containers/checked-{status}-{len(test)}/json"
    assert get(demo, path)["State"]["Health"]["Status"] in ("starting", status)
    wait_until(lambda: get(demo, path)["State"]["Health"]["Status"] == status, status)
    (log,) = get(demo, path)["State"]["Health"]["Log"]
    assert log["Output"] == ("hidden\n" if status == "unhealthy" else "ok\n" * (len(test) == 3))
    listed = get(demo, f"/containers/json?filters={{%22health%22:[%22{status}%22]}}")
    assert f"({status})" in listed[0]["Status"]


def test_a_network_that_is_missing_is_missed_at_the_start(demo: RunningDemo) -> None:
    make(demo, "lost", HostConfig={"NetworkMode": "missing"})
    answer = ask(demo, "POST", "/containers/lost/start")
    assert (answer.status, answer.message) == (404, "network missing not found")


def test_the_answers_of_each_api_version_have_its_fields(demo: RunningDemo) -> None:
    run(demo, "versions", Healthcheck={"Test": ["CMD", "true"]})
    demo.engine.configure({"api_max": [1, 56]})
    try:
        old = get(demo, "/v1.43/containers/versions/json")
        new = get(demo, "/v1.56/containers/versions/json")
        assert "Bridge" in old["NetworkSettings"]
        assert "Bridge" not in new["NetworkSettings"]
        assert "DNSNames" not in old["NetworkSettings"]["Networks"]["bridge"]
        assert new["NetworkSettings"]["Networks"]["bridge"]["DNSNames"][0] == "versions"
        assert "OnBuild" not in new["Config"]
        target = "/containers/json?filters={%22name%22:[%22versions%22]}"
        assert "Health" not in get(demo, f"/v1.51{target}")[0]
        assert get(demo, f"/v1.56{target}")[0]["Health"]["FailingStreak"] == 0
        assert ask(demo, "GET", "/v1.57/info").status == 400
        assert get(demo, "/version")["ApiVersion"] == "1.56"
    finally:
        demo.engine.configure({"api_max": [1, 47]})
