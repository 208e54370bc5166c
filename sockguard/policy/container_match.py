"""The calling container as a policy asks for it: by name or label.

Must never take a name that the Engine makes up for one that somebody gave.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from sockguard.policy.globs import compile_glob
from sockguard.policy.model import ContainerMatch
from sockguard.policy.tree import mapping_of, refuse_unknown_keys, text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sockguard.policy.complaints import Complaints
    from sockguard.policy.tree import Entry, Node

KEYS = ("name", "label")

_GLOB = re.compile(r"[A-Za-z0-9_.*-]+")
_MADE_UP = re.compile(r"[a-z0-9_*]+")
"""The letters of names that the Engine makes up, as in happy_turing or, where that is taken,
happy_turing3 (namesgenerator)."""

_END_OF_TASK = re.compile(r"[a-z0-9.]*")
_DOTS_OF_TASKS = 2

# --- reading ---------------------------------------------------------------------------------


def read_container(entry: Entry, complaints: Complaints) -> ContainerMatch:
    """Read `container: {name: glob or globs, label: {key: value}}`; all that is given must hold."""
    entries = mapping_of(entry.value, "container", complaints)
    refuse_unknown_keys(entries, KEYS, "container", complaints)
    if entry.value.value == {}:
        complaints.add(entry.source, "container names the calling container by `name` or `label`")
    return ContainerMatch(
        _read_globs(entries["name"], complaints) if "name" in entries else (),
        _read_labels(entries["label"], complaints) if "label" in entries else {},
    )


def _read_globs(entry: Entry, complaints: Complaints) -> tuple[str, ...]:
    nodes = entry.value.value if isinstance(entry.value.value, tuple) else (entry.value,)
    if not nodes:
        complaints.add(entry.source, "name is a glob or a list of at least one")
    return tuple(_read_glob(node, complaints) for node in nodes)


def _read_glob(node: Node, complaints: Complaints) -> str:
    text = text_of(node, "container name", complaints)
    if not isinstance(node.value, str):
        return text
    if not _GLOB.fullmatch(text):
        complaints.add(
            node.source,
            f"container name {text!r} is no glob of letters, digits, `_`, `.`, `-` and `*`",
        )
    elif could_be_made_up(text):
        complaints.add(
            node.source,
            f"container name {text!r} also fits names that the Engine makes up for containers"
            " without one, such as happy_turing: put a hyphen into it, as in web-*",
        )
    return text


def could_be_made_up(glob: str) -> bool:
    """Tell whether a pattern may fit a made-up name; a full name is taken for a given one."""
    return "*" in glob and bool(_MADE_UP.fullmatch(glob)) and glob.count("_") <= 1


def _read_labels(entry: Entry, complaints: Complaints) -> Mapping[str, str]:
    labels = mapping_of(entry.value, "container label", complaints)
    if entry.value.value == {}:
        complaints.add(entry.source, "label takes a mapping of labels to values")
    found = {key: text_of(one.value, f"label {key}", complaints) for key, one in labels.items()}
    for key, one in labels.items():
        if not key or one.value.value in ("", "any"):
            complaints.add(
                one.source,
                f"label {key}: a container is recognised by one text, which is neither empty nor"
                " any; others get the label too, empty",
            )
    return found


# --- comparing -------------------------------------------------------------------------------


def container_fits(match: ContainerMatch, name: str, labels: Mapping[str, str]) -> bool:
    """Tell whether a container of this name and these labels is meant."""
    return (not match.names or name_fits(match, name)) and labels_fit(match, labels)


def name_fits(match: ContainerMatch, name: str) -> bool:
    """Tell whether the name is one of those asked for."""
    return any(_compiled(glob)(name) for glob in match.names)


def task_fits(match: ContainerMatch, service: str) -> bool:
    """Tell whether a service's containers may have such a name; "" for a service without one.

    They are called `service.SLOT.TASK`, with the task's id of digits and letters at the end
    (swarmkit, naming.Task).
    """
    return any(_may_be_of(glob, f"{service}." if service else "") for glob in match.names)


def _may_be_of(glob: str, beginning: str) -> bool:
    head, star, rest = glob.partition("*")
    if not star:
        return glob.startswith(beginning) and glob.count(".") >= _DOTS_OF_TASKS
    begins = beginning.startswith(head) or head.startswith(beginning)
    return begins and bool(_END_OF_TASK.fullmatch(rest.rpartition("*")[2]))


def labels_fit(match: ContainerMatch, labels: Mapping[str, str]) -> bool:
    """Tell whether all labels that are asked for are there."""
    return all(labels.get(key) == value for key, value in match.labels.items())


@lru_cache(maxsize=1024)
def _compiled(glob: str) -> Callable[[str], bool]:
    return compile_glob(glob)
