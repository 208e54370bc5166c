"""The services of a compose file, with what proxies read of them: variables, command, labels.

Must never leave out what it cannot read: a part of a service that comes from elsewhere is a fault.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import yaml

from sockguard.compat.interpolation import replace_variables
from sockguard.policy.complaints import Complaint, PolicyError
from sockguard.policy.model import Source

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sockguard.policy.complaints import Complaints

_DEEPEST, _MOST_MERGES = 20, 10_000
"""Merges of merges multiply, or never end: no file of people has as many."""
_MERGE = "<<"
_SOCKET = "/docker.sock"
_ROOT = ("root", "0")
_NULL = ("", "~", "null", "Null", "NULL")


@dataclass(frozen=True, slots=True)
class Service:
    """One service; `source` is the line on which it begins."""

    name: str
    source: Source
    environment: Mapping[str, str] = field(default_factory=dict)
    command: tuple[str, ...] = ()


def read_compose(
    name: str, text: str, environ: Mapping[str, str], complaints: Complaints
) -> Compose:
    """Return the file, taken apart; raises PolicyError for what is no compose file.

    `environ` has what its variables stand for. Complaints come when a service is read.
    """
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise PolicyError([Complaint(name, line, f"is not YAML: {error.problem}")]) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise PolicyError([Complaint(name, 1, "is not YAML that can be read")]) from error
    compose = Compose(name, root, environ, complaints)
    if not compose.services:
        raise PolicyError([Complaint(name, 1, "has no services: this is no compose file")])
    return compose


class Compose:
    """One file: its services, where its lines are, and where complaints about them go."""

    def __init__(
        self,
        name: str,
        root: yaml.Node | None,
        environ: Mapping[str, str],
        complaints: Complaints,
    ) -> None:
        self._name = name
        self._environ = environ
        self._complaints = complaints
        self._merges = 0
        self._nodes = self._entries(self._entries(root).get("services"))

    @property
    def services(self) -> Mapping[str, str]:
        """The names of the services, each with its image as it is written."""
        return {
            name: image.value
            if isinstance(image := self._entries(node).get("image"), yaml.ScalarNode)
            else ""
            for name, node in self._nodes.items()
        }

    def labels(self, name: str, beginning: str) -> dict[str, str]:
        """Return the labels of a service that begin so; what brings others is a complaint."""
        parts = self._entries(self._nodes[name])
        for key in ("extends", "label_file"):
            if key in parts:
                self._complain(parts[key], f"{key} of {name} may bring labels: write them out here")
        node = parts.get("labels")
        return self._pairs(node, "labels", beginning)

    def service(self, name: str) -> Service:
        """Read one service; what it takes from another file is a complaint."""
        node = self._nodes[name]
        parts = self._entries(node)
        for key in ("extends", "env_file", "label_file", "entrypoint"):
            if key in parts:
                self._complain(
                    parts[key], f"{key} of {name} is not followed: write out what it brings here"
                )
        return Service(
            name,
            self._source(node),
            self._pairs(parts.get("environment"), "environment"),
            self._words(parts.get("command")),
        )

    def barred_from(self, name: str) -> str:
        """Return the Engine's socket that a service mounts without a group for it, "" for none.

        Nothing is replaced for that: a group that is a variable is a group, set here or not.
        """
        parts = self._entries(self._nodes[name])
        if "group_add" in parts or _is_root(parts.get("user")):
            return ""
        volumes = parts.get("volumes")
        listed = volumes.value if isinstance(volumes, yaml.SequenceNode) else []
        sources = (self._source_of(one) for one in listed)
        return next((one for one in sources if one.endswith(_SOCKET)), "")

    def _source_of(self, volume: yaml.Node) -> str:
        """Return what a volume mounts, as it is written: `source:target`, or a mapping."""
        if isinstance(volume, yaml.ScalarNode):
            written: str = volume.value
            return written.partition(":")[0]
        source = self._entries(volume).get("source")
        return source.value if isinstance(source, yaml.ScalarNode) else ""

    def _entries(self, node: yaml.Node | None, depth: int = 0) -> dict[str, yaml.Node]:
        """Return a mapping's entries by key; its own go before those that it merges in."""
        if not isinstance(node, yaml.MappingNode):
            return {}
        merged: dict[str, yaml.Node] = {}
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value == _MERGE:
                sources = value.value if isinstance(value, yaml.SequenceNode) else [value]
                for source in reversed(sources):
                    self._count_merge(source, depth)
                    merged |= self._entries(source, depth + 1)
        own: dict[str, yaml.Node] = {}
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value != _MERGE:
                self._refuse_second(key, own)
                own[key.value] = value
        return merged | own

    def _refuse_second(self, key: yaml.ScalarNode, before: Mapping[str, yaml.Node]) -> None:
        """Refuse a key that stands twice, as compose does: nobody can say which one counts."""
        if key.value in before:
            source, first = self._source(key), self._source(before[key.value])
            text = f"{key.value!r} stands here twice (first in line {first.line})"
            raise PolicyError([Complaint(source.file, source.line, text)])

    def _count_merge(self, node: yaml.Node, depth: int) -> None:
        self._merges += 1
        if self._merges > _MOST_MERGES or depth > _DEEPEST:
            source = self._source(node)
            raise PolicyError([Complaint(source.file, source.line, "merges too much")])

    def _pairs(self, node: yaml.Node | None, what: str, beginning: str = "") -> dict[str, str]:
        """Read `KEY=value` texts in a list, or a mapping: those whose key begins so."""
        if node is None or isinstance(node, yaml.MappingNode) or _is_null(node):
            return dict(self._mapped(node, what, beginning))
        if isinstance(node, yaml.SequenceNode):
            return dict(self._listed(node, what, beginning))
        self._complain(node, f"{what} is a list or a mapping")
        return {}

    def _mapped(
        self, node: yaml.Node | None, what: str, beginning: str
    ) -> Iterator[tuple[str, str]]:
        for key, value in self._entries(node).items():
            if not key.startswith(beginning):
                continue
            if not isinstance(value, yaml.ScalarNode):
                self._complain(value, f"{what}: {key} has no plain value")
            elif what == "environment" and _is_null(value):
                yield from self._from_outside(key, value)
            else:
                yield key, self._text(value)

    def _listed(
        self, node: yaml.SequenceNode, what: str, beginning: str
    ) -> Iterator[tuple[str, str]]:
        for item in node.value:
            if isinstance(item, yaml.ScalarNode) and not item.value.startswith(beginning):
                continue
            key, equals, value = self._text(item).partition("=")
            if equals or what == "labels":
                yield key, value
            else:
                yield from self._from_outside(key, item)

    def _from_outside(self, key: str, node: yaml.Node) -> Iterator[tuple[str, str]]:
        """Take a variable without a value from the environment, as compose does."""
        if key in self._environ:
            yield key, self._environ[key]
        else:
            self._complain(
                node, f"{key} takes its value from the environment, where it is not: write it out"
            )

    def _words(self, node: yaml.Node | None) -> tuple[str, ...]:
        """Read a command: a list of words, or a text that a shell would split."""
        if isinstance(node, yaml.SequenceNode):
            return tuple(self._text(item) for item in node.value)
        try:
            return tuple(shlex.split(self._text(node)))
        except ValueError as error:
            if node is not None:
                self._complain(node, f"the command is no line that can be split: {error}")
            return ()

    def _text(self, node: yaml.Node | None) -> str:
        if node is None:
            return ""
        if not isinstance(node, yaml.ScalarNode):
            self._complain(node, "is no plain value")
            return ""
        try:
            return replace_variables(node.value, self._environ)
        except ValueError as error:
            self._complain(node, str(error))
            return ""

    def _source(self, node: yaml.Node) -> Source:
        mark = node.start_mark
        return Source(self._name, mark.line + 1 if mark else 1)

    def _complain(self, node: yaml.Node, message: str) -> None:
        self._complaints.add(self._source(node), message)


def _is_root(user: yaml.Node | None) -> bool:
    return isinstance(user, yaml.ScalarNode) and user.value.partition(":")[0] in _ROOT


def _is_null(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.style is None and node.value in _NULL
