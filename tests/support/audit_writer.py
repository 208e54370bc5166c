"""A process that writes an audit folder as fast as it can, and says what it has flushed.

Arguments: the folder, bytes per segment. Each flush prints the number of its last event.
"""

from __future__ import annotations

import itertools
import os
import sys
import time
from pathlib import Path

from sockguard.audit.closed_store import Keeping
from sockguard.audit.event import format_time
from sockguard.audit.key_store import PRIVATE
from sockguard.audit.store import Store
from sockguard.audit.ulid import UlidSource


def main(folder: str, segment_bytes: str) -> None:
    keeping = Keeping(segment_bytes=int(segment_bytes), packed=True)
    key = Path(folder) / PRIVATE
    store = Store.open(Path(folder), now=time.time, keeping=keeping, key=key)
    fields = {"kind": "decision", "client": "ci", "decision": "allow", "user_agent": "x" * 500}
    new_id = UlidSource(time.time)
    for batch in itertools.count(1):
        for _ in range(batch % 40):
            stamp = {"time": format_time(time.time()), "id": new_id()}
            store.append(fields | stamp)
        store.flush()
        os.write(1, b"%d\n" % store.seq)


if __name__ == "__main__":
    main(*sys.argv[1:])
