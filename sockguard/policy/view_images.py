"""The constraints of the view `image`: names as the Engine completes them, and globs of them.

Must never admit a digest by a glob of tags: beside a digest, the Engine does not look at the tag.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sockguard.engine.reference import parts_of
from sockguard.engine.views.image import full_image, is_id
from sockguard.policy.globs import compile_glob
from sockguard.policy.view_words import Texts, reader, same_as

if TYPE_CHECKING:
    from sockguard.policy.view_words import Test

_FULL_ID = re.compile(r"sha256:[0-9a-f]{64}", re.ASCII)
_ANY_ID = "sha256:*"


def _image(text: str) -> Test:
    if "*" in text:
        raise ValueError(f'{text} is a glob: write {{like: "{text}"}}')
    normal = full_image(text)
    if normal is None:
        raise ValueError(f"{text!r} is a name that no image can have")
    if is_id(text) and not _FULL_ID.fullmatch(normal):
        raise ValueError(f"{text} could be a name or the beginning of an id: write all of the id")
    same = same_as(_without_idle_tag(normal))
    return lambda value: same(_without_idle_tag(value))


def _images(pattern: str) -> Test:
    if pattern not in ("**", _ANY_ID) and not _FULL_ID.fullmatch(pattern):
        canonical = _canonical(pattern)
        if canonical != pattern:
            raise ValueError(
                f"images are compared by their full names: write {canonical}, not {pattern}"
            )
    glob = compile_glob(pattern)
    by_digest = "@" in pattern
    return lambda value: glob(_without_idle_tag(value)) or (by_digest and glob(value))


def _without_idle_tag(value: str) -> str:
    """Leave out a tag beside a digest: the docker command does not even send it on a pull."""
    repository, _, digest = parts_of(value) if "@" in value else ("", "", "")
    return repository + digest if digest else value


def _canonical(pattern: str) -> str:
    """Complete a glob as the Engine completes names; a wildcard may stand for any part of it."""
    if is_id(pattern):
        return _ANY_ID
    first, slash, rest = pattern.partition("/")
    if first == "**":
        return pattern
    if not slash or not _may_be_registry(first):
        first, rest = "docker.io", pattern
    if first == "index.docker.io":
        first = "docker.io"
    if first == "docker.io" and "/" not in rest and not rest.startswith("**"):
        rest = f"library/{rest}"
    last = rest.rpartition("/")[2]
    has_end = ":" in last or "@" in last or last.endswith("*")
    return f"{first}/{rest}" if has_end else f"{first}/{rest}:*"


def _may_be_registry(first: str) -> bool:
    return first == "localhost" or any(mark in first for mark in ".:*")


read_image = reader(Texts("image", _image, _images))
