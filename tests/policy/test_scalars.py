from __future__ import annotations

from decimal import Decimal

import pytest

from sockguard.policy.scalars import core_scalar


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("true", True),
        ("FALSE", False),
        ("tRue", "tRue"),
        ("~", None),
        ("", None),
        ("null", None),
        ("22:22", "22:22"),
        ("1_000", "1_000"),
        ("0660", 660),
        ("0o660", 0o660),
        ("0x1F", 31),
        ("-7", -7),
        ("1.5", Decimal("1.5")),
        ("1e3", Decimal(1000)),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("2026-01-01", "2026-01-01"),
        ("=", "="),
        ("0b1", "0b1"),
    ],
)
def test_scalars_are_those_of_the_core_schema(text: str, value: object) -> None:
    got = core_scalar(text)
    assert got == value
    assert isinstance(got, bool) is isinstance(value, bool)
