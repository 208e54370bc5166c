"""Every place in which a request of a client that is kept apart can name an object.

Must never leave a place out that the product looks into: the tables are the product's own.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from sockguard.engine.references import PLACES, Form
from sockguard.policy.ownership import OWNABLE
from tests.support.guarded import SLEEPS
from tests.support.widest import granted, routes_of, widest

if TYPE_CHECKING:
    from collections.abc import Iterator

KEPT_APART = [name for name in granted() if widest(name, own=True)]
"""Every operation that a client may have that is kept to its own objects."""


def body_for(operation: str) -> object:
    """A body that is whole but for what it is to name."""
    return copy.deepcopy(
        {
            "containers.create": SLEEPS,
            "networks.connect": {"Container": "ants-box"},
            "networks.disconnect": {"Container": "ants-box"},
            "networks.create": {"Name": "fresh"},
            "exec.create": {"Cmd": ["id"]},
            "exec.start": {"Detach": True},
        }.get(operation, {})
    )


def by_path() -> Iterator[tuple[str, str]]:
    """Each operation whose path names something that can be owned, with its kind."""
    for name in KEPT_APART:
        for route in routes_of(name):
            kinds = [part.strip("{}") for part in route.template if part.startswith("{")]
            if kinds and kinds[0] in (*OWNABLE, "exec"):
                yield name, kinds[0]


def by_body() -> Iterator[tuple[str, str, object]]:
    """A body for each place in which a body can name something."""
    text = {Form.JOINED: "container:@", Form.FIRST: "@:x"}
    for operation, places in PLACES.items():
        if operation not in KEPT_APART:
            continue
        for place in places:
            body = body_for(operation)
            form = text.get(place.form, "@")
            yield operation, place.kind, _with(body, place.steps, form)
    for form in ("@:/data", "@:/data:ro"):
        yield "containers.create", "volume", SLEEPS | {"HostConfig": {"Binds": [form]}}
    mount = {"Type": "volume", "Source": "@", "Target": "/data"}
    yield "containers.create", "volume", SLEEPS | {"HostConfig": {"Mounts": [mount]}}
    yield "volumes.create", "volume", {"Name": "@"}


def _with(body: Any, steps: Any, text: str) -> object:
    step, *rest = steps
    if step == "{}":
        return {text if not rest else "frontend": _with({}, rest, text) if rest else {}}
    if not isinstance(body, dict):
        return [_with({}, rest, text) if rest else text]
    inner = body.get(step, {})
    if rest and rest[0] == "[]":
        return body | {step: [text] if not rest[1:] else [_with({}, rest[1:], text)]}
    return body | {step: _with(inner, rest, text) if rest else text}
