from __future__ import annotations

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sockguard.errors import Malformed
from sockguard.wire.target import (
    MAX_PARAMETERS,
    Target,
    format_query,
    parse_target,
    quote_segment,
)


def plain(version: int | None, *segments: str, query: tuple[tuple[str, str], ...] = ()) -> Target:
    return Target(version, segments, segments, query)


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("/_ping", plain(None, "_ping")),
        ("/v1.44/containers/web/json", plain(44, "containers", "web", "json")),
        ("/v1.0/info", plain(0, "info")),
        ("/v1.44", plain(44)),
        ("/v1.44?x=/", plain(44, query=(("x", "/"),))),
        ("/v1.44/", plain(44, "")),
        ("/", plain(None, "")),
        ("/networks/", plain(None, "networks", "")),
        ("/v1.44/networks/?a=b", plain(44, "networks", "", query=(("a", "b"),))),
        ("/version", plain(None, "version")),
        ("/volumes/v1.44", plain(None, "volumes", "v1.44")),
        ("/v1.44x/info", plain(None, "v1.44x", "info")),
        ("/info?", plain(None, "info")),
        ("/info?a", plain(None, "info", query=(("a", ""),))),
        ("/info?a=&a=b", plain(None, "info", query=(("a", ""), ("a", "b")))),
        ("/info?a=b=c", plain(None, "info", query=(("a", "b=c"),))),
        ("/info?a=/?:@", plain(None, "info", query=(("a", "/?:@"),))),
        ('/info?f={"a":["b|c^d`<>\\]}', plain(None, "info", query=(("f", '{"a":["b|c^d`<>\\]}'),))),
        ("/info?a+b=c+d%2B", plain(None, "info", query=(("a b", "c d+"),))),
        ("/info?c=a%0Ab%3B%23", plain(None, "info", query=(("c", "a\nb;#"),))),
        ("/info?a=%C3%A9", plain(None, "info", query=(("a", "\u00e9"),))),
        ("/info?a=%2525", plain(None, "info", query=(("a", "%25"),))),
        ("/info?filters=%25zz", plain(None, "info", query=(("filters", "%zz"),))),
    ],
)
def test_a_target_is_taken_apart(text: str, target: Target) -> None:
    assert parse_target(text) == target


def test_segments_are_decoded_once_and_kept_as_sent() -> None:
    target = parse_target("/v1.44/images/a%40b%2525/json+x")
    assert target.segments == ("images", "a@b%25", "json+x")
    assert target.literal == ("images", "a%40b%2525", "json+x")


@pytest.mark.parametrize(
    "text",
    [
        "", "*", "x", "?a=b", "//", "//info", "/info//", "/a//b", "/v1.44//info", "/v1.44//",
        "/.", "/..", "/a/../b", "/a/%2e%2E/b", "/%2e", "/v1.44/./info", "/v1.44/..",
        "/a%2fb", "/a%2Fb", "/a\\b", "/a%5cb", "/a%00b", "/a%0ab", "/a%7f", "/a%C2%85b", "/a\tb",
        "/a b", "/a#b", "/a?b#c", "/a\u00e9", "/a?b=\u00e9", "/%ff", "/%C0%AE%C0%AE", "/a?b=%ff",
        "/%", "/%4", "/%g0", "/a?%", "/a?b=%4", "/a?b=%u0041", "/a{b}", '/a"b', "/a<b>", "/a|b",
        "/a^b", "/a`b", "/a[b]",
        "/a?b;c", "/a?b=c;d=e", "/a?=b", "/a?&", "/a?a=b&", "/a?a=b&&c=d", "/a?&a=b", "/a?%00=b",
        "/a?a=%00", "/a?a=%1b", "/a?a=%7F", "/a?a=%C2%9B",
        "/v1.044/info", "/v1.1234/info", "/v01.44/info", "/v1.44.1/info", "/v1./info", "/v1/info",
        "/v.44/info", "/v2.0/info", "/V1.44/info", "/%761.44/info", "/v1%2e44/info", "/v1.4%34/x",
        "/v.", "/v1.00/info", "/v1.0000/info",
    ],
)  # fmt: skip
def test_a_target_with_two_readings_is_refused(text: str) -> None:
    with pytest.raises(Malformed) as refusal:
        parse_target(text)
    assert refusal.value.status == 400


def test_as_many_parameters_as_allowed_are_read() -> None:
    query = "&".join(["a=1"] * MAX_PARAMETERS)
    assert len(parse_target(f"/info?{query}").query) == MAX_PARAMETERS
    with pytest.raises(Malformed, match="more than 1000 parameters"):
        parse_target(f"/info?{query}&a")


no_controls = st.characters(exclude_categories=["Cs", "Cc"])
names = st.text(no_controls, min_size=1, max_size=8)
segment_texts = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/\\"),
    min_size=1,
    max_size=8,
).filter(lambda text: text not in {".", ".."})


@given(
    st.integers(0, 999),
    st.lists(segment_texts, min_size=1, max_size=4),
    st.lists(st.tuples(names, st.text(no_controls, max_size=8)), max_size=4),
)
@settings(max_examples=150)
def test_what_is_written_is_read_back(
    version: int, segments: list[str], query: list[tuple[str, str]]
) -> None:
    path = "/".join(map(quote_segment, segments))
    target = parse_target(f"/v1.{version}/{path}?{format_query(query)}")
    assert target.version == version
    assert target.segments == tuple(segments)
    assert target.query == tuple(query)


@given(st.text(no_controls, max_size=10), st.text(no_controls, max_size=10))
@settings(max_examples=100)
def test_what_is_written_holds_nothing_that_splits(name: str, value: str) -> None:
    written = quote_segment(name) + format_query([(name, value)])
    assert set(written) <= set(string.ascii_letters + string.digits + "-._~%:@=")


pieces = st.sampled_from([
    "/", "v1.44", "v1.", "a", "..", ".", "%2e", "%2F", "%", "%25", "?", "&", "=", "+", ";", "#",
    "%C3%A9", "%ff", "json", "{", " ",
])  # fmt: skip


@given(st.lists(pieces, max_size=10).map("".join))
@settings(max_examples=300)
def test_an_accepted_path_survives_any_cleaning(text: str) -> None:
    try:
        target = parse_target(f"/{text}")
    except Malformed:
        return
    assert not {".", ".."} & set(target.segments)
    assert "" not in target.segments[:-1]
    rewritten = "/".join(map(quote_segment, target.segments))
    prefix = "/" if target.version is None else f"/v1.{target.version}/"
    again = parse_target(f"{prefix}{rewritten}?{format_query(target.query)}")
    assert (again.segments or ("",)) == (target.segments or ("",))
    assert again.query == target.query
