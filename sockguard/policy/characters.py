"""Which characters a policy file may be written with: those that read as they look.

Must never mend a text: whoever wrote a policy says what is meant.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# A break for YAML 1.1 (section 5.4), which PyYAML reads, and for few editors: what stands behind
# it in a comment would be policy. A lone CR is one for YAML 1.2 as well.
_BREAK = "\r(?!\n)|[\x85\u2028\u2029]"
# Embeddings, overrides and isolates (Unicode UAX 9, section 2): text is shown in another order.
_DIRECTION = "[\u202a-\u202e\u2066-\u2069]"
# All that is not c-printable (YAML 1.2.2, production 1).
_UNPRINTABLE = "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"

_UNFIT = re.compile(f"(?P<break>{_BREAK})|(?P<direction>{_DIRECTION})|(?P<foreign>{_UNPRINTABLE})")

_SAYS = {
    "break": "begins a new line for YAML and not for every reader: end lines with LF or CR LF",
    "direction": "turns the direction of text: what is read would not be what is seen",
    "foreign": "is no character of YAML",
}


def unfit_characters(text: str) -> Iterator[tuple[int, str]]:
    r"""Yield line and complaint for each character that has no place in a policy file.

    Lines are counted by LF, as editors do; an escape such as "\u2028" in quotes is no such
    character.
    """
    line, counted = 1, 0
    for found in _UNFIT.finditer(text):
        line += text.count("\n", counted, found.start())
        counted = found.start()
        yield line, f"U+{ord(found[0]):04X} {_SAYS[str(found.lastgroup)]}"
