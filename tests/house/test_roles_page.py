"""The page on the shipped roles says what their files say."""

from __future__ import annotations

from tests.house.roles_page import PAGE, page


def test_the_page_on_the_shipped_roles_is_what_their_files_make_of_it() -> None:
    stale = "run `python -m tests.house.roles_page`"
    assert PAGE.read_text(encoding="utf-8") == page(), stale
