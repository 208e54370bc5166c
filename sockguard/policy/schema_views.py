"""The JSON Schema of what a policy says of views: texts, and the words beside them.

Must never be stricter than the readers of views: what a view makes of a text, they say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sockguard.policy.schema_constraints import Json, closed, one_or_more, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping

_TEXTS = one_or_more({"type": ["string", "integer"]})
_PATHS = one_or_more(text_of(pattern="^/"))
_NARROW: Json = {
    "like": _TEXTS,
    "equals": _TEXTS,
    "one_of": _TEXTS,
    "at_least": {"type": "integer"},
}
_PATH: Json = {
    "anyOf": [
        text_of(pattern="^/"),
        {
            **closed(
                {
                    "path": _PATHS,
                    "under": _PATHS,
                    "writable": {
                        "type": "boolean",
                        "description": "Writing below a folder is root on the host.",
                    },
                }
            ),
            "oneOf": [{"required": ["path"]}, {"required": ["under"]}],
        },
    ]
}
VIEW: Mapping[str, Json] = {
    "view": {"anyOf": [_TEXTS, closed(_NARROW, minProperties=1)]},
    "view.host_paths": {"anyOf": [{"const": "any"}, one_or_more(_PATH)]},
}


def definition_of(view: str) -> str:
    """Name the definition of a view: those that are alike share one."""
    own = f"view.{view}"
    return own if own in VIEW else "view"
