"""`python -m tests.house.roles_page`: write docs/roles.md from the files of the shipped roles.

Must never say of a role what its file and the check of it do not say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sockguard.policy.load import load_policy, shipped_folder
from sockguard.policy.risks import risks_of
from tests.support.tree import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAGE = ROOT / "docs" / "roles.md"
AMOUNTS, FOR = "# Amounts to ", "# For "

HEAD = """\
# The shipped roles

Roles for well-known programs come with sockguard, each with the least that its program works with.
Two lines give one to a client:

```yaml
version: 1
clients:
  traefik: {role: shipped/traefik}
```

Where there is one consumer, `sockguard serve --policy traefik` does without a file.

"Amounts to" is the strongest that somebody could make of the role who has taken the program over,
as `sockguard policy check` computes it, in [six levels](policy.md#what-a-policy-amounts-to). What
a role does not say is refused, and what its program need not read is masked: environment, commands,
paths of the host.

The file of a role gives its reasons: where the knowledge is from, what is left out, which labels it
goes by. To change a line, copy it into a policy of your own:

```sh
sockguard policy show dozzle                         # the file, to be copied
sockguard policy explain dozzle                      # every operation, and what it gives
sockguard policy try dozzle GET /containers/web/json # what would become of one request
```

| Role | For | Amounts to | Operations |
| --- | --- | --- | --- |
"""

TAIL = """
The tests send the calls of each program through its role, as `tests/corpus/consumers.py` has them,
and what an attacker in its container would try. Where a role goes by a label, mind that labels of
an image count for the containers made from it.
"""


def page() -> str:
    """The whole page."""
    return HEAD + "".join(map(_row, sorted(shipped_folder().glob("*.yaml"), key=_name))) + TAIL


def _name(path: Path) -> str:
    return path.stem


def _row(path: Path) -> str:
    amounts, program = _heading(path)
    client = load_policy(path.stem, shipped=shipped_folder()).clients["main"]
    level = risks_of(client).level.words
    detail = amounts.removeprefix(f"{level}: ").removesuffix(".")
    link = f"[`{path.stem}`](../policies/{path.name})"
    return f"| {link} | {program} | **{level}**: {detail} | {len(client.role.grants)} |\n"


def _heading(path: Path) -> Iterator[str]:
    """What the first two lines of a file say: what it amounts to, and for whom it is."""
    lines = path.read_text(encoding="utf-8").splitlines()
    for line, begin in zip(lines, (AMOUNTS, FOR), strict=False):
        if not line.startswith(begin):
            raise ValueError(f"{path.name}: {line!r} does not begin with {begin!r}")
        yield line.removeprefix(begin).removesuffix(".")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
