"""How views look into a body: values, texts and objects at a place, whatever else stands there.

Must never raise for a value of another type: the form of a body is judged elsewhere.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from sockguard.engine.cover import WHOLE, within

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sockguard.engine.cover import Cover
    from sockguard.engine.inspection import Steps

HOST = ("HostConfig",)
SPEC = ("TaskTemplate", "ContainerSpec")
ENDPOINTS = ("NetworkingConfig", "EndpointsConfig")
SERVICES = frozenset({"services.create", "services.update"})
SERVICE_NETWORKS = (("TaskTemplate", "Networks"), ("Networks",))
"""Both places in which a service names its networks; the second is for API versions below 1.44."""


def value_at(document: object, steps: Steps) -> object:
    """Return the value at these steps, None where there is none."""
    for step in steps:
        document = document.get(step) if isinstance(document, dict) else None
    return document


def text_at(document: object, *steps: str) -> str:
    """Return the text at these steps, "" where there is none."""
    return as_text(value_at(document, steps))


def number_at(document: object, *steps: str) -> int:
    """Return the whole number at these steps, 0 where there is none."""
    value = value_at(document, steps)
    return value if isinstance(value, int) else 0


def texts_at(document: object, *steps: str) -> list[str]:
    """Return the texts of the list at these steps; what is null in it reads as ""."""
    value = value_at(document, steps)
    return [as_text(item) for item in value] if isinstance(value, list) else []


def objects_at(document: object, *steps: str) -> list[Mapping[str, object]]:
    """Return the objects of the list at these steps; what is null in it reads as an empty one."""
    value = value_at(document, steps)
    return list(map(as_object, value)) if isinstance(value, list) else []


def entries_at(document: object, *steps: str) -> Mapping[str, object]:
    """Return the entries of the map at these steps."""
    return as_object(value_at(document, steps))


def as_text(value: object) -> str:
    """Take null, and all else that is no text, for an empty one: so does the Engine's decoder."""
    return value if isinstance(value, str) else ""


def as_object(value: object) -> Mapping[str, object]:
    """Take null, and all else that is no object, for an empty one."""
    return value if isinstance(value, dict) else {}


@cache
def whole(*steps: str) -> Cover:
    """Name all that stands at these steps, which are a table's and never a stranger's."""
    return within(steps, WHOLE)
