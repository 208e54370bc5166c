"""Go's path.Clean, written after its source: what the Engine makes of a path."""

from __future__ import annotations


def go_clean(path: str) -> str:
    """Return the shortest path that is the same by its letters alone (go/src/path/path.go)."""
    if not path:
        return "."
    rooted = path.startswith("/")
    kept: list[str] = []
    for part in path.split("/"):
        if part in ("", "."):
            continue
        if part != "..":
            kept.append(part)
        elif kept and kept[-1] != "..":
            kept.pop()
        elif not rooted:
            kept.append(part)
    return ("/" if rooted else "") + "/".join(kept) or "."
