"""Facts about objects as the log tells them, `container web=4bb9a7d1c0de`, and read back from it.

Must never read back a text that could mean two things: then nothing is known.
"""

from __future__ import annotations

import re
from operator import itemgetter
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from sockguard.engine.facts import ID, Need, Thing

if TYPE_CHECKING:
    from collections.abc import Mapping

_FULL_ID = re.compile(r"(?:sha256:)?[0-9a-f]{64}")
_SHORT = 12
_KEPT = "/:@+"  # what names have that is no letter or digit; a blank or a comma would end a fact
_WORD = r"[!-+\--<>-~]+"  # ASCII without blank, comma and equals sign
_FACT = re.compile(
    rf"(?P<kind>[a-z]+) (?P<reference>{_WORD})=(?P<id>{_WORD})"
    rf"(?: in (?P<container>[0-9a-f]+))?(?: by (?P<creator>[a-z0-9_-]+))?"
    rf"(?: named (?P<name>{_WORD}))?"
)
_NONE = "none"


def told_facts(facts: Mapping[Need, Thing | None]) -> str:
    """Write for people what each name turned out to be: `container web=4bb9a7d1c0de`.

    What was asked for by another name than its own is told with that.
    """
    return ", ".join(
        f"{need.kind.removesuffix(ID)} {_plain(short_id(need.reference))}={_told(need, thing)}"
        for need, thing in sorted(facts.items(), key=itemgetter(0))
    )


def read_told_facts(text: str) -> Mapping[Need, Thing | None]:
    """Read what `told_facts` wrote: objects with their short ids, by kind and how they were named.

    Labels are not told. Nothing is read of a text that is cut or not of that form.
    """
    found: dict[Need, Thing | None] = {}
    for one in text.split(", ") if text else ():
        fact = _FACT.fullmatch(one)
        if fact is None:
            return {}
        need = Need(fact["kind"], unquote(fact["reference"]))
        found[need] = None if fact["id"] == _NONE else _thing(need, fact)
    return found


def short_id(name: str) -> str:
    """Cut an id to the twelve digits that people see of it; other names stay."""
    return name.removeprefix("sha256:")[:_SHORT] if _FULL_ID.fullmatch(name) else name


def _thing(need: Need, fact: re.Match[str]) -> Thing:
    identity = unquote(fact["id"])
    name = unquote(fact["name"] or "")
    if not name and need.kind == "volume":
        name = identity
    return Thing(
        need.kind,
        identity,
        (name,) if name else (),
        container=fact["container"] or "",
        creator=fact["creator"] or "",
    )


def _told(need: Need, thing: Thing | None) -> str:
    if thing is None:
        return _NONE
    inside = f" in {short_id(thing.container)}" if thing.container else ""
    maker = f" by {thing.creator}" if thing.creator else ""
    other = thing.names and thing.id != thing.name and need.reference not in thing.names
    named = f" named {_plain(thing.name)}" if other else ""
    return _plain(short_id(thing.id)) + inside + maker + named


def _plain(text: str) -> str:
    return quote(text, safe=_KEPT)
