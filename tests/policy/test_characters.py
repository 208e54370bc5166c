from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from sockguard.policy.characters import unfit_characters


@pytest.mark.parametrize("character", ["\x85", "\u2028", "\u2029", "\r", "\r\r\n"])
def test_what_breaks_a_line_for_yaml_alone_is_named_with_its_line(character: str) -> None:
    text = f"version: 1\nallow:\n  # note{character}  - engine/everything\n"
    ((line, says),) = unfit_characters(text)
    assert line == 3
    assert says.startswith(f"U+{ord(character[0]):04X} begins a new line for YAML")


@pytest.mark.parametrize("character", "\u202a\u202e\u2066\u2069")
def test_what_turns_the_direction_of_text_is_unfit(character: str) -> None:
    ((line, says),) = unfit_characters(f"a\nb # {character}\n")
    assert (line, says.split()[1:4]) == (2, ["turns", "the", "direction"])


@pytest.mark.parametrize("character", ["\x00", "\x07", "\x1b", "\x7f", "\x80", "\x9b", "\ufffe"])
def test_what_yaml_does_not_have_is_unfit(character: str) -> None:
    assert list(unfit_characters(f"\r\n\n{character}")) == [
        (3, f"U+{ord(character):04X} is no character of YAML")
    ]


@pytest.mark.parametrize("text", ["", "a\r\nb\r\n", "\tünï 😀 שלום\u200f", "\ufeffversion: 1\n"])
def test_other_text_is_fit(text: str) -> None:
    assert list(unfit_characters(text)) == []


def test_each_character_is_named() -> None:
    assert [line for line, _ in unfit_characters("\x07\x07\n\u2028\n\n\r")] == [1, 1, 2, 4]


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=8))
def test_fit_text_has_one_idea_of_lines_and_no_character_that_the_parser_refuses(
    text: str,
) -> None:
    quoted = "".join(letter for letter in text if letter not in "'\n\r\t \ufeff")
    if list(unfit_characters(text)):
        return
    source = f"# {text}\n'{quoted}'\n" if "\n" not in text else f"'{quoted}'\n"
    scalars = [event for event in yaml.parse(source) if isinstance(event, yaml.ScalarEvent)]
    assert [event.value for event in scalars] == [quoted]
