"""The view `host_paths`: which directories, files and devices of the host are mounted, however.

Must never take a mount that it does not know for one without a path of the host.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from sockguard.engine.cover import NOTHING, WHOLE, joined, within
from sockguard.engine.driver_options import KNOWN, LOCAL, host_path_of
from sockguard.engine.facts import Thing
from sockguard.engine.inspection import ITEM, spell_steps
from sockguard.engine.names import NAMED
from sockguard.engine.paths import is_reserved, normal_path
from sockguard.engine.view import Gathered, Item, View
from sockguard.engine.views.places import (
    HOST,
    SERVICES,
    SPEC,
    as_object,
    entries_at,
    objects_at,
    text_at,
    texts_at,
    value_at,
    whole,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sockguard.engine.cover import Cover
    from sockguard.engine.facts import Facts
    from sockguard.engine.inspection import Steps
    from sockguard.engine.view import Asking

_MOUNTS = {"containers.create": (*HOST, "Mounts"), **dict.fromkeys(SERVICES, (*SPEC, "Mounts"))}
_BINDS = (*HOST, "Binds")
_VOLUME_DRIVER = (*HOST, "VolumeDriver")
_DRIVER = ("VolumeOptions", "DriverConfig")

_BIND_OPTIONS = frozenset({"ro", "rw", "nocopy", "consistent", "cached", "delegated"})
"""What is judged of the options of a bind, or means nothing on Linux (linux_parser.go).

