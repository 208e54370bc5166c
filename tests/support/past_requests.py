"""Events of requests as the log tells them, and folders that hold such events.

Must never write a folder by other means than the product does.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

from sockguard.audit.closed_store import Keeping
from sockguard.audit.event import format_time
from sockguard.audit.store import Store
from sockguard.history.past import Past, read_past
from sockguard.policy.asked import read_asked
from sockguard.policy.scrub import scrubbed_body, scrubbed_query

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

BEGAN = 1_790_000_000.0


def event_of(do: str, body: object = None, **fields: object) -> dict[str, object]:
    """The decision about a request, `would_deny` in report mode unless the fields say otherwise."""
    method, _, target = do.partition(" ")
    asked = read_asked(method, target)
    event: dict[str, object] = {
        "kind": "decision",
        "client": "ci",
        "mode": "report",
        "decision": "would_deny",
        "operation": asked.recognised.operation.name,
        "method": method,
        "path": asked.recognised.path,
        "query": scrubbed_query(asked.query.pairs),
        "api_version": f"1.{asked.version}" if asked.version else "",
    }
    if body is not None:
        event |= {"body": json.loads(scrubbed_body(body)), "body_sha256": "0" * 64}
    return event | fields


def past_of(do: str, body: object = None, **fields: object) -> Past:
    past = read_past(event_of(do, body, **fields))
    assert past is not None
    return past


def counted(pasts: Iterable[Past]) -> Mapping[Past, int]:
    return Counter(pasts)


def write_log(folder: Path, events: Iterable[Mapping[str, object]]) -> Path:
    """Write an audit folder with these events, a second apart."""
    store = Store.open(folder, now=lambda: BEGAN, keeping=Keeping())
    for number, event in enumerate(events):
        body = {"body": json.dumps(event["body"])} if "body" in event else {}
        stamp = {"time": format_time(BEGAN + number), "id": f"{number:026}"}
        store.append({**event, **body, **stamp})
    store.flush()
    store.close()
    return folder
