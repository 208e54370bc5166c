"""The JSON Schema of `match`: by what a caller is recognised.

Must never be stricter than the reading in `match`: what a pattern may be, that says.
"""

from __future__ import annotations

from sockguard.identity.names import KINDS
from sockguard.policy.match import BY_CREDENTIALS, BY_NETWORK, MAX_ID
from sockguard.policy.schema_constraints import Json, closed, one_or_more, text_of

ID: Json = {"type": "integer", "minimum": 0, "maximum": MAX_ID}

_ABOUT = {
    "spiffe": "A SPIFFE ID; * is a whole segment of its path, ** as the last one all below.",
    "dns": "A DNS name; * is one whole label.",
    "email": "An address, or *@domain.",
    "common_name": "The whole common name.",
    "sha256": "The certificate's SHA-256 fingerprint in hex, with or without colons.",
}
_CERT: Json = {
    **closed({kind: one_or_more(text_of(description=_ABOUT[kind])) for kind in KINDS}),
    "minProperties": 1,
    "description": "Names that the client's certificate must have; of each kind, one fits.",
}
_FROM: Json = {
    **one_or_more(text_of(pattern="^[0-9A-Fa-f.:]+(/[0-9]{1,3})?$")),
    "description": "Networks or addresses that the caller must have.",
}
_NOT_ANY: Json = {"type": "string", "minLength": 1, "not": {"const": "any"}}
_CONTAINER: Json = {
    **closed(
        {
            "name": one_or_more(text_of(pattern="^[A-Za-z0-9_.*-]+$")),
            "label": {"type": "object", "additionalProperties": _NOT_ANY, "minProperties": 1},
        }
    ),
    "minProperties": 1,
    "description": "The container that runs at the caller's address.",
}
_EITHER_SORT: Json = {
    "not": {
        "allOf": [
            {"anyOf": [{"required": [key]} for key in BY_CREDENTIALS]},
            {"anyOf": [{"required": [key]} for key in BY_NETWORK]},
        ]
    }
}
MATCH: Json = {
    **closed(
        {
            "uid": one_or_more(ID),
            "gid": one_or_more(ID),
            "cert": _CERT,
            "from": _FROM,
            "container": _CONTAINER,
            "anyone_there": {
                "const": True,
                "description": "Everybody who can send from these addresses is this client.",
            },
        }
    ),
    "minProperties": 1,
    "dependentRequired": {"anyone_there": ["from"]},
    **_EITHER_SORT,
}
