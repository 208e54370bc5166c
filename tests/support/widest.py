"""The widest grants of every operation, and the routes that ask for it.

Must never narrow: what a test shows under these grants holds under all others.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from sockguard.engine.catalogue.all import OPERATIONS
from sockguard.engine.catalogue.routes import ROUTES
from sockguard.policy.complaints import PolicyError
from sockguard.policy.load import load_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sockguard.engine.operation import Route

WORDS = ("body: any", "query: any", "response: any", "compressed: true")
OWN = "version: 1\nclients:\n  one: {{own_objects_only: true, allow: [{}]}}\n"


@cache
def widest(operation: str, *, own: bool = False) -> str:
    """The item that grants an operation with all that it has words for.

    For a client that is kept to its own objects, "" where these cannot be told apart.
    """
    words = [word for word in WORDS if _loads(f"{operation}: {{{word}}}", own=False)]
    item = f"{operation}: {{{', '.join(words)}}}" if words else operation
    return item if not own or _loads(item, own=True) else ""


def _loads(item: str, *, own: bool) -> bool:
    whole = item if ": " not in item else f"{{{item}}}"
    text = OWN.format(whole) if own else f"version: 1\nallow: [{whole}]\n"
    try:
        load_text(text)
    except PolicyError:
        return False
    return True


def allow(items: Iterable[str]) -> str:
    """An `allow` list in one line."""
    return "[" + ", ".join(item if ": " not in item else f"{{{item}}}" for item in items) + "]"


def granted() -> list[str]:
    """The names of all operations that a policy can grant."""
    return [name for name, one in OPERATIONS.items() if not one.refused]


def routes_of(operation: str) -> list[Route]:
    """The methods and paths that ask for an operation."""
    return [route for route in ROUTES if route.operation == operation]


def path_on(route: Route, name: str) -> str:
    """The path of a route with this name in place of each variable."""
    parts = (name if part.startswith("{") else part for part in route.template)
    return "/" + "/".join(parts)
