from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from tests.support.raw_client import exchange, request

if TYPE_CHECKING:
    from tests.support.demo_engine import RunningDemo

CLOSE = "Connection: close\r\n"


def ask(demo: RunningDemo, method: str, target: str, body: bytes = b"") -> tuple[int, bytes, bytes]:
    head, _, rest = exchange(demo.path, request(method, target, body, CLOSE)).partition(b"\r\n\r\n")
    return int(head.split()[1]), head, rest


def ask_json(demo: RunningDemo, target: str) -> Any:
    status, _, body = ask(demo, "GET", target)
    assert status == 200
    return json.loads(body)


def test_a_ping_carries_what_clients_negotiate_by(demo: RunningDemo) -> None:
    for method, body in (("GET", b"OK"), ("HEAD", b"")):
        status, head, rest = ask(demo, method, "/v1.24/_ping")
        assert (status, rest) == (200, body)
        for line in (
            b"Api-Version: 1.47",
            b"Ostype: linux",
            b"Builder-Version: 2",
            b"Swarm: inactive",
            b"Docker-Experimental: false",
            b"Server: Docker/27.5.1 (linux)",
        ):
            assert b"\r\n" + line in head


@pytest.mark.parametrize(
    ("target", "status", "says"),
    [
        ("/v1.48/info", 400, "too new. Maximum supported API version is 1.47"),
        ("/v1.23/info", 400, "too old. Minimum supported API version is 1.24"),
        ("/v1.24/info", 200, ""),
        ("/v01.044/info", 200, ""),
        ("/info", 200, ""),
        ("/%69nfo", 200, ""),
        ("/info/", 404, "page not found"),
        ("/Info", 404, "page not found"),
        ("/containers/nowhere/json", 404, "No such container: nowhere"),
        ("/containers//json", 301, ""),
        ("/v1.47/../info", 301, ""),
        ("/containers/json?filters=no", 400, "invalid filters"),
        ("/containers/json?filters={%22colour%22:[%22red%22]}", 400, "invalid filter 'colour'"),
        ("/containers/web/logs", 400, "at least one stream"),
    ],
)  # fmt: skip
def test_targets_are_read_as_the_engine_reads_them(
    demo: RunningDemo, target: str, status: int, says: str
) -> None:
    got, _, body = ask(demo, "GET", target)
    assert got == status
    assert says in body.decode()


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({"name": ["web"]}, {"web"}),
        ({"name": {"/web": True}}, {"web"}),
        ({"label": ["com.example.tier=data"]}, {"db", "cache"}),
        ({"label": ["com.example.tier", "traefik.enable=true"]}, {"web"}),
        ({"status": ["exited"]}, set()),
        ({"ancestor": ["redis:7"]}, {"cache"}),
        ({"network": ["frontend"]}, {"web"}),
        ({"volume": ["db-data"]}, {"db"}),
    ],
)
def test_lists_are_filtered(demo: RunningDemo, filters: dict[str, Any], names: set[str]) -> None:
    listed = ask_json(demo, f"/containers/json?filters={quote(json.dumps(filters))}")
    assert {item["Names"][0].removeprefix("/") for item in listed} == names


def test_starting_what_runs_changes_nothing(demo: RunningDemo) -> None:
    assert ask(demo, "POST", "/containers/web/start")[0] == 304


def test_the_record_tells_method_query_headers_body_and_hash(demo: RunningDemo) -> None:
    ask(demo, "POST", "/v1.30/volumes/create?a=1&a=&b=%2F", b'{"Name":"seen"}')
    document = ask_json(demo, "/demo/received")
    (seen,) = document["requests"]
    assert (seen["method"], seen["version"], seen["path"]) == ("POST", "1.30", "/volumes/create")
    assert seen["target"] == "/v1.30/volumes/create?a=1&a=&b=%2F"
    assert seen["query"] == [["a", "1"], ["a", ""], ["b", "/"]]
    assert ["Content-Length", "15"] in seen["headers"]
    assert (seen["body_length"], seen["body_complete"], seen["status"]) == (15, True, 201)
    assert document["connections"][-2]["closed"]
    (snapshot,) = demo.sent("POST", "/volumes/create")
    assert snapshot.json() == {"Name": "seen"}
    assert snapshot.body_sha256 == seen["body_sha256"]
    assert seen["json"] == {"Name": "seen"}
    assert (snapshot.argument("b"), snapshot.header("content-length")) == ("/", "15")
    assert snapshot.done


def test_a_long_body_is_kept_in_part_and_counted_whole(demo: RunningDemo) -> None:
    assert ask(demo, "POST", "/images/load", bytes(2_000_000))[0] == 200
    (seen,) = demo.sent("POST", "/images/load")
    assert (seen.body_length, len(seen.body)) == (2_000_000, 256 * 1024)


def test_what_is_no_json_is_recorded_without_it(demo: RunningDemo) -> None:
    ask(demo, "POST", "/volumes/create", b'{"Name":')
    (seen,) = ask_json(demo, "/demo/received")["requests"]
    assert "json" not in seen
    assert seen["body_length"] == 8


def test_many_containers_are_there_at_once(demo: RunningDemo) -> None:
    before = time.monotonic()
    order = {"count": 1000, "name": "crowd", "body": {"Labels": {"crowd": "1"}}}
    made = ask(demo, "POST", "/demo/containers", json.dumps(order).encode())
    assert time.monotonic() - before < 10
    filters = quote('{"label":["crowd"]}')
    listed = ask_json(demo, f"/containers/json?filters={filters}")
    assert {item["Id"] for item in listed} == set(json.loads(made[2]))
    assert ask_json(demo, "/containers/crowd-1000/json")["State"]["Running"]
    for identity in json.loads(made[2]):
        demo.engine.world.containers.pop(identity)


def test_settings_change_the_range_of_versions(demo: RunningDemo) -> None:
    assert ask(demo, "POST", "/demo/settings", b'{"api_max":[1,52]}')[0] == 200
    try:
        assert ask_json(demo, "/v1.52/version")["ApiVersion"] == "1.52"
    finally:
        demo.engine.configure({"api_max": [1, 47]})
    assert ask(demo, "POST", "/demo/settings", b'{"colour":1}')[0] == 400


@pytest.mark.parametrize(("method", "target"), [("GET", "/demo/x"), ("PUT", "/demo/received")])
def test_unknown_control_routes_are_not_found(demo: RunningDemo, method: str, target: str) -> None:
    assert ask(demo, method, target)[0] == 404


def test_nothing_is_remembered_of_control_requests(demo: RunningDemo) -> None:
    ask(demo, "GET", "/demo/received")
    assert demo.received == []
    ask(demo, "GET", "/_ping")
    ask(demo, "DELETE", "/demo/received")
    assert demo.received == []


def test_a_connection_serves_control_and_engine_requests_in_turn(demo: RunningDemo) -> None:
    control = request("POST", "/demo/settings", b"{}")
    answer = exchange(demo.path, control + request("GET", "/_ping", headers=CLOSE))
    assert answer.endswith(b"OK")


def test_waiting_for_what_never_comes_ends(demo: RunningDemo) -> None:
    with pytest.raises(TimeoutError):
        demo.wait_for(lambda item: item.path == "/never", timeout=0.01)
