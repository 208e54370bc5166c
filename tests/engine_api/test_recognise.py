from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sockguard.engine.catalogue.all import ROUTES
from sockguard.engine.recognise import recognise
from sockguard.errors import Malformed

if TYPE_CHECKING:
    from sockguard.engine.operation import Recognised

DIGEST = "sha256:" + "0f" * 32
CORPUS = Path(__file__).parents[1] / "corpus" / "engine"
REGISTERED: list[dict[str, Any]] = json.loads((CORPUS / "routes.json").read_text("utf-8"))


def recognised(method: str, path: str, *query: tuple[str, str]) -> Recognised | None:
    """Recognise a path as it is sent, decoded here by the standard library."""
    literal = tuple(path[1:].split("/"))
    return recognise(method, tuple(map(unquote, literal)), literal, query)


@pytest.mark.parametrize(
    ("request_line", "operation", "names"),
    [
        ("GET /containers/json", "containers.list", ()),
        ("GET /containers/web/json", "containers.inspect", ("web",)),
        ("GET /containers/json/json", "containers.inspect", ("json",)),
        ("POST /containers/prune", "containers.prune", ()),
        ("POST /containers/prune/exec", "exec.create", ("prune",)),
        ("POST /containers/create/start", "containers.start", ("create",)),
        ("GET /containers/stats/stats", "containers.stats", ("stats",)),
        ("GET /containers/a/attach/ws", "containers.attach_ws", ("a",)),
        ("POST /containers/a/attach", "containers.attach", ("a",)),
        ("GET /containers/a/archive", "containers.archive_get", ("a",)),
        ("HEAD /containers/a/archive", "containers.archive_info", ("a",)),
        ("PUT /containers/a/archive", "containers.archive_put", ("a",)),
        ("DELETE /containers/a", "containers.remove", ("a",)),
        ("DELETE /containers/a/checkpoints/b", "checkpoints.remove", ("a", "b")),
        ("POST /exec/0a/start", "exec.start", ("0a",)),
        ("GET /images/json", "images.list", ()),
        ("GET /images/search", "images.search", ()),
        ("GET /images/get", "images.get", ()),
        ("GET /images/a/get", "images.get", ("a",)),
        ("GET /images/get/get", "images.get", ("get",)),
        ("GET /images/get/json", "images.inspect", ("get",)),
        ("GET /images/json/json", "images.inspect", ("json",)),
        ("GET /images/a/b/json", "images.inspect", ("a/b",)),
        ("GET /images/a/json/get", "images.get", ("a/json",)),
        ("GET /images/a/get/json", "images.inspect", ("a/get",)),
        (f"GET /images/h.io:5000/a/b:1@{DIGEST}/history", "images.history",
         (f"h.io:5000/a/b:1@{DIGEST}",)),
        (f"GET /images/{DIGEST}/json", "images.inspect", (DIGEST,)),
        ("POST /images/create/tag", "images.tag", ("create",)),
        ("POST /images/load/push", "images.push", ("load",)),
        ("DELETE /images/a/json", "images.remove", ("a/json",)),
        ("DELETE /images/prune", "images.remove", ("prune",)),
        ("GET /plugins/privileges", "plugins.privileges", ()),
        ("GET /plugins/privileges/json", "plugins.inspect", ("privileges",)),
        ("POST /plugins/pull/enable", "plugins.enable", ("pull",)),
        ("POST /plugins/a/b:1/set", "plugins.set", ("a/b:1",)),
        ("DELETE /plugins/a/b", "plugins.remove", ("a/b",)),
        ("GET /distribution/a/b/json", "distribution.inspect", ("a/b",)),
        ("GET /_ping", "system.ping", ()),
        ("HEAD /_ping", "system.ping", ()),
        ("GET /networks", "networks.list", ()),
        ("GET /networks/", "networks.list_slash", ()),
        ("GET /networks/create", "networks.inspect", ("create",)),
        ("POST /networks/prune/connect", "networks.connect", ("prune",)),
        ("GET /volumes/create", "volumes.inspect", ("create",)),
        ("PUT /volumes/v", "volumes.update", ("v",)),
        ("GET /debug/pprof/", "debug.read", ()),
        ("GET /debug/pprof/heap", "debug.read", ("heap",)),
        ("GET /debug/pprof/cmdline", "debug.read", ()),
        ("POST /session", "build.session", ()),
        ("POST /grpc", "build.grpc", ()),
        ("OPTIONS /containers/json", "system.options", ("containers/json",)),
        ("POST /containers/a/copy", "containers.copy", ("a",)),
    ],
)  # fmt: skip
def test_a_path_is_named_by_its_whole_route(
    request_line: str, operation: str, names: tuple[str, ...]
) -> None:
    method, path = request_line.split()
    result = recognised(method, path)
    assert result is not None
    assert (result.operation.name, result.names, result.path) == (operation, names, path)
    assert result.route.operation == operation


