"""A container's file tree in memory, and its way in and out as tar.

Must never touch the machine's own files.
"""

from __future__ import annotations

import io
import posixpath
import stat
import tarfile
import time
from dataclasses import dataclass, field

from demo.call import EngineError


@dataclass(frozen=True, slots=True)
class Node:
    """A file, or a folder when `data` is None; `mode` holds permission bits only."""

    data: bytes | None
    mode: int = 0o644
    modified: int = field(default_factory=lambda: int(time.time()))

    @property
    def is_folder(self) -> bool:
        """Whether it holds other nodes."""
        return self.data is None


class Tree:
    """Absolute paths and what is there; every parent of a path is a folder."""

    def __init__(self, files: dict[str, bytes] | None = None) -> None:
        self.nodes: dict[str, Node] = {"/": Node(None, 0o755)}
        for folder in ("/etc", "/tmp", "/var"):
            self.nodes[folder] = Node(None, 0o755)
        for path, data in (files or {}).items():
            self.write(path, data)

    def node(self, path: str) -> Node:
        """What is at a path; EngineError 404."""
        found = self.nodes.get(_clean(path))
        if found is None or (path.endswith("/") and not found.is_folder):
            raise EngineError(404, f"Could not find the file {path} in container")
        return found

    def write(self, path: str, data: bytes, mode: int = 0o644) -> None:
        """Put a file there, and the folders above it."""
        self._folders(posixpath.dirname(_clean(path)))
        self.nodes[_clean(path)] = Node(data, mode)

    def names(self, path: str) -> list[str]:
        """The names inside a folder, or the path itself when it is a file."""
        if not self.node(path).is_folder:
            return [path]
        base = _clean(path).rstrip("/") + "/"
        inside = [key.removeprefix(base) for key in self.nodes if key.startswith(base)]
        return sorted(name for name in inside if name and "/" not in name)

    def stat(self, path: str) -> dict[str, object]:
        """The Engine's path stat; `mode` in Go's bits (folder is bit 31)."""
        node = self.node(path)
        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(node.modified))
        return {
            "name": posixpath.basename(_clean(path)) or "/",
            "size": len(node.data or b""),
            "mode": node.mode | (1 << 31 if node.is_folder else 0),
            "mtime": moment,
            "linkTarget": "",
        }

    def tar(self, path: str) -> bytes:
        """The path and everything below it, named from its own base name."""
        top = _clean(path)
        self.node(path)
        parent = posixpath.dirname(top).rstrip("/") + "/"
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as archive:
            for key in sorted(self.nodes):
                if key == top or key.startswith(top.rstrip("/") + "/"):
                    _add(archive, key.removeprefix(parent) or ".", self.nodes[key])
        return buffer.getvalue()

    def extract(self, path: str, data: bytes) -> None:
        """Unpack a tar into a folder; EngineError 404 without one, 400 when it is no tar."""
        if not self.node(path).is_folder:
            raise EngineError(400, "extraction point is not a directory")
        try:
            with tarfile.open(fileobj=io.BytesIO(data)) as archive:
                for member in archive:
                    self._put(posixpath.join(_clean(path), member.name), archive, member)
        except (tarfile.TarError, EOFError, OSError) as error:
            raise EngineError(400, f"unable to read the archive: {error}") from error

    def _put(self, path: str, archive: tarfile.TarFile, member: tarfile.TarInfo) -> None:
        self._folders(posixpath.dirname(_clean(path)))
        source = archive.extractfile(member) if member.isfile() else None
        data = source.read() if source else None
        if data is not None or member.isdir():
            self.nodes[_clean(path)] = Node(data, stat.S_IMODE(member.mode), int(member.mtime))

    def _folders(self, path: str) -> None:
        while path not in self.nodes:
            self.nodes[path] = Node(None, 0o755)
            path = posixpath.dirname(path)


def _clean(path: str) -> str:
    return posixpath.normpath("/" + path.lstrip("/"))


def _add(archive: tarfile.TarFile, name: str, node: Node) -> None:
    info = tarfile.TarInfo(name)
    info.mode, info.mtime, info.size = node.mode, node.modified, len(node.data or b"")
    info.type = tarfile.DIRTYPE if node.is_folder else tarfile.REGTYPE
    archive.addfile(info, io.BytesIO(node.data or b""))
