"""A JSON Schema of policy files, made from the catalogue, by which editors complete and check.

Must never refuse a policy that loads: what a schema cannot say it leaves to `policy check`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sockguard.engine.catalogue.all import OPERATIONS
from sockguard.engine.sets import SETS
from sockguard.errors import Reason
from sockguard.policy.check import REASONS
from sockguard.policy.clients import NAME
from sockguard.policy.conditions import useful_conditions
from sockguard.policy.given import KEYS, KINDS, NONE
from sockguard.policy.model import MAIN, Mode
from sockguard.policy.schema_constraints import CONSTRAINTS, Json, closed, ref, text_of
from sockguard.policy.schema_match import ID, MATCH
from sockguard.policy.schema_operations import Definitions, operation_conditions
from sockguard.policy.schema_views import VIEW

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema_text() -> str:
    """Return the schema as JSON, the same for the same catalogue, a definition on each line."""
    schema = policy_schema()
    parts = {name: part for name, part in schema.items() if name != "$defs"}
    lines = [f"  {_compact(name)}: {_compact(part)}" for name, part in _definitions(schema)]
    head = _compact(parts).removesuffix("}")
    return f'{head},"$defs": {{\n' + ",\n".join(lines) + "\n}}\n"


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _definitions(schema: Json) -> Iterable[tuple[str, object]]:
    definitions = schema["$defs"]
    return sorted(definitions.items()) if isinstance(definitions, dict) else ()


def policy_schema() -> Json:
    """Return the schema of one policy file."""
    definitions = Definitions()
    items = {
        name: operation_conditions(operation, useful_conditions(operation), definitions)
        for name, operation in OPERATIONS.items()
        if not operation.refused
    }
    return {
        "$schema": DIALECT,
        "title": "A policy of sockguard",
        **closed(_FILE, required=("version",)),
        "not": {"required": ["allow", "clients"]},
        "$defs": {
            **_PARTS,
            **CONSTRAINTS,
            **VIEW,
            **definitions.made,
            "item": _item(items),
        },
    }


def _item(items: Mapping[str, Json]) -> Json:
    names = [
        *({"const": name, "description": f"{' '.join(sorted(SETS[name]))}"} for name in SETS),
        *({"const": name, "description": OPERATIONS[name].hands_over} for name in items),
    ]
    conditioned = closed(items, minProperties=1, maxProperties=1)
    return {"anyOf": [{"type": "string", "anyOf": names}, conditioned]}


# --- the parts that do not depend on the catalogue -------------------------------------------

_NAMES: Json = {"allOf": [{"pattern": f"^{NAME.pattern}$"}, {"not": {"const": MAIN}}]}
_COUNT: Json = {"type": "integer", "minimum": 1}
_SIZE: Json = {
    "anyOf": [_COUNT, text_of(pattern="^[0-9]{1,12}(KiB|MiB|GiB)$")],
    "description": "Bytes, or a whole number with KiB, MiB or GiB.",
}
_TERMS: dict[str, Json] = {
    "mode": {
        "enum": [mode.value for mode in Mode],
        "description": "report lets through what no line allows: root on the host.",
    },
    "limits": ref("limits"),
}
_OWN: dict[str, Json] = {
    "own_objects_only": {
        "type": "boolean",
        "description": "Keeps the client to containers, networks and volumes that it made.",
    },
    "also": closed({"networks": ref("names"), "volumes": ref("names")}),
}
_ALSO_NEEDS: Json = {"dependentRequired": {"also": ["own_objects_only"]}}
_FILE: dict[str, Json] = {
    "version": {"const": 1},
    "allow": ref("allow"),
    "clients": {
        "type": "object",
        "propertyNames": _NAMES,
        "additionalProperties": ref("client"),
        "description": "Callers by name, each with a socket of its own unless it says main.",
    },
    "roles": {
        "type": "object",
        "propertyNames": _NAMES,
        "additionalProperties": ref("role"),
        "description": "Lists of what may be asked for, by name.",
    },
    "expect": {"type": "array", "items": ref("case")},
    **_TERMS,
}
_PARTS: dict[str, Json] = {
    "allow": {
        "type": "array",
        "items": ref("item"),
        "description": "What may be asked for: operations, sets, operations with conditions.",
    },
    "names": {"type": "array", "items": {"type": "string"}},
    "role": {
        **closed({"allow": ref("allow"), **_TERMS, **_OWN}, required=("allow",)),
        **_ALSO_NEEDS,
    },
    "client": {
        **closed(
            {
                "role": text_of(description="A role of this policy, or shipped/NAME."),
                "allow": ref("allow"),
                "match": MATCH,
                "socket": ref("socket"),
                **_TERMS,
                **_OWN,
            }
        ),
        "oneOf": [{"required": ["role"]}, {"required": ["allow"]}],
        **_ALSO_NEEDS,
    },
    "socket": {
        "anyOf": [
            {"const": MAIN},
            closed({"mode": text_of(pattern="^0?[0-7]{3}$"), "uid": ID, "gid": ID}),
        ]
    },
    "limits": closed(
        {
            "requests": text_of(pattern="^[1-9][0-9]{0,8}/(second|minute)$"),
            "streams": _COUNT,
            "body": _SIZE,
        }
    ),
    "case": {
        **closed(
            {
                "as": text_of(description="A client."),
                "role": text_of(description="A role."),
                "do": text_of(pattern="^[^a-z ]+ /"),
                "body": True,
                "given": closed(dict.fromkeys(KINDS, ref("given"))),
                "then": {"enum": ["allow", "deny"]},
                "because": {
                    "type": "string",
                    "anyOf": [
                        {"enum": sorted(map(str, {*REASONS, Reason.SELF_PROTECTION}))},
                        {"description": "A parameter or field."},
                    ],
                },
            },
            required=("do", "then"),
        ),
        "oneOf": [{"required": ["as"]}, {"required": ["role"]}],
    },
    "given": {
        "anyOf": [
            {"const": NONE, "description": "The Engine has no such object."},
            closed(
                {
                    **dict.fromkeys(KEYS, text_of()),
                    "labels": {"type": "object", "additionalProperties": text_of()},
                }
            ),
        ]
    },
}