The others relabel or spread what is mounted.
"""

_OF_A_MOUNT: tuple[Steps, ...] = (
    *((name,) for name in ("Type", "Source", "Target", "ReadOnly", "Consistency")),
    ("BindOptions", "NonRecursive"),
    ("BindOptions", "CreateMountpoint"),
    ("BindOptions", "ReadOnlyNonRecursive"),
    ("BindOptions", "ReadOnlyForceRecursive"),
    ("VolumeOptions", "NoCopy"),
    ("VolumeOptions", "Labels"),
    (*_DRIVER, "Name"),
    (*_DRIVER, "Options"),
    ("TmpfsOptions", "SizeBytes"),
    ("TmpfsOptions", "Mode"),
)
"""What is judged of a mount, or is the same with every bind and every volume."""


def gather(asking: Asking, facts: Facts) -> Gathered:
    """Gather what is bound by its path, by options of a driver, or by a volume that is there."""
    if asking.operation == "volumes.create":
        return _of_volume(asking)
    mounts = _of_mounts(asking, facts)
    if asking.operation != "containers.create":
        return mounts
    binds = _of_binds(asking, facts)
    return Gathered((*binds.items, *mounts.items), joined(binds.cover, mounts.cover))


# --- items -----------------------------------------------------------------------------------


def _path(text: str, where: str, asking: Asking, *, writable: bool) -> Item:
    path = normal_path(text)
    if path is None:
        return Item(text, where, writable, strange=True)
    return Item(path, where, writable, is_reserved(path, asking.reserved))


def _standing(text: str, where: str, asking: Asking, *, writable: bool) -> Item:
    """Make an item of what a volume stands for, which may be no path of the host at all."""
    if text.startswith("/"):
        return _path(text, where, asking, writable=writable)
    return Item(text, where, writable, reserved=True)


def _named_volume(
    name: str, where: str, asking: Asking, facts: Facts, *, writable: bool
) -> list[Item]:
    """Look an existing volume up: its own options count, whatever the request says beside it."""
    if not NAMED["volume"](name):
        return [Item(name, where, writable, strange=True)]
    volume = facts.find("volume", name)
    if isinstance(volume, Thing) and volume.host_path:
        return [_standing(volume.host_path, where, asking, writable=writable)]
    return []


def _by_options(options: Mapping[str, object], where: str, asking: Asking) -> list[Item]:
    """Read driver options; who mounts the volume later may write to it."""
    text = host_path_of(options)
    return [_standing(text, where, asking, writable=True)] if text else []


# --- places ----------------------------------------------------------------------------------


def _of_volume(asking: Asking) -> Gathered:
    options = entries_at(asking.document, "DriverOpts")
    items = _by_options(options, "DriverOpts{}", asking)
    if value_at(asking.document, ("Driver",)) not in LOCAL:
        return Gathered(tuple(items))
    covers = [whole("Driver")]
    if options.keys() <= KNOWN:
        covers.append(whole("DriverOpts"))
    return Gathered(tuple(items), joined(*covers))


def _of_binds(asking: Asking, facts: Facts) -> Gathered:
    where = spell_steps((*_BINDS, ITEM))
    is_local = value_at(asking.document, _VOLUME_DRIVER) in LOCAL
    items: list[Item] = []
    judged = True
    for text in texts_at(asking.document, *_BINDS):
        parts = text.split(":")
        source = parts[0] if len(parts) > 1 else ""
        options = set(parts[2].split(",")) if parts[2:] and parts[2] else set()
        writable = "ro" not in options or "rw" in options
        is_path = source.startswith("/")
        judged &= len(parts) <= _PARTS and options <= _BIND_OPTIONS and (is_path or is_local)
        if is_path:
            items.append(_path(source, where, asking, writable=writable))
        elif len(parts) > 1:  # a target alone is a volume without a name
            items += _named_volume(source, where, asking, facts, writable=writable)
    return Gathered(tuple(items), _cover_of_binds(judged, is_local))


_PARTS = 3  # source, target, options


@cache
def _cover_of_binds(judged: bool, is_local: bool) -> Cover:
    cover = within(_BINDS, WHOLE if judged else NOTHING)
    return joined(cover, whole(*_VOLUME_DRIVER) if is_local else NOTHING)


def _of_mounts(asking: Asking, facts: Facts) -> Gathered:
    steps = _MOUNTS[asking.operation]
    mounts = objects_at(asking.document, *steps)
    where = (*steps, ITEM)
    items = [item for mount in mounts for item in _items_of(mount, where, asking, facts)]
    if not all(map(_is_known, mounts)):
        return Gathered(tuple(items), within(steps, NOTHING))
    unjudged = frozenset(part for mount in mounts for part in _unjudged(mount))
    return Gathered(tuple(items), _cover_of_mounts(where, unjudged))


@cache
def _cover_of_mounts(where: Steps, unjudged: frozenset[Steps]) -> Cover:
    return joined(*(whole(*where, *part) for part in _OF_A_MOUNT if part not in unjudged))


def _items_of(
    mount: Mapping[str, object], where: Steps, asking: Asking, facts: Facts
) -> list[Item]:
    source, kind = text_at(mount, "Source"), text_at(mount, "Type")
    told = spell_steps((*where, "Source"))
    is_open = mount.get("ReadOnly") is not True or (
        value_at(mount, ("BindOptions", "ReadOnlyNonRecursive")) is True
    )
    found: list[Item] = []
    if kind == "bind":
        found.append(_path(source, told, asking, writable=is_open))
    elif kind == "volume" and source:
        found += _named_volume(source, told, asking, facts, writable=is_open)
    options = as_object(value_at(mount, (*_DRIVER, "Options")))
    return found + _by_options(options, spell_steps((*where, *_DRIVER, "Options")), asking)


def _is_known(mount: Mapping[str, object]) -> bool:
    """Tell whether it is known what the Engine makes of a mount of this type."""
    kind = text_at(mount, "Type")
    return kind in ("bind", "volume") or (kind == "tmpfs" and not text_at(mount, "Source"))


def _unjudged(mount: Mapping[str, object]) -> list[Steps]:
    """Name what of a mount is left to others to judge: what drivers make of a volume."""
    if value_at(mount, (*_DRIVER, "Name")) not in LOCAL:
        return [(*_DRIVER, "Name"), (*_DRIVER, "Options")]
    options = as_object(value_at(mount, (*_DRIVER, "Options")))
    return [] if options.keys() <= KNOWN else [(*_DRIVER, "Options")]


VIEW = View("host_paths", frozenset({"volumes.create", *_MOUNTS}), gather)
