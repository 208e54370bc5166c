from __future__ import annotations

import pytest

from sockguard.compat.env_file import read_env_file
from sockguard.policy.complaints import Complaints


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=1", "1"),
        ("export A=1", "1"),
        ("  A=1  ", "1"),
        ("A=", ""),
        ("A=1 2", "1 2"),
        ("A=1 # no more", "1"),
        ("A=1#2", "1#2"),
        ("A='1 # 2'", "1 # 2"),
        ('A="1"  # quoted', "1"),
        ('A=" 1 "', " 1 "),
        ("A=''", ""),
        ("A=1=2", "1=2"),
    ],
)
def test_a_plain_value_is_read_with_and_without_quotes(line: str, value: str) -> None:
    complaints = Complaints()
    assert read_env_file("x.env", f"{line}\n", complaints) == {"A": value}
    assert complaints.found == []


@pytest.mark.parametrize("value", ["'1\"", '"it\'s"', "1'2'", '"1" 2', '"$X"', '"a\\nb"', "a\\n"])
def test_a_value_that_a_shell_would_change_is_a_complaint(value: str) -> None:
    complaints = Complaints()
    assert read_env_file("x.env", f"\nA={value}\n", complaints) == {}
    (complaint,) = complaints.found
    assert str(complaint).startswith("x.env:2: A: quotes, backslashes and $ are not read here")


@pytest.mark.parametrize("sign", ["\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"])
def test_only_a_newline_begins_a_variable(sign: str) -> None:
    complaints = Complaints()
    found = read_env_file("x.env", f"A=0{sign}POST=1\r\nB=2\r\n", complaints)
    assert found == {"A": f"0{sign}POST=1", "B": "2"}
    assert complaints.found == []
