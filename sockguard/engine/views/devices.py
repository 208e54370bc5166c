"""The view `devices`: which devices of the host a container may open, in each way to ask for them.

Must never take the request of a driver that was not named for one that was.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sockguard.engine.cover import joined
from sockguard.engine.inspection import ITEM, spell_steps
from sockguard.engine.paths import normal_path
from sockguard.engine.view import Gathered, Item, View
from sockguard.engine.views.places import (
    HOST,
    number_at,
    objects_at,
    text_at,
    texts_at,
    value_at,
    whole,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sockguard.engine.facts import Facts
    from sockguard.engine.view import Asking

_DEVICES = (*HOST, "Devices")
_RULES = (*HOST, "DeviceCgroupRules")
_REQUESTS = (*HOST, "DeviceRequests")
_REQUEST_FIELDS = ("Driver", "Count", "DeviceIDs", "Capabilities")
"""What is judged of a request; its options are orders to the driver."""

_ALL = -1
_COUNT = "count="
_GPU = "gpu"
RULE = re.compile(r"[acb] (?:[0-9]+|\*):(?:[0-9]+|\*) [rwm]{1,3}", re.ASCII)
_DRIVER = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)
_ID = re.compile(r"[!-+\--~]{1,255}", re.ASCII)  # with a comma it would be several


def gather(asking: Asking, _: Facts) -> Gathered:
    """Gather paths as such, rules as their text, requests as `driver:id`, all or count=N."""
    document = asking.document
    items = [
        *(_path(text_at(one, "PathOnHost")) for one in objects_at(document, *_DEVICES)),
        *map(_rule, texts_at(document, *_RULES)),
        *(item for one in objects_at(document, *_REQUESTS) for item in _request(one)),
    ]
    judged = (whole(*_REQUESTS, ITEM, name) for name in _REQUEST_FIELDS)
    return Gathered(tuple(items), joined(whole(*_DEVICES), whole(*_RULES), *judged))


def _path(text: str) -> Item:
    path, where = normal_path(text), spell_steps((*_DEVICES, ITEM, "PathOnHost"))
    return Item(text, where, strange=True) if path is None else Item(path, where)


def _rule(text: str) -> Item:
    return Item(text, spell_steps((*_RULES, ITEM)), strange=not RULE.fullmatch(text))


def _request(request: Mapping[str, object]) -> Iterator[Item]:
    driver, where = _driver(request), spell_steps((*_REQUESTS, ITEM))
    count, ids = number_at(request, "Count"), texts_at(request, "DeviceIDs")
    for one in ids:
        strange = not driver or not _ID.fullmatch(one) or one.startswith(_COUNT)
        yield Item(f"{driver}:{one}", f"{where}.DeviceIDs[]", strange=strange)
    if count or not ids:
        amount = "all" if count == _ALL else f"{_COUNT}{count}"
        yield Item(f"{driver}:{amount}", f"{where}.Count", strange=not driver or count < _ALL)


def _driver(request: Mapping[str, object]) -> str:
    """Name the driver; where none is named, the Engine takes one that has the capability gpu."""
    driver = text_at(request, "Driver")
    if driver:
        return driver if _DRIVER.fullmatch(driver) else ""
    wanted = value_at(request, ("Capabilities",))
    alternatives = wanted if isinstance(wanted, list) else []
    by_gpu = [isinstance(one, list) and _GPU in one for one in alternatives]
    return _GPU if by_gpu and all(by_gpu) else ""


VIEW = View("devices", frozenset({"containers.create"}), gather)
