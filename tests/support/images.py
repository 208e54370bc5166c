"""Images made on the spot, out of programs of this machine: no registry is asked.

Must never hold more than a test needs: each is imported anew by each Engine.
"""

from __future__ import annotations

import io
import re
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.dockerd import BUSYBOX, directory, link, owned_by_root
from tests.support.tree import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tests.support.dockerd import Engine

LIBRARY = re.compile(r"(/\S+) \(0x")
"""In what ldd prints: where the loader finds a library, or is itself."""
LINKS = {"bin": "usr/bin", "sbin": "usr/sbin", "lib": "usr/lib", "lib64": "usr/lib64"}

PYTHON = sorted({"/usr", sys.base_prefix, sys.prefix, str(ROOT)})
"""The folders that a container mounts to run this machine's Python and the project with it."""


def python_volumes() -> list[str]:
    """The volumes that give a container this machine's Python, read-only."""
    return [f"{path}:{path}:ro" for path in PYTHON]


def make_image(
    engine: Engine,
    name: str,
    files: Mapping[str, bytes | Path],
    changes: Sequence[str],
    *,
    folders: Mapping[str, int] | None = None,
) -> None:
    """Import an image of busybox and `files`; `changes` are lines of a Dockerfile.

    `folders` are empty ones, each with the user that it belongs to.
    """
    archive = engine.folder / "image.tar"
    with tarfile.open(archive, "w") as tar:
        for path in folders_of([*files, *(f"{one}/any" for one in folders or ())]):
            owner = (folders or {}).get(path, 0)
            entry = directory(path)
            entry.uid = entry.gid = owner
            tar.addfile(entry)
        for path, target in LINKS.items():
            tar.addfile(link(path, target))
        add_busybox(tar)
        for path, content in files.items():
            add_file(tar, path, content)
    lines = [word for change in changes for word in ("--change", change)]
    engine.docker("import", *lines, str(archive), name)


def folders_of(paths: Sequence[str]) -> list[str]:
    """All folders that these files need, outer ones first."""
    always = {"tmp", "etc", "run", "proc", "sys", "dev", *LINKS.values(), "usr"}
    needed = {str(one) for path in paths for one in Path(path).parents} - {"."}
    return sorted(always | needed)


def add_busybox(tar: tarfile.TarFile) -> None:
    tar.add(BUSYBOX, "usr/bin/busybox", filter=owned_by_root)
    listed = subprocess.run([BUSYBOX, "--list"], check=True, capture_output=True, text=True)
    for applet in listed.stdout.split():
        if applet != "busybox":
            tar.addfile(link(f"usr/bin/{applet}", "busybox"))


def add_file(tar: tarfile.TarFile, path: str, content: bytes | Path) -> None:
    if isinstance(content, Path):
        tar.add(content.resolve(), path, filter=owned_by_root)
        return
    entry = tarfile.TarInfo(path)
    entry.size, entry.mode = len(content), 0o755
    tar.addfile(entry, io.BytesIO(content))


def program(path: Path) -> dict[str, bytes | Path]:
    """A program of this machine with the libraries that it loads, as files of an image."""
    return {below_usr(one): one for one in (path, *libraries(path))}


def libraries(path: Path) -> Iterator[Path]:
    told = subprocess.run(["ldd", str(path)], check=True, capture_output=True, text=True)
    for found in LIBRARY.findall(told.stdout):
        yield Path(found)


def below_usr(path: Path) -> str:
    """Where a file belongs in an image whose /bin, /lib and so on are links below /usr."""
    return str(path if path.is_relative_to("/usr") else Path("/usr", *path.parts[1:])).lstrip("/")