@pytest.mark.parametrize(
    "request_line",
    [
        "GET /",
        "GET /nothing",
        "GET /containers",
        "GET /Containers/json",
        "get /containers/json",
        "FOO /containers/json",
        "HEAD /containers/json",
        "POST /containers/json",
        "GET /containers/x/logs/json",
        "GET /containers/a/b/attach/ws",
        "GET /containers/a/attach/wss",
        "GET /containers/a/other/ws",
        "DELETE /containers/a/checkpoint/b",
        "DELETE /containers/a/b",
        "GET /exec/a/b/json",
        "GET /networks/a/b",
        "GET /volumes/a/b",
        "GET /services/a/b",
        "GET /images",
        "GET /images/a",
        "GET /images/a/b",
        "DELETE /images",
        "GET /containers/json/",
        "GET /containers/json;x=1",
        "GET /v1.44/containers/json",
        "GET /libpod/containers/json",
        "GET /debug/pprof/a/b",
        "CONNECT /containers/json",
        "TRACE /containers/json",
    ],
)
def test_a_path_that_no_route_takes_is_unknown(request_line: str) -> None:
    method, path = request_line.split()
    assert recognised(method, path) is None


@pytest.mark.parametrize(
    "request_line",
    [
        "GET /%63ontainers/json",
        "GET /containers/%6Ason",
        "GET /containers/a/%6Ason",
        "GET /images/a/b/%67et",
        "GET /containers/a/%61ttach/ws",
        "DELETE /containers/a/%63heckpoints/b",
        "GET /debug/pprof/%63mdline",
        "HEAD /%5Fping",
    ],
)
def test_a_fixed_segment_counts_only_as_it_is_written(request_line: str) -> None:
    method, path = request_line.split()
    assert recognised(method, path) is None


@pytest.mark.parametrize(
    ("sent", "names", "path"),
    [
        ("/images/a%40" + DIGEST + "/json", (f"a@{DIGEST}",), f"/images/a@{DIGEST}/json"),
        ("/images/h.io%3A5000/a/json", ("h.io:5000/a",), "/images/h.io:5000/a/json"),
        ("/containers/%77eb/json", ("web",), "/containers/web/json"),
        ("/networks/my%20net", ("my net",), "/networks/my%20net"),
        ("/images/%5B::1%5D:5000/a/json", ("[::1]:5000/a",), "/images/%5B::1%5D:5000/a/json"),
    ],
)
def test_a_name_is_taken_decoded_and_sent_in_one_spelling(
    sent: str, names: tuple[str, ...], path: str
) -> None:
    result = recognised("GET", sent)
    assert result is not None
    assert (result.names, result.path) == (names, path)


@pytest.mark.parametrize(
    "request_line",
    [
        "GET /containers/%20victim%20/json",
        "GET /containers/a%00/json",
        "GET /containers/a%0a/json",
        "GET /containers/../json",
        "GET /containers/./json",
        "GET /containers//json",
        "GET /containers/-a/json",
        "GET /containers/*/json",
        "GET /containers/a%2Fb/json",
        "GET /containers/%C3%A9/json",
        "GET /images/a%2Fb/json",
        "GET /images/a//b/json",
        "GET /images/../a/json",
        "GET /images/a/../b/json",
        "GET /images/A/json",
        "GET /images/a:b:c/json",
        "GET /images/a%0a/json",
        "DELETE /images/",
        "GET /volumes/",
        "DELETE /networks/",
        "GET /networks/%20",
        "GET /debug/pprof/..",
        "POST /plugins/a//b/enable",
    ],
)
def test_a_name_that_no_object_can_have_is_malformed(request_line: str) -> None:
    method, path = request_line.split()
    with pytest.raises(Malformed):
        recognised(method, path)


