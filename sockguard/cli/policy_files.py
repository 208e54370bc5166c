"""The policy's files: how they are loaded, to be served or looked at, and whether they changed.

Must never hand out a policy whose sockets could not be opened under the paths of these settings.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sockguard.policy.check import check_socket_paths
from sockguard.policy.load import (
    files_of,
    is_shipped_name,
    load_policy,
    load_texts,
    shipped_folder,
)
from sockguard.proxy.reload import PolicyFiles

if TYPE_CHECKING:
    from sockguard.policy.model import Policy
    from sockguard.settings import Settings


def load_served(settings: Settings) -> Policy:
    """Load the policy that the settings name, or hold; raises PolicyError."""
    followed = settings.followed
    policy = (
        load_policy(settings.policy, shipped=shipped_folder())
        if followed is None
        else load_texts({settings.policy: followed.policy.encode()}, shipped={})
    )
    check_socket_paths(policy, str(settings.socket_dir))
    return policy


def load_named(path_or_name: str) -> Policy:
    """Load a policy to look at it, be it of roles alone; raises PolicyError."""
    return load_policy(path_or_name, shipped=shipped_folder(), serving=False)


def policy_files(settings: Settings) -> PolicyFiles:
    """Return where the policy comes from; a shipped role has no files that could change."""
    return PolicyFiles(
        load=lambda: load_served(settings),
        look=lambda: look_at(settings.policy),
        watch=not (settings.no_watch or is_shipped_name(settings.policy)),
    )


def look_at(path_or_name: str) -> tuple[tuple[object, ...], ...]:
    """Return what tells apart two states of the files: names, inodes, sizes and times."""
    if is_shipped_name(path_or_name):
        return ()
    try:
        return tuple(map(_face, files_of(path_or_name)))
    except OSError as error:
        return (("unreadable", error.errno),)


def _face(file: str) -> tuple[object, ...]:
    found = Path(file).stat()
    # The time of change as well: cp --preserve sets the other one back.
    return file, found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
