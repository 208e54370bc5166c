"""How images are named: references as the Engine reads, shows and refuses them.

Must never know which images exist.
"""

from __future__ import annotations

import re

from demo.call import EngineError

HUB = ("docker.io/", "index.docker.io/")
IDENTITY = re.compile(r"(?:sha256:)?[0-9a-f]{64}")
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def full_tag(reference: str) -> str:
    """An image name as it is shown: without Docker Hub's prefixes, with a tag."""
    name = reference
    for prefix in HUB:
        name = name.removeprefix(prefix)
    name = name.removeprefix("library/")
    return name if "@" in name or ":" in name.rpartition("/")[2] else f"{name}:latest"


def joined(name: str, tag: str) -> str:
    """A name and the tag that was given beside it, as they are shown."""
    return full_tag(f"{name}:{tag}" if tag else name)


def repository(tag: str) -> str:
    """`host:5000/name:tag` -> `host:5000/name`."""
    return tag.rpartition(":")[0]


def shown(reference: str) -> str:
    """What the Engine calls an image that it does not have."""
    if DIGEST.fullmatch(reference):
        return reference
    return f"sha256:{reference}" if IDENTITY.fullmatch(reference) else full_tag(reference)


def check(reference: str) -> None:
    """EngineError 400 for what is no reference at all."""
    path = reference.partition("@")[0]
    host, slash, _ = path.partition("/")
    named = path[len(host) :] if slash and re.search(r"[.:]|^localhost$", host) else path
    if any(letter.isupper() for letter in named.partition(":")[0]):
        message = f"invalid reference format: repository name ({path}) must be lowercase"
        raise EngineError(400, message)
    if not reference or " " in reference or path.startswith(("/", "-", ":")):
        raise EngineError(400, "invalid reference format")
