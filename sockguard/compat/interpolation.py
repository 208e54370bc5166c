"""The variables in a compose file, as the compose specification replaces them.

Must never let a variable that is set nowhere pass for one that is empty.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# Compose specification, "Interpolation": $$, $NAME, ${NAME} and ${NAME<operator><word>}.
_FOUND = re.compile(
    r"\$(?:(?P<dollar>\$)|(?P<bare>[A-Za-z_][A-Za-z0-9_]*)"
    r"|\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?:(?P<operator>:?[-+?])(?P<word>[^{}$]*))?\}"
    r"|(?P<strange>))"
)


def replace_variables(text: str, environ: Mapping[str, str]) -> str:
    """Replace what stands for variables; raises ValueError with a sentence for what it cannot."""
    return _FOUND.sub(lambda found: _replaced(found, environ), text)


def _replaced(found: re.Match[str], environ: Mapping[str, str]) -> str:
    if found["dollar"]:
        return "$"
    name = found["bare"] or found["name"]
    if name is None:
        raise ValueError("what follows $ is no variable that can be read here; write it out")
    operator, word = found["operator"] or "", found["word"] or ""
    value = environ.get(name)
    is_there = value is not None and not (operator.startswith(":") and value == "")
    match operator[-1:]:
        case "-":
            return value or "" if is_there else word
        case "+":
            return word if is_there else ""
        case _ if is_there:
            return value or ""
        case _:
            raise ValueError(
                f"the variable {name} is set nowhere: set it where this runs, or write it out"
            )
