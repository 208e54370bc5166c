"""Numbers as JSON writes them, within bounds in which all readers agree.

Must never round: a number is read as it stands, or not at all.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

MAX_DIGITS: Final = 40
MAX_EXPONENT: Final = 999  # beyond every float64, where readers stop to agree
_LONGEST_MANTISSA: Final = MAX_DIGITS + len("-0.00000")  # as Decimal writes what has no exponent


def read_number(text: str) -> int | Decimal:
    """Read what has the form of a JSON number; ValueError says in a sentence what is too much."""
    digits = text.lstrip("-")
    if digits.isdigit():
        if len(digits) > MAX_DIGITS:
            raise ValueError(f"an integer has more than {MAX_DIGITS} digits")
        return int(text)
    mantissa, _, exponent = text.lower().partition("e")
    if len(mantissa) > _LONGEST_MANTISSA or len(exponent) > MAX_DIGITS:
        raise ValueError(f"a number has more than {MAX_DIGITS} digits")
    if abs(int(exponent or "0")) > MAX_EXPONENT:
        raise ValueError(f"a number has an exponent beyond {MAX_EXPONENT}")
    number = Decimal(text)
    # What is written may have another form, which has to be readable too: 1100e999 is 1.100E+1002.
    if len(number.as_tuple().digits) > MAX_DIGITS:
        raise ValueError(f"a number has more than {MAX_DIGITS} digits")
    if abs(number.adjusted()) > MAX_EXPONENT:
        raise ValueError(f"a number has an exponent beyond {MAX_EXPONENT}")
    return number
