"""`python -m tests.fuzz.seeds`: write the seeds in tests/fuzz/corpus/ from the tables of the tests.

Must never touch a file that begins with `found-`: those are what fuzzing brought to light.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from tests.corpus.json_tricks import ACCEPTED, REFUSED
from tests.corpus.requests import ENTRIES

if TYPE_CHECKING:
    from collections.abc import Iterator

CORPUS = Path(__file__).parent / "corpus"
POLICIES = Path(__file__).parents[2] / "policies"
LARGEST = 400
FOUND = "found-"
ANSWERS = {
    "sized": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: application/json\r\n\r\n",
    "chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nApi-Version: 1.44\r\n\r\n",
    "upgraded": b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n",
    "bare": b"HTTP/1.0 404\r\n\r\n",
}
CHUNKS = {
    "two": b"5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n",
    "extended": b'5;a="b c";d\r\nhello\r\n0;x\r\n\r\n',
    "followed": b"a\r\n0123456789\r\n0\r\n\r\nGET / HTTP/1.1\r\n",
    "trailed": b"0\r\nX: y\r\n\r\n",
}
SMALL_POLICIES = {
    "hello": b"version: 1\nallow: [system/hello]\n",
    "clients": b"version: 1\nclients:\n  a: {role: r, limits: {requests: 3/minute, body: 1KiB}}\n"
    b"roles:\n  r: {allow: [engine/everything]}\n",
    "constrained": b"version: 1\nclients:\n  ci:\n    allow:\n"
    b"      - containers.create: {body: any}\n      - containers.list\n",
    "expected": b"version: 1\nallow:\n  - containers.list\nexpect:\n"
    b"  - {do: GET /containers/json, is: allowed}\n",
    "tricky": b"version: 1\nallow: &a [*a, !!set {}, <<: {}]\n--- \n? [1]\n: 0x1f\n",
}


def seeds() -> Iterator[tuple[str, bytes]]:
    """Each seed with its place below the corpus folder."""
    rows = {entry.number: entry.raw for entry in ENTRIES if len(entry.raw) <= LARGEST}
    yield from ((f"request/{number:03}", raw) for number, raw in rows.items())
    targets = {raw.split(b" ")[1] for raw in rows.values() if raw.count(b" ") > 1}
    short = sorted(target for target in targets if len(target) <= LARGEST)
    yield from ((f"target/{number:03}", target) for number, target in enumerate(short))
    documents = REFUSED | {name: data for name, (data, _) in ACCEPTED.items()}
    for name, data in documents.items():
        if len(data) <= LARGEST:
            yield f"document/{re.sub(r'[^a-z0-9]+', '-', name.lower()).strip('-')}", data
    for folder, table in (("answer", ANSWERS), ("chunked", CHUNKS), ("policy", SMALL_POLICIES)):
        yield from ((f"{folder}/{name}", data) for name, data in table.items())
    yield from ((f"policy/{path.stem}", path.read_bytes()) for path in POLICIES.glob("*.yaml"))


def corpus() -> dict[str, bytes]:
    """The files of the corpus by their place below its folder."""
    return {
        str(path.relative_to(CORPUS)): path.read_bytes()
        for path in sorted(CORPUS.glob("*/*"))
        if not path.name.startswith(FOUND)
    }


def main() -> None:
    """Write what is missing or has changed, remove what no table has any more."""
    wanted = dict(seeds())
    for name in corpus().keys() - wanted.keys():
        (CORPUS / name).unlink()
    for name, data in wanted.items():
        (CORPUS / name).parent.mkdir(parents=True, exist_ok=True)
        (CORPUS / name).write_bytes(data)


if __name__ == "__main__":
    main()
