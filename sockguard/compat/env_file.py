"""A file of variables, as `docker run --env-file` and compose read it.

Must never take a line for less than it says: what is no variable is a complaint.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sockguard.policy.model import Source

if TYPE_CHECKING:
    from sockguard.policy.complaints import Complaints

_LINE = re.compile(r"(?:export\s+)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)=(?P<value>.*)")
_QUOTED = re.compile(r"(?P<quote>['\"])(?P<inside>[^'\"\\$]*)(?P=quote)\s*(?:#.*)?")
_BARE = re.compile(r"(?P<inside>[^'\"\\$#]*(?:(?<=\S)#[^'\"\\$#]*)*)(?:\s#.*)?")


def read_env_file(name: str, text: str, complaints: Complaints) -> dict[str, str]:
    """Return the variables; a complaint for each line that holds none, or more than a plain value.

    Of a variable that is set twice, the last counts.
    """
    found = {}
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        source = Source(name, number)
        variable = _LINE.fullmatch(line.strip())
        if variable is None:
            complaints.add(source, "is no variable, as in CONTAINERS=1")
            continue
        value = _QUOTED.fullmatch(variable["value"]) or _BARE.fullmatch(variable["value"])
        if value is None:
            complaints.add(
                source, f"{variable['name']}: quotes, backslashes and $ are not read here; write"
                " the plain value"
            )  # fmt: skip
            continue
        found[variable["name"]] = value["inside"].strip() if value.re is _BARE else value["inside"]
    return found
