"""Networks that a body names, held to those that were judged: by their id beside the name.

Must never name another network than the one that was judged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sockguard.engine.views.places import ENDPOINTS, HOST, as_object, entries_at, text_at

if TYPE_CHECKING:
    from collections.abc import Mapping


def pinned(
    operation: str, names: tuple[str, ...], document: object, ids: Mapping[str, str]
) -> object:
    """Return the body with the full id in each endpoint; `ids` has those of networks by name.

    By the name alone the Engine looks for the network when the container starts, and by then it
    may be somebody else's (getNetworkID, container_operations.go).
    """
    body = as_object(document)
    if operation == "networks.connect" and names[0] in ids and document is not None:
        return {**body, "EndpointConfig": _with_id(body.get("EndpointConfig"), ids[names[0]])}
    if operation != "containers.create":
        return document
    endpoints = _pinned_endpoints(body, ids)
    if not endpoints:
        return document
    config = as_object(body.get("NetworkingConfig"))
    return {**body, "NetworkingConfig": {**config, "EndpointsConfig": endpoints}}


def _pinned_endpoints(body: Mapping[str, object], ids: Mapping[str, str]) -> Mapping[str, object]:
    """Pin what the body lists; where it lists none, the Engine makes one of the mode."""
    mode = text_at(body, *HOST, "NetworkMode")
    endpoints = entries_at(body, *ENDPOINTS) or ({mode: None} if mode in ids else {})
    named = {key: text_at(one, "NetworkID") or key for key, one in endpoints.items()}
    return {
        key: _with_id(one, ids[named[key]]) if named[key] in ids else one
        for key, one in endpoints.items()
    }


def _with_id(endpoint: object, identity: str) -> Mapping[str, object]:
    return {**as_object(endpoint), "NetworkID": identity}
