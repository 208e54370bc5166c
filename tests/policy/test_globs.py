from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sockguard.policy.globs import compile_glob, is_clean_folder, lies_under


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("web", "web", True),
        ("web", "Web", False),
        ("web", "web2", False),
        ("web", "", False),
        ("", "", True),
        ("web-*", "web-1", True),
        ("web-*", "web-", True),
        ("ghcr.io/acme/*", "ghcr.io/acme/app", True),
        ("ghcr.io/acme/*", "ghcr.io/acme/app/evil", False),
        ("ghcr.io/acme/**", "ghcr.io/acme/app/evil", True),
        ("ghcr.io/*/app", "ghcr.io/acme/app", True),
        ("ghcr.io/*/app", "ghcr.io/a/b/app", False),
        ("**/app*", "a/b/app-1", True),
        ("**/app*", "a/b/app/1", False),
        ("*", "a\nb", True),
        ("web", "web\n", False),
        ("a.c", "abc", False),
        ("[ab]", "a", False),
        ("?", "a", False),
        ("***", "a/b", True),
    ],
)
def test_a_glob_matches_in_full_and_knows_only_stars(
    pattern: str, text: str, matches: bool
) -> None:
    assert compile_glob(pattern)(text) is matches


@settings(max_examples=200)
@given(st.text("ab/*", max_size=8), st.text("ab/", max_size=10))
def test_a_glob_matches_what_the_regular_expression_of_its_meaning_does(
    pattern: str, text: str
) -> None:
    meaning = re.sub(r"\*\*\*?|\*", lambda stars: "[^/]*" if stars[0] == "*" else ".*", pattern)
    assert compile_glob(pattern)(text) is bool(re.fullmatch(meaning, text, re.DOTALL))


def test_no_text_makes_a_glob_backtrack() -> None:
    matches = compile_glob("*a" * 20 + "b")
    began = time.process_time()
    assert not matches("a" * 20_000)
    assert time.process_time() - began < 2


@pytest.mark.parametrize(
    ("path", "folder", "under"),
    [
        ("/srv/a", "/srv", True),
        ("/srv", "/srv", True),
        ("/srv/", "/srv", True),
        ("/srvx", "/srv", False),
        ("/srv/../etc", "/srv", False),
        ("//srv//a", "/srv", True),
        ("/etc/../srv/a", "/srv", True),
        ("srv/a", "/srv", False),
        ("", "/srv", False),
        ("/srv/a\0", "/srv", False),
        ("/anything", "/", True),
        ("/..", "/", True),
    ],
)
def test_under_means_below_at_a_component_border(path: str, folder: str, under: bool) -> None:
    assert lies_under(path, folder) is under


@pytest.mark.parametrize("folder", ["srv", "/srv/", "/srv/../x", "//srv", "/srv/./x", ""])
def test_a_folder_that_is_not_clean_is_refused(folder: str) -> None:
    assert not is_clean_folder(folder)
