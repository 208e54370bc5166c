"""Image references in the one form that the Engine gives them: `docker.io/library/alpine:latest`.

Must never resolve a reference: which image it names is the Engine's to say.
"""

from __future__ import annotations


def repository_of(full: str) -> str:
    """Cut digest and tag off a normalised name."""
    return full.partition("@")[0].rpartition(":")[0]


def normalise_image(name: str) -> str:
    """Complete a short image name as the Engine does: `docker.io/library/alpine:latest`.

    A digest stays behind the tag.
    """
    repository, tag, digest = parts_of(name)
    return f"{repository}:{tag or 'latest'}{digest}"


def parts_of(name: str) -> tuple[str, str, str]:
    """Take a name apart: full repository, tag or "", digest with its `@` or "".

    Source: distribution/reference, ParseNormalizedNamed.
    """
    rest, at, digest = name.partition("@")
    head, colon, last = rest.rpartition(":")
    path, tag = (head, last) if colon and "/" not in last else (rest, "")
    domain, slash, remainder = path.partition("/")
    if not slash or not _is_registry(domain):
        domain, remainder = "docker.io", path
    if domain == "index.docker.io":
        domain = "docker.io"
    if domain == "docker.io" and "/" not in remainder:
        remainder = f"library/{remainder}"
    return f"{domain}/{remainder}", tag, at + digest


def _is_registry(component: str) -> bool:
    has_mark = "." in component or ":" in component
    return has_mark or component == "localhost" or component != component.lower()