@pytest.mark.parametrize(
    ("query", "operation"),
    [
        ((("fromImage", "alpine"),), "images.pull"),
        ((("tag", "1"), ("fromImage", "alpine"), ("fromSrc", "http://x")), "images.pull"),
        ((("fromSrc", "-"),), "images.import"),
        ((("fromImage", ""), ("fromSrc", "-")), "images.import"),
        ((("fromImage", ""), ("fromImage", "ok")), "images.import"),
        ((("FROMIMAGE", "alpine"),), "images.import"),
        ((), "images.import"),
    ],
)
def test_an_image_is_pulled_if_it_is_named_and_imported_else(
    query: tuple[tuple[str, str], ...], operation: str
) -> None:
    result = recognised("POST", "/images/create", *query)
    assert result is not None
    assert result.operation.name == operation == result.route.operation


def test_an_empty_path_is_unknown() -> None:
    assert recognise("GET", (), (), ()) is None


# The model: the Engine's router as it would be written down with regular expressions, made of the
# list of registered routes alone. Gorilla's mux tries them in order on the decoded path.
ONE_SEGMENT = ("services", "nodes", "tasks", "secrets", "configs", "debug")


def pattern_of(path: str) -> re.Pattern[str]:
    first = path.split("/")[1]
    parts = re.split(r"(\{[^}]*\})", path)
    variable = "([^/]+)" if first in ONE_SEGMENT else "(.*)"
    written = [variable if part.startswith("{") else re.escape(part) for part in parts]
    if path.endswith("{checkpoint}"):
        written[-2] = "([^/]+)"
    return re.compile("".join(written))


MODEL = [(entry["method"], entry["path"], pattern_of(entry["path"])) for entry in REGISTERED]


def routed(method: str, path: str) -> tuple[str, tuple[str, ...]] | None:
    for its_method, template, pattern in MODEL:
        match = pattern.fullmatch(path) if method == its_method else None
        if match:
            return template, match.groups()
    return None


def template_of(result: Recognised) -> str:
    return "/" + "/".join(result.route.template)


def without_names(template: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", template)


WORDS = sorted({word for route in ROUTES for word in route.template if not word.startswith("{")})
SEGMENTS = st.sampled_from([*WORDS, "a", "web", "x_1", "b:1", DIGEST, "json", "images", "", " "])
METHODS = st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS"])


@st.composite
def paths(draw: st.DrawFn) -> str:
    """A path near a real route: a template filled in, then perhaps one segment changed."""
    template = draw(st.sampled_from([route.template for route in ROUTES]))
    segments: list[str] = []
    for word in template:
        many = draw(st.integers(0, 2)) if word.endswith("...}") else 1
        variable = word.startswith("{")
        segments += [draw(SEGMENTS) for _ in range(many)] if variable else [word]
    if draw(st.booleans()):
        at = draw(st.integers(0, len(segments)))
        segments[at : at + draw(st.integers(0, 1))] = [draw(SEGMENTS)]
    return "/" + "/".join(segments)


@settings(max_examples=800, deadline=None)
@given(METHODS, paths())
def test_whatever_is_recognised_takes_the_route_that_the_engine_would_take(
    method: str, path: str
) -> None:
    expected = routed(method, path)
    try:
        result = recognised(method, quote(path, safe="/:@"))
    except Malformed:
        # The Engine would have taken the name, but for an empty one in a route of one segment.
        assert expected is not None or "" in path[1:].split("/")
        return
    if result is None:
        # What the Engine routes and we do not has a slash in a name that can have none.
        assert expected is None or any("/" in name for name in expected[1])
        return
    assert expected is not None
    assert without_names(template_of(result)) == without_names(expected[0])
    assert result.names == expected[1]


@settings(max_examples=300, deadline=None)
@given(METHODS, paths())
def test_a_recognised_path_is_recognised_again_as_it_is_forwarded(method: str, path: str) -> None:
    try:
        result = recognised(method, quote(path, safe="/:@"))
    except Malformed:
        return
    if result is not None and not result.operation.refused:
        assert recognised(method, result.path) == result
