"""What the Engine's own documents say of answers, and whole answers made of that.

Must never know the tables that it is to judge.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sockguard.engine.catalogue.all import ROUTES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_SCHEMA = Path(__file__).parents[1] / "corpus" / "engine" / "engine-schema.json"
_OPERATIONS: dict[str, dict[str, Any]] = json.loads(_SCHEMA.read_text("utf-8"))["operations"]
_STEP = re.compile(r"\[\]|\{\}|[^.\[\]{}]+(?:\.(?:version|features)\b)?")


def _endpoint(method: str, path: str) -> tuple[str, str]:
    return method, re.sub(r"\{[^}]*\}", "{}", path)


def _fields() -> dict[str, dict[str, dict[str, Any]]]:
    documented = {_endpoint(*name.split(maxsplit=1)): one for name, one in _OPERATIONS.items()}
    found: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
    for route in ROUTES:
        key = _endpoint(route.method, "/" + "/".join(route.template))
        found[route.operation].update(documented.get(key, {}).get("response", {}))
    return {name: fields for name, fields in found.items() if fields}


FIELDS: Mapping[str, Mapping[str, dict[str, Any]]] = _fields()
"""The documented fields of the answer of each operation: `[].Mounts[].Source` and its type."""


def document(
    fields: Mapping[str, dict[str, Any]], value: Callable[[str, str], object], version: int
) -> Any:
    """One whole answer of an API version, `value(path, type)` in every single place."""
    present = {
        path: one["type"]
        for path, one in fields.items()
        if one["since"] <= version <= (one["until"] or version)
    }
    root = min(present).startswith("[]")
    return _build("", "array" if root else "object", present, value)


def _build(path: str, kind: str, fields: Mapping[str, str], value: Callable[..., object]) -> object:
    inside = {p: k for p, k in fields.items() if _parent(p) == path and p != path}
    if kind == "array":
        return [_build(p, k, fields, value) for p, k in inside.items() if p == f"{path}[]"]
    if kind == "object" or inside:
        return {_key(p): _build(p, k, fields, value) for p, k in inside.items() if p[-2:] != "[]"}
    return value(path, kind)


def _parent(path: str) -> str:
    *_, last = _STEP.finditer(path)
    return path[: last.start()].rstrip(".")


def _key(path: str) -> str:
    *_, last = _STEP.findall(path)
    return "key" if last == "{}" else str(last)
