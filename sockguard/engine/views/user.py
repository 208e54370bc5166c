"""The view `user`: as whom a program in a container runs, whatever root is called.

Must never take an absent user for a harmless one: it is the image's or the container's, or unknown.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sockguard.engine.facts import Thing
from sockguard.engine.names import NAMED
from sockguard.engine.view import Gathered, Item, View
from sockguard.engine.views.places import SERVICES, SPEC, text_at, whole

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sockguard.engine.facts import Facts
    from sockguard.engine.view import Asking

ROOT = "root"
_NUMBER = re.compile(r"[-+]?[0-9]{1,18}", re.ASCII)  # Go's strconv.Atoi
_NAME = re.compile(r"[!-~]{1,255}", re.ASCII)
_MOST = (1 << 31) - 1  # moby/sys/user refuses what is above


def normal_user(text: str) -> str | None:
    """Return `root`, or user and group with numbers in their shortest form; None for neither.

    moby/sys/user takes a number for an id before it looks for a name, and an empty user for root.
    """
    name, colon, group = text.partition(":")
    user, of_group = _normal(name), _normal(group)
    if user is None or of_group is None or ":" in group:
        return None
    if user in ("", "0") or user.lower() == ROOT:
        return ROOT
    return f"{user}:{of_group}" if colon and of_group else user


def _normal(name: str) -> str | None:
    if _NUMBER.fullmatch(name):
        return str(int(name)) if 0 <= int(name) <= _MOST else None
    if name.isdecimal() or (name and not _NAME.fullmatch(name)):
        return None
    return name


def ids_of(normal: str) -> list[int] | None:
    """Return the ids of user and, where given, group; None where one of them is a name."""
    if normal == ROOT:
        return [0]
    parts = normal.split(":")
    return [int(part) for part in parts] if all(map(str.isdecimal, parts)) else None


def gather(asking: Asking, facts: Facts) -> Gathered:
    """Gather the user that is asked for, or the one that the Engine takes where none is."""
    steps = (*SPEC, "User") if asking.operation in SERVICES else ("User",)
    where = ".".join(steps)
    sent = text_at(asking.document, *steps)
    items = [_item(sent, where)] if sent else _by_default(asking, facts, where)
    return Gathered(tuple(items), whole(*steps))


def _by_default(asking: Asking, facts: Facts, where: str) -> Iterator[Item]:
    if asking.operation in SERVICES:
        yield Item("", where)  # the image is the nodes' to look at
    elif asking.operation == "exec.create":
        yield from _of_thing("container", asking.names[0], facts, where)
    else:
        image = text_at(asking.document, "Image")
        if not image:
            yield Item(ROOT, where)
        elif asking.query.get("platform") or not NAMED["image"](image):
            yield Item("", where)  # another variant of the image than the Engine would tell of
        else:
            yield from _of_thing("image", image, facts, where)


def _of_thing(kind: str, reference: str, facts: Facts, where: str) -> Iterator[Item]:
    """Yield the user of an image or container; none where there is no such thing to run."""
    thing = facts.find(kind, reference)
    if isinstance(thing, Thing):
        yield _item(thing.user, where)


def _item(text: str, where: str) -> Item:
    normal = normal_user(text)
    return Item(text, where, strange=True) if normal is None else Item(normal, where)


VIEW = View("user", frozenset({"containers.create", "exec.create", *SERVICES}), gather)
