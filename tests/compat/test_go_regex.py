from __future__ import annotations

import pytest

from sockguard.compat.go_regex import compile_go, has_open_alternatives

SHARED = (
    (r"/v1\..{1,2}/(version|containers/.*|events.*)", "/v1.47/containers/json", True),
    (r"/v1\..{1,2}/(version|containers/.*|events.*)", "/v1.47/info", False),
    (r"(/v1\.[0-9]+)?/containers/[a-zA-Z0-9_.-]+/json", "/containers/a_b-1/json", True),
    (r"/containers/[^/]+/json", "/containers/a/b/json", False),
    (r"/(?:_ping|version)", "/version", True),
    (r"/(?i:VERSION)", "/version", True),
    (r"/(?P<name>info)", "/info", True),
    (r"/[\w-]+\b", "/a-b", True),
    (r"\/info\z", "/info", True),
    (r"/a??b+?", "/abb", True),
    (r"/[]a]+", "/]a", True),
    (r"/\d", "/\u0661", False),  # Go's \d is of ASCII
)


@pytest.mark.parametrize(("text", "path", "matches"), SHARED)
def test_what_both_languages_read_alike_is_read(text: str, path: str, matches: bool) -> None:
    assert (compile_go(f"^{text}$").search(path) is not None) is matches


@pytest.mark.parametrize(
    "text",
    [
        "(", ")", "[", "*", "a**", "a++", "a?+", "a{2}{3}", "a{,3}", "{", "a{x}", r"\Q.\E", r"\pL",
        r"\p{Greek}", r"\x41", r"\1", r"(a)\1", "(?=a)", "(?!a)", "(?<=a)b", "(?<n>a)", "(?>a)",
        "(?#a)", "(?P=n)", "(?U)a", "a(?i)b", "[[:alpha:]]", "[a--b]", "[a&&b]", r"[\b]", r"[\pL]",
        r"\Z", r"\C", "x" * 3000,
    ],
)  # fmt: skip
def test_what_they_read_apart_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        compile_go(f"^{text}$")


@pytest.mark.parametrize(
    ("text", "are_open"),
    [
        ("/a|/b", True),
        ("(/a)|(/b)", True),
        ("(/a|/b)", False),
        ("/(?:a|b)/c", False),
        ("/[a|b]", False),
        (r"/a\|b", False),
        ("/((a|b)|c)", False),
    ],
)
def test_alternatives_outside_of_groups_are_seen(text: str, are_open: bool) -> None:
    assert has_open_alternatives(text) is are_open
